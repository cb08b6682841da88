/*
 * startup_alloc.h: memory for getting a program started.
 *
 * It is never given back. Without memory the process ends with EXIT_CODE_NO_MEMORY, so callers need
 * not check. Callers' duty: only the main thread calls this, and only before the program runs.
 */
#ifndef HOSTMEM_BASE_STARTUP_ALLOC_H
#define HOSTMEM_BASE_STARTUP_ALLOC_H

#include <stddef.h>

/* Zeroed; never NULL. */
void *startup_alloc(size_t size);

#endif
