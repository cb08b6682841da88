/*
 * side.h: the sides that are compared, and the heap that each of them has.
 *
 * A work is written once, as an inline function of a side, and made into one function a side by
 * WORKS: so that each side's heap is called directly, and no side pays for the comparison.
 */
#ifndef HOSTMEM_BENCH_SIDE_H
#define HOSTMEM_BENCH_SIDE_H

#include <hostmem/hostmem.h>

#include <stdbool.h>
#include <stdlib.h>
#ifdef HOSTMEM_BENCH_MIMALLOC
#include <mimalloc.h>
#endif

enum side {
    SIDE_WIN32, /* HeapAlloc on the process heap; VirtualAlloc and VirtualQuery */
    SIDE_MSVCRT,
    SIDE_MIMALLOC,
    SIDE_HOSTMEM,
    SIDES
};

/* For people and as a key in JSON: "win32" and so on. */
const char *side_name(enum side side);

/* False: this program was built without it. */
bool side_is_here(enum side side);

/*
 * A manager and a heap of its own. commit_limit: 0: none; else a limit on committed bytes. Used by
 * the side of hostmem alone; the others have one heap a process.
 */
struct host {
    IHostMemoryManager *manager;
    IHostMemInspection *inspection;
    IHostMalloc *heap;
};

/* False: there is no memory; what was made is given back. */
bool host_open(struct host *host, ULONGLONG commit_limit);

/* False, having said so: regions are left, or the audit finds differences. */
bool host_close(struct host *host);

/* NULL: it failed. */
static inline void *host_pages(const struct host *host, void *address, SIZE_T size, DWORD type)
{
    void *memory;

    return IHostMemoryManager_VirtualAlloc(host->manager, address, size, type, PAGE_READWRITE,
                                           eTaskCritical, &memory) == S_OK
               ? memory
               : NULL;
}

/* ------------------------------------------------------------------------------------------------
 * Blocks
 * --------------------------------------------------------------------------------------------- */

/* NULL: it failed. heap: of the side of hostmem. */
static inline void *block_alloc(enum side side, IHostMalloc *heap, size_t size)
{
    void *block;

    switch (side) {
    case SIDE_WIN32:
        return HeapAlloc(GetProcessHeap(), 0, size);
    case SIDE_MSVCRT:
        return malloc(size);
#ifdef HOSTMEM_BENCH_MIMALLOC
    case SIDE_MIMALLOC:
        return mi_malloc(size);
#endif
    case SIDE_HOSTMEM:
        return IHostMalloc_Alloc(heap, size, eTaskCritical, &block) == S_OK ? block : NULL;
    default:
        return NULL;
    }
}

static inline bool block_free(enum side side, IHostMalloc *heap, void *block)
{
    switch (side) {
    case SIDE_WIN32:
        return HeapFree(GetProcessHeap(), 0, block);
    case SIDE_MSVCRT:
        free(block);
        return true;
#ifdef HOSTMEM_BENCH_MIMALLOC
    case SIDE_MIMALLOC:
        mi_free(block);
        return true;
#endif
    case SIDE_HOSTMEM:
        return IHostMalloc_Free(heap, block) == S_OK;
    default:
        return false;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Works
 * --------------------------------------------------------------------------------------------- */

/* Does the work so many times on one of the threads, 0 and up. False: it went wrong. */
typedef bool (*work)(void *state, unsigned thread, uint64_t times);

#define WORK_OF_SIDE(name, side_word, side)                                                        \
    static bool name##_##side_word(void *state, unsigned thread, uint64_t times)                   \
    {                                                                                              \
        return name(side, state, thread, times);                                                   \
    }

/*
 * Makes the array name_works, one work for each side, from the inline function name(side, state,
 * thread, times).
 */
#define WORKS(name)                                                                                \
    WORK_OF_SIDE(name, win32, SIDE_WIN32)                                                          \
    WORK_OF_SIDE(name, msvcrt, SIDE_MSVCRT)                                                        \
    WORK_OF_SIDE(name, mimalloc, SIDE_MIMALLOC)                                                    \
    WORK_OF_SIDE(name, hostmem, SIDE_HOSTMEM)                                                      \
    static const work name##_works[SIDES] = {name##_win32, name##_msvcrt, name##_mimalloc,         \
                                             name##_hostmem};

/* The same for what only Win32 and hostmem have. */
#define WORKS_OF_PAGES(name)                                                                       \
    WORK_OF_SIDE(name, win32, SIDE_WIN32)                                                          \
    WORK_OF_SIDE(name, hostmem, SIDE_HOSTMEM)                                                      \
    static const work name##_works[SIDES] = {name##_win32, NULL, NULL, name##_hostmem};

#endif
