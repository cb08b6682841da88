/*
 * coreclr.h: running a program on a CoreCLR that hostmem-run hosts itself, through
 * ICLRRuntimeHost2.
 */
#ifndef HOSTMEM_RUN_CORECLR_H
#define HOSTMEM_RUN_CORECLR_H

#include "launch.h"

extern const struct way coreclr_way;

#endif
