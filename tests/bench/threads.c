/*
 * threads.c: blocks that one thread allocates and another frees.
 *
 * Larson: threads replace random blocks of some 1,000 each; when a round is over they end, and
 * others go on with their blocks. Producer and consumer: one thread allocates, passes on through a
 * ring, and the other frees.
 */
#include "blocks.h"

#include <stdatomic.h>

/* ------------------------------------------------------------------------------------------------
 * Larson
 * --------------------------------------------------------------------------------------------- */

/* The pattern's threads are new in each round: these blocks were another's. */
static inline bool larson(enum side side, void *state, unsigned thread, uint64_t times)
{
    struct blocks *blocks = state;
    struct block_slots *slots = &blocks->slots[thread];
    IHostMalloc *heap = blocks->host.heap;
    uint32_t chance = slots->chance;

    while (times--) {
        void **block = &slots->blocks[next_chance(&chance) % blocks->live];

        if (!block_free(side, heap, *block))
            return false;
        *block = block_alloc(side, heap, blocks_size(blocks->parameters, &chance));
        if (!*block)
            return false;
    }
    slots->chance = chance;
    return true;
}
WORKS(larson)

static const struct block_parameters larson_blocks = {16,    271,   SIZES_EVEN, 1000,
                                                      false, false, 0,          false};

/* ------------------------------------------------------------------------------------------------
 * Producer and consumer
 * --------------------------------------------------------------------------------------------- */

#define RING 1024u

/*
 * A slot is NULL while it is free. Only the producer fills it, by a store-release of the block, and
 * only the consumer empties it: each waits for the other by looking at the slot.
 */
struct ring {
    struct blocks *blocks;
    _Atomic(void *) slots[RING];
    size_t produced; /* the producer's alone */
    _Alignas(64) size_t consumed;
};

static inline bool produce(enum side side, struct ring *ring, uint64_t times)
{
    const struct block_parameters *parameters = ring->blocks->parameters;
    uint32_t chance = ring->blocks->slots[0].chance;
    bool done = true;

    while (times--) {
        _Atomic(void *) *slot = &ring->slots[ring->produced++ % RING];
        size_t size = blocks_size(parameters, &chance);
        void *block = block_alloc(side, ring->blocks->host.heap, size);

        done = done && block;
        while (atomic_load_explicit(slot, memory_order_acquire))
            SwitchToThread();
        /*
         * The consumer waits for exactly that many blocks. If there is no memory for one, the
         * producer passes a value that is no block.
         */
        atomic_store_explicit(slot, block ? block : (void *)ring, memory_order_release);
    }
    ring->blocks->slots[0].chance = chance;
    return done;
}

static inline bool consume(enum side side, struct ring *ring, uint64_t times)
{
    bool done = true;

    while (times--) {
        _Atomic(void *) *slot = &ring->slots[ring->consumed++ % RING];
        void *block;

        while (!(block = atomic_load_explicit(slot, memory_order_acquire)))
            SwitchToThread();
        atomic_store_explicit(slot, NULL, memory_order_release);
        done = block != ring && block_free(side, ring->blocks->host.heap, block) && done;
    }
    return done;
}

static inline bool pass_on(enum side side, void *state, unsigned thread, uint64_t times)
{
    return thread == 0 ? produce(side, state, times) : consume(side, state, times);
}
WORKS(pass_on)

static void *ring_begin(const struct pattern *pattern, enum side side, bool quick)
{
    struct ring *ring = _aligned_malloc(sizeof(*ring), 64);

    if (!ring)
        return NULL;
    for (size_t i = 0; i < RING; i++)
        atomic_init(&ring->slots[i], NULL);
    ring->produced = 0;
    ring->consumed = 0;
    ring->blocks = blocks_begin(pattern, side, quick);
    if (ring->blocks)
        return ring;
    _aligned_free(ring);
    return NULL;
}

static bool ring_end(void *state)
{
    struct ring *ring = state;
    bool done = blocks_end(ring->blocks);

    _aligned_free(ring);
    return done;
}

static const struct block_parameters passed_blocks = {16,    271,   SIZES_EVEN, 0,
                                                      false, false, 0,          false};

/* ------------------------------------------------------------------------------------------------
 * The patterns
 * --------------------------------------------------------------------------------------------- */

#define LARSON(threads)                                                                            \
    {                                                                                              \
        "threads/larson", threads, true, larson_works, &larson_blocks, blocks_begin, blocks_end,   \
            NULL                                                                                   \
    }

const struct pattern thread_patterns[] = {
    LARSON(1),
    LARSON(4),
    LARSON(16),
    {"threads/producer-consumer", 2, false, pass_on_works, &passed_blocks, ring_begin, ring_end,
     NULL},
    {0},
};
