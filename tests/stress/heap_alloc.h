/*
 * heap_alloc.h: IHostMalloc::Alloc, either as hostmem has it or with a lock around it.
 *
 * Which one a program gets depends on the file that it is linked with. With the lock the watchdog
 * must report a hang: that shows that the test would find a lock.
 */
#ifndef HOSTMEM_TESTS_STRESS_HEAP_ALLOC_H
#define HOSTMEM_TESTS_STRESS_HEAP_ALLOC_H

#include <hostmem/hostmem.h>

HRESULT heap_alloc(IHostMalloc *heap, SIZE_T size, EMemoryCriticalLevel level, void **block);

#endif
