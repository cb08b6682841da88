/*
 * heap_alloc.h: IHostMalloc::Alloc, as hostmem has it, or with a lock around it.
 *
 * Which of the two a program has depends on the file that it is linked with. With the lock, a
 * freeze must be found out to hang: that shows that without it none is overlooked.
 */
#ifndef HOSTMEM_TESTS_STRESS_HEAP_ALLOC_H
#define HOSTMEM_TESTS_STRESS_HEAP_ALLOC_H

#include <hostmem/hostmem.h>

HRESULT heap_alloc(IHostMalloc *heap, SIZE_T size, EMemoryCriticalLevel level, void **block);

#endif
