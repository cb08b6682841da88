/*
 * census_threads.h: the stacks of the process's threads.
 */
#ifndef HOSTMEM_CENSUS_CENSUS_THREADS_H
#define HOSTMEM_CENSUS_CENSUS_THREADS_H

#include "board/memory_notes.h"
#include "census/census_work.h"

/* peb: the address of the process's environment block. */
void census_threads(struct census_work *work, const struct memory_notes *notes, uintptr_t peb);

/* Calls back with the address of each living thread's environment block. */
void census_each_thread(HANDLE process, void (*callback)(void *context, uintptr_t teb),
                        void *context);

#endif
