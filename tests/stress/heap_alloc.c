/*
 * heap_alloc.c: see heap_alloc.h: as hostmem has it.
 */
#include "heap_alloc.h"

HRESULT heap_alloc(IHostMalloc *heap, SIZE_T size, EMemoryCriticalLevel level, void **block)
{
    return IHostMalloc_Alloc(heap, size, level, block);
}
