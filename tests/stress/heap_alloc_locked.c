/*
 * heap_alloc_locked.c: see heap_alloc.h: with a lock, as a host has it that was not written for a
 * CLR that suspends threads.
 */
#include "heap_alloc.h"

static SRWLOCK lock = SRWLOCK_INIT;

/* Not inlined: the watchdog has to find it by its name. */
static __attribute__((noinline)) HRESULT locked_alloc(IHostMalloc *heap, SIZE_T size,
                                                      EMemoryCriticalLevel level, void **block)
{
    HRESULT hr;

    AcquireSRWLockExclusive(&lock);
    hr = IHostMalloc_Alloc(heap, size, level, block);
    ReleaseSRWLockExclusive(&lock);
    return hr;
}

HRESULT heap_alloc(IHostMalloc *heap, SIZE_T size, EMemoryCriticalLevel level, void **block)
{
    return locked_alloc(heap, size, level, block);
}
