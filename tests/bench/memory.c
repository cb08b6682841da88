/*
 * memory.c: committed bytes of the process that a side holds, for each byte of its live blocks.
 *
 * What the process has committed is counted by VirtualQuery, page by page, so that every side's
 * bookkeeping is in it. Win32's side has a heap of its own, made by HeapCreate, since the process
 * heap serves others, too; and msvcrt, which has no other, takes no part.
 */
#include "blocks.h"

struct memory_parameters {
    SIZE_T bytes;    /* of live blocks, of all threads together; 0: `blocks` says when to end */
    uint32_t blocks; /* of all threads together */
    uint32_t replacements; /* of each block, by chance, before it is measured */
    bool large;            /* 33 to 512 KiB; else 16 bytes to 32 KiB, small ones more often */
};

/* The blocks of one side while they are measured. */
struct store {
    enum side side;
    HANDLE heap; /* Win32's */
    struct host host;
    const struct memory_parameters *parameters;
    unsigned threads;
    uint32_t count; /* slots of each thread */
    void **blocks;
    uint32_t *sizes;
};

static const struct block_parameters mixed = {16,    32 * 1024, SIZES_MIXED, 0,
                                              false, false,     0,           false};
static const struct block_parameters large = {33 * 1024, 512 * 1024, SIZES_EVEN, 0,
                                              false,     false,      0,          false};

/* ------------------------------------------------------------------------------------------------
 * Blocks
 * --------------------------------------------------------------------------------------------- */

static void *store_alloc(const struct store *store, size_t size)
{
    if (store->side == SIDE_WIN32)
        return HeapAlloc(store->heap, 0, size);
    return block_alloc(store->side, store->host.heap, size);
}

static bool store_free(const struct store *store, void *block)
{
    if (store->side == SIDE_WIN32)
        return HeapFree(store->heap, 0, block);
    return block_free(store->side, store->host.heap, block);
}

static bool put_block(const struct store *store, uint32_t slot, uint32_t *chance)
{
    size_t size = blocks_size(store->parameters->large ? &large : &mixed, chance);

    store->blocks[slot] = store_alloc(store, size);
    store->sizes[slot] = (uint32_t)size;
    return store->blocks[slot] != NULL;
}

/* One thread's part: its slots from the first on, until its share of the bytes is live. */
static bool fill_part(void *state, unsigned thread, uint64_t times)
{
    const struct store *store = state;
    uint32_t first = thread * store->count;
    uint32_t chance = thread + 1;
    SIZE_T share = store->parameters->bytes / store->threads;
    SIZE_T live = 0;
    uint32_t filled = 0;

    (void)times;
    while (filled < store->count && (share == 0 || live < share)) {
        if (!put_block(store, first + filled, &chance))
            return false;
        live += store->sizes[first + filled++];
    }
    for (uint64_t i = 0; i < (uint64_t)filled * store->parameters->replacements; i++) {
        uint32_t slot = first + next_chance(&chance) % filled;

        if (!store_free(store, store->blocks[slot]) || !put_block(store, slot, &chance))
            return false;
    }
    return true;
}

/* On threads of their own, which have ended when this returns. */
static bool fill(struct store *store)
{
    struct round round = {fill_part, store, 1, false};
    struct crew *crew = crew_begin(store->threads, true);
    bool done;

    if (!crew)
        return false;
    done = crew_run(crew, &round) >= 0;
    crew_end(crew);
    return done;
}

static bool empty(const struct store *store)
{
    bool done = true;

    for (uint32_t i = 0; i < store->threads * store->count; i++)
        if (store->blocks[i])
            done = store_free(store, store->blocks[i]) && done;
    return done;
}

static bool open_heap(struct store *store)
{
    if (store->side == SIDE_WIN32)
        store->heap = HeapCreate(0, 0, 0);
    return store->side == SIDE_HOSTMEM ? host_open(&store->host, 0)
                                       : store->side != SIDE_WIN32 || store->heap;
}

static bool close_heap(struct store *store)
{
    if (store->side == SIDE_WIN32)
        return HeapDestroy(store->heap);
#ifdef HOSTMEM_BENCH_MIMALLOC
    if (store->side == SIDE_MIMALLOC)
        mi_collect(true);
#endif
    return store->side != SIDE_HOSTMEM || host_close(&store->host);
}

/* ------------------------------------------------------------------------------------------------
 * Measuring
 * --------------------------------------------------------------------------------------------- */

static SIZE_T committed_bytes(void)
{
    MEMORY_BASIC_INFORMATION information;
    SIZE_T committed = 0;
    const char *address = NULL;

    while (VirtualQuery(address, &information, sizeof(information))) {
        if (information.State == MEM_COMMIT && information.Type == MEM_PRIVATE)
            committed += information.RegionSize;
        address = (const char *)information.BaseAddress + information.RegionSize;
    }
    return committed;
}

/* Bytes held a byte live; negative: it went wrong. kept: by the side, from patterns before. */
static double hold_in(struct store *store, double *kept)
{
    double before = (double)committed_bytes();
    double held, live = 0;
    bool done = open_heap(store);

    if (!done)
        return -1;
    done = fill(store);
    held = (double)committed_bytes() - before + *kept;
    for (uint32_t i = 0; i < store->threads * store->count; i++)
        live += store->sizes[i];
    done = empty(store) && done;
    done = close_heap(store) && done;
    *kept += (double)committed_bytes() - before;
    return done ? held / live : -1;
}

static double hold(const struct pattern *pattern, enum side side, bool quick)
{
    static double kept[SIDES];
    struct store store = {
        .side = side, .parameters = pattern->parameters, .threads = pattern->threads};
    uint32_t slots;
    double held = -1;

    if (side == SIDE_MSVCRT)
        return 0;
    store.count = store.parameters->blocks / pattern->threads / (quick ? 10 : 1);
    slots = store.count * store.threads;
    store.blocks = VirtualAlloc(NULL, slots * sizeof(void *), MEM_COMMIT, PAGE_READWRITE);
    store.sizes = VirtualAlloc(NULL, slots * sizeof(uint32_t), MEM_COMMIT, PAGE_READWRITE);
    if (store.blocks && store.sizes)
        held = hold_in(&store, &kept[side]);
    if (store.blocks)
        VirtualFree(store.blocks, 0, MEM_RELEASE);
    if (store.sizes)
        VirtualFree(store.sizes, 0, MEM_RELEASE);
    return held;
}

/* ------------------------------------------------------------------------------------------------
 * The patterns
 * --------------------------------------------------------------------------------------------- */

static const struct memory_parameters of_1500_kb = {1500000, 80000, 0, false};
static const struct memory_parameters after_replacing = {0, 100000, 4, false};
static const struct memory_parameters of_large = {0, 400, 20, true};

#define PATTERN(name, threads, parameters)                                                         \
    {                                                                                              \
        name, threads, false, NULL, &(parameters), NULL, NULL, hold                                \
    }

const struct pattern memory_patterns[] = {
    PATTERN("memory/1.5MB", 1, of_1500_kb),
    PATTERN("memory/1.5MB", 8, of_1500_kb),
    PATTERN("memory/100000-blocks-replaced", 1, after_replacing),
    PATTERN("memory/400-large-blocks-replaced", 1, of_large),
    {0},
};
