/*
 * bench_heap.c: IHostMalloc beside the process heap, sizes of 16 to 271 bytes, with all that a heap
 * of hostmem's does on the way: ownership checks, exact accounting, double frees found out.
 *
 * Two patterns: one block at a time, and random replacement, in which each of 100,000 live blocks
 * of a thread's is as likely as any other to be freed and followed by a new one.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#define SMALLEST 16u
#define SIZES 256u
#define LIVE 100000u

/* One of the two heaps that are compared. */
struct side {
    void *(*alloc)(void *heap, size_t size); /* NULL: it failed */
    bool (*release)(void *heap, void *block);
    void *heap;
    void **blocks[MOST_THREADS]; /* LIVE of them each */
    uint32_t chance[MOST_THREADS];
};

struct sides {
    struct side win32;
    struct side hostmem;
};

/* ------------------------------------------------------------------------------------------------
 * The heaps
 * --------------------------------------------------------------------------------------------- */

static void *win32_alloc(void *heap, size_t size)
{
    return HeapAlloc(heap, 0, size);
}

static bool win32_release(void *heap, void *block)
{
    return HeapFree(heap, 0, block);
}

static void *hostmem_alloc(void *heap, size_t size)
{
    void *block;

    return IHostMalloc_Alloc((IHostMalloc *)heap, size, eTaskCritical, &block) == S_OK ? block
                                                                                       : NULL;
}

static bool hostmem_release(void *heap, void *block)
{
    return IHostMalloc_Free((IHostMalloc *)heap, block) == S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * The works
 * --------------------------------------------------------------------------------------------- */

/* Numbers that look random, cheaply. */
static inline uint32_t next(uint32_t *chance)
{
    *chance = *chance * 1664525u + 1013904223u;
    return *chance >> 8;
}

/* Inlined into each work, so that both sides call their heap directly. */
static inline bool one_by_one(struct side *side, void *(*alloc)(void *, size_t),
                              bool (*release)(void *, void *), unsigned thread, uint64_t times)
{
    uint32_t chance = side->chance[thread];

    while (times--) {
        void *block = alloc(side->heap, SMALLEST + next(&chance) % SIZES);

        if (!block || !release(side->heap, block))
            return false;
    }
    side->chance[thread] = chance;
    return true;
}

static inline bool replace(struct side *side, void *(*alloc)(void *, size_t),
                           bool (*release)(void *, void *), unsigned thread, uint64_t times)
{
    void **blocks = side->blocks[thread];
    uint32_t chance = side->chance[thread];

    while (times--) {
        void **block = &blocks[next(&chance) % LIVE];

        if (!release(side->heap, *block))
            return false;
        *block = alloc(side->heap, SMALLEST + next(&chance) % SIZES);
        if (!*block)
            return false;
    }
    side->chance[thread] = chance;
    return true;
}

static bool win32_one_by_one(void *context, unsigned thread, uint64_t times)
{
    return one_by_one(&((struct sides *)context)->win32, win32_alloc, win32_release, thread, times);
}

static bool hostmem_one_by_one(void *context, unsigned thread, uint64_t times)
{
    return one_by_one(&((struct sides *)context)->hostmem, hostmem_alloc, hostmem_release, thread,
                      times);
}

static bool win32_replace(void *context, unsigned thread, uint64_t times)
{
    return replace(&((struct sides *)context)->win32, win32_alloc, win32_release, thread, times);
}

static bool hostmem_replace(void *context, unsigned thread, uint64_t times)
{
    return replace(&((struct sides *)context)->hostmem, hostmem_alloc, hostmem_release, thread,
                   times);
}

/* ------------------------------------------------------------------------------------------------
 * The comparison
 * --------------------------------------------------------------------------------------------- */

static bool fill(struct side *side)
{
    for (unsigned thread = 0; thread < MOST_THREADS; thread++) {
        side->chance[thread] = thread + 1;
        side->blocks[thread] = calloc(LIVE, sizeof(void *));
        if (!side->blocks[thread])
            return false;
        for (unsigned i = 0; i < LIVE; i++) {
            side->blocks[thread][i] =
                side->alloc(side->heap, SMALLEST + next(&side->chance[thread]) % SIZES);
            if (!side->blocks[thread][i])
                return false;
        }
    }
    return true;
}

static bool empty(struct side *side)
{
    bool done = true;

    for (unsigned thread = 0; thread < MOST_THREADS; thread++) {
        for (unsigned i = 0; side->blocks[thread] && i < LIVE; i++) {
            if (side->blocks[thread][i])
                done = side->release(side->heap, side->blocks[thread][i]) && done;
        }
        free(side->blocks[thread]);
    }
    return done;
}

static bool compare(const struct bench *bench, struct sides *sides, const char *name, work win32,
                    work hostmem)
{
    struct comparison comparison = {name, win32, hostmem, sides, 0};
    bool done = true;

    for (unsigned threads = 1; done && threads <= MOST_THREADS; threads++) {
        comparison.threads = threads;
        done = bench_compare(bench, &comparison);
    }
    return done;
}

bool bench_heap(const struct bench *bench)
{
    struct sides sides = {.win32 = {win32_alloc, win32_release, GetProcessHeap(), {NULL}, {1, 2}},
                          .hostmem = {hostmem_alloc, hostmem_release, NULL, {NULL}, {1, 2}}};
    IHostMalloc *heap;
    bool done;

    if (IHostMemoryManager_CreateMalloc(bench->manager, MALLOC_THREADSAFE, &heap) != S_OK) {
        fputs("No heap can be made.\n", stderr);
        return false;
    }
    sides.hostmem.heap = heap;
    done = compare(bench, &sides, "HeapAlloc, HeapFree : IHostMalloc, one block", win32_one_by_one,
                   hostmem_one_by_one);
    if (done && (!fill(&sides.win32) || !fill(&sides.hostmem))) {
        fputs("There is no memory for 100,000 blocks.\n", stderr);
        done = false;
    }
    done = done && compare(bench, &sides, "the same, replacing one of 100,000 blocks",
                           win32_replace, hostmem_replace);
    done = empty(&sides.win32) && done;
    done = empty(&sides.hostmem) && done;
    IHostMalloc_Release(heap);
    return done;
}
