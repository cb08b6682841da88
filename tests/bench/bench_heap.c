/*
 * bench_heap.c: IHostMalloc beside the process heap, one small block at a time. Each block of an
 * IHostMalloc is a region of its own today, that is, two system calls: it is expected to be slower
 * than a heap by two orders of magnitude, until small blocks have slabs.
 */
#include "bench.h"

#include <stdio.h>

#define BLOCK ((SIZE_T)64)

static bool win32_block(void *context, unsigned thread, uint64_t times)
{
    HANDLE heap = GetProcessHeap();

    (void)context;
    (void)thread;
    while (times--) {
        void *block = HeapAlloc(heap, 0, BLOCK);

        if (!block || !HeapFree(heap, 0, block))
            return false;
    }
    return true;
}

static bool hostmem_block(void *context, unsigned thread, uint64_t times)
{
    IHostMalloc *heap = context;

    (void)thread;
    while (times--) {
        void *block;

        if (IHostMalloc_Alloc(heap, BLOCK, eTaskCritical, &block) != S_OK ||
            IHostMalloc_Free(heap, block) != S_OK)
            return false;
    }
    return true;
}

bool bench_heap(const struct bench *bench)
{
    IHostMalloc *heap;
    struct comparison comparison = {"HeapAlloc, HeapFree : IHostMalloc, 64 bytes", win32_block,
                                    hostmem_block, NULL, 0};
    bool done = true;

    if (IHostMemoryManager_CreateMalloc(bench->manager, MALLOC_THREADSAFE, &heap) != S_OK) {
        fputs("No heap can be made.\n", stderr);
        return false;
    }
    comparison.context = heap;
    for (unsigned threads = 1; done && threads <= MOST_THREADS; threads++) {
        comparison.threads = threads;
        done = bench_compare(bench, &comparison);
    }
    IHostMalloc_Release(heap);
    return done;
}
