/*
 * blocks.c: blocks of all sizes: one at a time, or random replacement, in which each live block of
 * a thread is as likely as any other to be freed and followed by a new one. And growth: a block
 * that becomes twice as large until it has 1 MiB.
 */
#include "blocks.h"

#include <string.h>

#define KIB 1024u
#define MIB (KIB * KIB)
#define LIMIT (256ull << 20) /* of the patterns near a limit */
#define LEFT (MIB / 2)       /* below it */
#define MANY_THREADS 1000u   /* more are made on hostmem's side alone: it takes long */

/* ------------------------------------------------------------------------------------------------
 * The works
 * --------------------------------------------------------------------------------------------- */

static inline bool one_by_one(enum side side, void *state, unsigned thread, uint64_t times)
{
    struct blocks *blocks = state;
    const struct block_parameters *parameters = blocks->parameters;
    IHostMalloc *heap = blocks->host.heap;
    bool touched = parameters->touched;
    uint32_t chance = blocks->slots[thread].chance;

    while (times--) {
        size_t size = blocks_size(parameters, &chance);
        void *block = block_alloc(side, heap, size);

        if (!block)
            return false;
        if (touched)
            blocks_touch(block, size);
        if (!block_free(side, heap, block))
            return false;
    }
    blocks->slots[thread].chance = chance;
    return true;
}
WORKS(one_by_one)

static inline bool replace(enum side side, void *state, unsigned thread, uint64_t times)
{
    struct blocks *blocks = state;
    const struct block_parameters *parameters = blocks->parameters;
    struct block_slots *slots = &blocks->slots[thread];
    IHostMalloc *heap = blocks->host.heap;
    bool touched = parameters->touched;
    uint32_t chance = slots->chance;

    while (times--) {
        void **block = &slots->blocks[next_chance(&chance) % blocks->live];
        size_t size = blocks_size(parameters, &chance);

        if (!block_free(side, heap, *block))
            return false;
        *block = block_alloc(side, heap, size);
        if (!*block)
            return false;
        if (touched)
            blocks_touch(*block, size);
    }
    slots->chance = chance;
    return true;
}
WORKS(replace)

/* Once from the smallest to the largest size. NULL: it went wrong. */
static inline void *grown(enum side side, IHostMalloc *heap,
                          const struct block_parameters *parameters)
{
    void *block = block_alloc(side, heap, parameters->smallest);

    for (size_t size = parameters->smallest; block && size < parameters->largest; size *= 2) {
        void *next = block_alloc(side, heap, 2 * size);

        if (!next)
            return NULL;
        memcpy(next, block, size);
        if (!block_free(side, heap, block))
            return NULL;
        block = next;
    }
    return block;
}

static inline bool grow(enum side side, void *state, unsigned thread, uint64_t times)
{
    const struct blocks *blocks = state;

    (void)thread;
    while (times--) {
        void *block = grown(side, blocks->host.heap, blocks->parameters);

        if (!block || !block_free(side, blocks->host.heap, block))
            return false;
    }
    return true;
}
WORKS(grow)

/* ------------------------------------------------------------------------------------------------
 * What they work on
 * --------------------------------------------------------------------------------------------- */

static bool fill(struct blocks *blocks, struct block_slots *slots)
{
    slots->blocks = calloc(blocks->live, sizeof(void *));
    if (!slots->blocks)
        return false;
    for (uint32_t i = 0; i < blocks->live; i++) {
        size_t size = blocks_size(blocks->parameters, &slots->chance);

        slots->blocks[i] = block_alloc(blocks->side, blocks->host.heap, size);
        if (!slots->blocks[i])
            return false;
    }
    return true;
}

static DWORD WINAPI visit(LPVOID argument)
{
    struct blocks *blocks = argument;
    void *block = block_alloc(blocks->side, blocks->host.heap, blocks->parameters->smallest);

    return block && block_free(blocks->side, blocks->host.heap, block);
}

/* Threads that come, use the heap and go. */
static bool run_crowd(struct blocks *blocks, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        HANDLE thread = CreateThread(NULL, 0, visit, blocks, 0, NULL);
        DWORD visited = 0;

        if (!thread)
            return false;
        WaitForSingleObject(thread, INFINITE);
        GetExitCodeThread(thread, &visited);
        CloseHandle(thread);
        if (!visited)
            return false;
    }
    return true;
}

/* A block is asked for where all that may be had is taken: it is refused. */
static inline bool at_limit(enum side side, void *state, unsigned thread, uint64_t times)
{
    const struct blocks *blocks = state;
    IHostMalloc *heap = blocks->host.heap;
    uint32_t chance = blocks->slots[thread].chance;

    while (times--) {
        void *block = block_alloc(side, heap, blocks_size(blocks->parameters, &chance));

        if (block && !block_free(side, heap, block))
            return false;
    }
    return true;
}
WORK_OF_SIDE(at_limit, hostmem, SIDE_HOSTMEM)
static const work at_limit_works[SIDES] = {NULL, NULL, NULL, at_limit_hostmem};

/* Commits pages until a request for LEFT is all that is left below the limit. */
static bool commit_ballast(struct blocks *blocks)
{
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};
    SIZE_T size;

    IHostMemInspection_GetStatistics(blocks->host.inspection, &statistics);
    size = (SIZE_T)(LIMIT - statistics.Committed.Now - LEFT);
    blocks->ballast = host_pages(&blocks->host, NULL, size, MEM_RESERVE | MEM_COMMIT);
    return blocks->ballast != NULL;
}

/* Takes all that is left below the limit, with blocks of each size. */
static void fill_up(struct blocks *blocks)
{
    const struct block_parameters *parameters = blocks->parameters;

    for (uint32_t size = parameters->largest; size >= parameters->smallest; size--) {
        void **block;

        while ((block = block_alloc(blocks->side, blocks->host.heap, size)) != NULL) {
            *block = blocks->chain;
            blocks->chain = block;
        }
    }
}

static bool fill_all(struct blocks *blocks, bool quick)
{
    const struct block_parameters *parameters = blocks->parameters;

    for (unsigned i = 0; i < blocks->threads; i++) {
        blocks->slots[i].chance = i + 1;
        if (blocks->live && !fill(blocks, &blocks->slots[i]))
            return false;
    }
    if (parameters->crowd && (blocks->side == SIDE_HOSTMEM || parameters->crowd <= MANY_THREADS) &&
        !run_crowd(blocks, quick ? 10 : parameters->crowd))
        return false;
    if (blocks->side == SIDE_HOSTMEM && parameters->near_limit && !commit_ballast(blocks))
        return false;
    if (parameters->at_limit)
        fill_up(blocks);
    return true;
}

void *blocks_begin(const struct pattern *pattern, enum side side, bool quick)
{
    const struct block_parameters *parameters = pattern->parameters;
    struct blocks *blocks = calloc(1, sizeof(*blocks));

    if (!blocks)
        return NULL;
    blocks->side = side;
    blocks->parameters = parameters;
    blocks->threads = pattern->threads;
    blocks->live = quick ? (parameters->live + 99) / 100 : parameters->live;
    if (side == SIDE_HOSTMEM && !host_open(&blocks->host, parameters->near_limit ? LIMIT : 0)) {
        free(blocks);
        return NULL;
    }
    if (fill_all(blocks, quick))
        return blocks;
    blocks_end(blocks);
    return NULL;
}

bool blocks_end(void *state)
{
    struct blocks *blocks = state;
    bool done = true;

    for (unsigned i = 0; i < blocks->threads; i++) {
        void **slots = blocks->slots[i].blocks;

        for (uint32_t j = 0; slots && j < blocks->live; j++)
            if (slots[j])
                done = block_free(blocks->side, blocks->host.heap, slots[j]) && done;
        free(slots);
    }
    while (blocks->chain) {
        void *block = blocks->chain;

        blocks->chain = *(void **)block;
        done = block_free(blocks->side, blocks->host.heap, block) && done;
    }
    if (blocks->ballast)
        IHostMemoryManager_VirtualFree(blocks->host.manager, blocks->ballast, 0, MEM_RELEASE);
    if (blocks->side == SIDE_HOSTMEM)
        done = host_close(&blocks->host) && done;
    free(blocks);
    return done;
}

/* ------------------------------------------------------------------------------------------------
 * The patterns
 * --------------------------------------------------------------------------------------------- */

#define LIVE 100000u
#define SMALL 16, 271, SIZES_EVEN
#define MIXED 16, 32 * KIB, SIZES_MIXED
#define LARGE 33 * KIB, 512 * KIB, SIZES_EVEN
#define ONE_SIZE(size) (size), (size), SIZES_EVEN

static const struct block_parameters small_one = {SMALL, 0, false, false, 0, false};
static const struct block_parameters small_replace = {SMALL, LIVE, false, false, 0, false};
static const struct block_parameters small_written = {SMALL, LIVE, true, false, 0, false};
static const struct block_parameters small_after_threads = {SMALL, 0, false, false, 1000, false};
static const struct block_parameters small_after_3000 = {SMALL, 0, false, false, 3000, false};
static const struct block_parameters small_after_100000 = {SMALL, 0, false, false, 100000, false};
static const struct block_parameters small_near_limit = {SMALL, LIVE, false, true, 0, false};
static const struct block_parameters small_at_limit = {SMALL, LIVE, false, true, 0, true};
static const struct block_parameters mixed_replace = {MIXED, LIVE, false, false, 0, false};
static const struct block_parameters kib_32 = {ONE_SIZE(32 * KIB), 64, false, false, 0, false};
static const struct block_parameters large_one = {LARGE, 0, false, false, 0, false};
static const struct block_parameters large_one_touched = {LARGE, 0, true, false, 0, false};
static const struct block_parameters large_live = {LARGE, 64, false, false, 0, false};
static const struct block_parameters large_live_touched = {LARGE, 64, true, false, 0, false};
static const struct block_parameters mib = {ONE_SIZE(MIB), 0, false, false, 0, false};
static const struct block_parameters mib_touched = {ONE_SIZE(MIB), 0, true, false, 0, false};
static const struct block_parameters growth = {64, MIB, SIZES_EVEN, 0, false, false, 0, false};

#define PATTERN(name, threads, works, parameters)                                                  \
    {                                                                                              \
        name, threads, false, works, &(parameters), blocks_begin, blocks_end, NULL                 \
    }

const struct pattern block_patterns[] = {
    PATTERN("small/one", 1, one_by_one_works, small_one),
    PATTERN("small/one", 2, one_by_one_works, small_one),
    PATTERN("small/one-after-1000-threads", 1, one_by_one_works, small_after_threads),
    PATTERN("small/one-after-3000-threads", 1, one_by_one_works, small_after_3000),
    PATTERN("small/one-after-100000-threads", 1, one_by_one_works, small_after_100000),
    PATTERN("small/replace", 1, replace_works, small_replace),
    PATTERN("small/replace", 2, replace_works, small_replace),
    PATTERN("small/replace-written", 1, replace_works, small_written),
    PATTERN("small/replace-near-limit", 1, replace_works, small_near_limit),
    PATTERN("small/refused-at-limit", 1, at_limit_works, small_at_limit),
    PATTERN("mixed/replace", 1, replace_works, mixed_replace),
    PATTERN("32KiB/replace", 1, replace_works, kib_32),
    PATTERN("large/one", 1, one_by_one_works, large_one),
    PATTERN("large/one-touched", 1, one_by_one_works, large_one_touched),
    PATTERN("large/replace", 1, replace_works, large_live),
    PATTERN("large/replace-touched", 1, replace_works, large_live_touched),
    PATTERN("1MiB/one", 1, one_by_one_works, mib),
    PATTERN("1MiB/one-touched", 1, one_by_one_works, mib_touched),
    PATTERN("growth/to-1MiB", 1, grow_works, growth),
    {0},
};
