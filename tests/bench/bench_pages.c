/*
 * bench_pages.c: pages by Win32 and pages by the manager, 64 KiB at a time. What the manager adds
 * is its ledger: the difference to Win32 is the price of ownership and exact books.
 */
#include "bench.h"

#include <stdio.h>

#define GRANULE ((SIZE_T)0x10000)

struct pages {
    IHostMemoryManager *manager;
    char *win32[MOST_THREADS];   /* reservations of a granule each, one for each thread */
    char *hostmem[MOST_THREADS]; /* the same, the manager's */
};

/* ------------------------------------------------------------------------------------------------
 * The works
 * --------------------------------------------------------------------------------------------- */

static bool win32_reserve(void *context, unsigned thread, uint64_t times)
{
    (void)context;
    (void)thread;
    while (times--) {
        void *memory = VirtualAlloc(NULL, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

        if (!memory || !VirtualFree(memory, 0, MEM_RELEASE))
            return false;
    }
    return true;
}

static bool hostmem_reserve(void *context, unsigned thread, uint64_t times)
{
    IHostMemoryManager *manager = ((struct pages *)context)->manager;

    (void)thread;
    while (times--) {
        void *memory;

        if (IHostMemoryManager_VirtualAlloc(manager, NULL, GRANULE, MEM_RESERVE | MEM_COMMIT,
                                            PAGE_READWRITE, eTaskCritical, &memory) != S_OK ||
            IHostMemoryManager_VirtualFree(manager, memory, 0, MEM_RELEASE) != S_OK)
            return false;
    }
    return true;
}

static bool win32_commit(void *context, unsigned thread, uint64_t times)
{
    void *base = ((struct pages *)context)->win32[thread];

    while (times--) {
        if (!VirtualAlloc(base, GRANULE, MEM_COMMIT, PAGE_READWRITE) ||
            !VirtualFree(base, GRANULE, MEM_DECOMMIT))
            return false;
    }
    return true;
}

static bool hostmem_commit(void *context, unsigned thread, uint64_t times)
{
    const struct pages *pages = context;
    void *base = pages->hostmem[thread];

    while (times--) {
        void *memory;

        if (IHostMemoryManager_VirtualAlloc(pages->manager, base, GRANULE, MEM_COMMIT,
                                            PAGE_READWRITE, eTaskCritical, &memory) != S_OK ||
            IHostMemoryManager_VirtualFree(pages->manager, base, GRANULE, MEM_DECOMMIT) != S_OK)
            return false;
    }
    return true;
}

static bool win32_query(void *context, unsigned thread, uint64_t times)
{
    void *base = ((struct pages *)context)->hostmem[thread];
    MEMORY_BASIC_INFORMATION information;

    while (times--) {
        if (!VirtualQuery(base, &information, sizeof(information)))
            return false;
    }
    return true;
}

static bool hostmem_query(void *context, unsigned thread, uint64_t times)
{
    const struct pages *pages = context;
    MEMORY_BASIC_INFORMATION information;
    SIZE_T written;

    while (times--) {
        if (IHostMemoryManager_VirtualQuery(pages->manager, pages->hostmem[thread], &information,
                                            sizeof(information), &written) != S_OK)
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * The comparison
 * --------------------------------------------------------------------------------------------- */

static bool set_up(struct pages *pages)
{
    for (unsigned i = 0; i < MOST_THREADS; i++) {
        void *memory;

        pages->win32[i] = VirtualAlloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);
        if (!pages->win32[i] ||
            IHostMemoryManager_VirtualAlloc(pages->manager, NULL, GRANULE, MEM_RESERVE,
                                            PAGE_READWRITE, eTaskCritical, &memory) != S_OK)
            return false;
        pages->hostmem[i] = memory;
    }
    return true;
}

static void tear_down(struct pages *pages)
{
    for (unsigned i = 0; i < MOST_THREADS; i++) {
        if (pages->win32[i])
            VirtualFree(pages->win32[i], 0, MEM_RELEASE);
        if (pages->hostmem[i])
            IHostMemoryManager_VirtualFree(pages->manager, pages->hostmem[i], 0, MEM_RELEASE);
    }
}

bool bench_pages(const struct bench *bench)
{
    struct pages pages = {.manager = bench->manager};
    struct comparison comparisons[] = {
        {"reserve and commit 64 KiB, release", win32_reserve, hostmem_reserve, &pages, 0},
        {"commit 64 KiB, decommit", win32_commit, hostmem_commit, &pages, 0},
        {"VirtualQuery", win32_query, hostmem_query, &pages, 0},
    };
    bool done = set_up(&pages);

    if (!done)
        fputs("There is no memory to begin with.\n", stderr);
    for (unsigned threads = 1; threads <= MOST_THREADS; threads++) {
        for (size_t i = 0; done && i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
            comparisons[i].threads = threads;
            done = bench_compare(bench, &comparisons[i]);
        }
    }
    tear_down(&pages);
    return done;
}
