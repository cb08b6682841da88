/*
 * make.c: making a manager, and a first block in it. Beside them, the heaps that others can make:
 * HeapCreate and mi_heap_new. These share pages with the rest of their process, which a manager
 * does not.
 */
#include "pattern.h"

#define FIRST_BLOCK 64

static bool make_win32(void *state, unsigned thread, uint64_t times)
{
    bool with_block = *(const bool *)state;

    (void)thread;
    while (times--) {
        HANDLE heap = HeapCreate(0, 0, 0);

        if (!heap || (with_block && !HeapAlloc(heap, 0, FIRST_BLOCK)) || !HeapDestroy(heap))
            return false;
    }
    return true;
}

#ifdef HOSTMEM_BENCH_MIMALLOC
static bool make_mimalloc(void *state, unsigned thread, uint64_t times)
{
    bool with_block = *(const bool *)state;

    (void)thread;
    while (times--) {
        mi_heap_t *heap = mi_heap_new();

        if (!heap || (with_block && !mi_heap_malloc(heap, FIRST_BLOCK)))
            return false;
        mi_heap_destroy(heap);
    }
    return true;
}
#else
#define make_mimalloc NULL
#endif

static bool use_manager(IHostMemoryManager *manager)
{
    IHostMalloc *heap;
    void *block;
    bool done;

    if (IHostMemoryManager_CreateMalloc(manager, MALLOC_THREADSAFE, &heap) != S_OK)
        return false;
    done = IHostMalloc_Alloc(heap, FIRST_BLOCK, eTaskCritical, &block) == S_OK &&
           IHostMalloc_Free(heap, block) == S_OK;
    IHostMalloc_Release(heap);
    return done;
}

static bool make_hostmem(void *state, unsigned thread, uint64_t times)
{
    bool with_block = *(const bool *)state;

    (void)thread;
    while (times--) {
        IHostMemoryManager *manager;

        if (HostMemCreateManager(NULL, &manager) != S_OK || (with_block && !use_manager(manager)))
            return false;
        IHostMemoryManager_Release(manager);
    }
    return true;
}

static const work make_works[SIDES] = {make_win32, NULL, make_mimalloc, make_hostmem};

static const bool without_block = false;
static const bool with_block = true;

static void *make_begin(const struct pattern *pattern, enum side side, bool quick)
{
    bool *state = malloc(sizeof(*state));

    (void)side;
    (void)quick;
    if (state)
        *state = *(const bool *)pattern->parameters;
    return state;
}

static bool make_end(void *state)
{
    free(state);
    return true;
}

const struct pattern make_patterns[] = {
    {"make/manager", 1, false, make_works, &without_block, make_begin, make_end, NULL},
    {"make/manager-and-first-block", 1, false, make_works, &with_block, make_begin, make_end, NULL},
    {0},
};
