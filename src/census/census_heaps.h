/*
 * census_heaps.h: the memory of Windows' heaps.
 */
#ifndef HOSTMEM_CENSUS_CENSUS_HEAPS_H
#define HOSTMEM_CENSUS_CENSUS_HEAPS_H

#include "census/census_work.h"

/* peb: the address of the process's environment block. */
void census_heaps(struct census_work *work, uintptr_t peb);

#endif
