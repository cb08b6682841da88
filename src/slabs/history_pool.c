/*
 * history_pool.c: see history_pool.h, where the protocol is.
 */
#include "slabs/history_pool.h"

#include "counters/relaxed.h"

#define UNIT ((size_t)64) /* places are counted in it: metadata.h aligns to it */

/* Several arrays fit into it with what has to be committed behind each. */
#define FIRST_SIZE ((size_t)256 << 10)

bool history_pool_init(struct history_pool *pool, size_t limit, struct book_space *books)
{
    for (uint32_t i = 0; i < HISTORY_POOL_STACKS; i++)
        STORE_RELAXED(pool->free[i], 0);
    return metadata_init_with(&pool->memory, limit, FIRST_SIZE, books);
}

void history_pool_destroy(struct history_pool *pool)
{
    metadata_destroy(&pool->memory);
}

/* The smallest capacity that is not below count, and the number of its stack. */
static uint32_t stack_of(uint32_t count, uint32_t *capacity)
{
    uint32_t power, step;

    if (count <= 16) {
        *capacity = count;
        return count - 1;
    }
    power = 31 - (uint32_t)__builtin_clz(count - 1); /* 2^power < count <= 2^(power + 1) */
    step = 1u << (power - 3);
    *capacity = (count + step - 1) / step * step;
    return 16 + (power - 4) * 8 + (*capacity >> (power - 3)) - 9;
}

/* The capacity of a stack's arrays: the inverse of stack_of. */
static uint32_t capacity_of(uint32_t stack)
{
    return stack < 16 ? stack + 1 : (9 + (stack - 16) % 8) << ((stack - 16) / 8 + 1);
}

static struct block_history *array_at(const struct history_pool *pool, uint32_t place)
{
    return span_at_sized(&pool->memory.span, place - 1, UNIT);
}

static struct block_history *pop(struct history_pool *pool, uint32_t stack)
{
    _Atomic uint64_t *free = &pool->free[stack];
    uint64_t head = atomic_load_explicit(free, memory_order_acquire);

    while ((uint32_t)head) {
        struct block_history *histories = array_at(pool, (uint32_t)head);
        uint32_t next = (uint32_t)LOAD_RELAXED(histories->sequence);

        if (atomic_compare_exchange_weak_explicit(free, &head, ((head >> 32) + 1) << 32 | next,
                                                  memory_order_acq_rel, memory_order_acquire))
            return histories;
    }
    return NULL;
}

/* An array that has never been used; NULL: no memory. */
static struct block_history *take_fresh(struct history_pool *pool, uint32_t capacity)
{
    return metadata_take_with(&pool->memory, capacity * sizeof(struct block_history),
                              HISTORY_POOL_LARGEST * sizeof(struct block_history));
}

struct block_history *history_pool_take(struct history_pool *pool, uint32_t count,
                                        uint32_t *capacity)
{
    uint32_t stack = stack_of(count, capacity);
    struct block_history *histories = pop(pool, stack);

    if (!histories)
        histories = take_fresh(pool, *capacity);
    while (!histories && ++stack < HISTORY_POOL_STACKS) {
        histories = pop(pool, stack);
        *capacity = capacity_of(stack);
    }
    if (!histories)
        *capacity = 0;
    return histories;
}

void history_pool_give(struct history_pool *pool, struct block_history *histories,
                       uint32_t capacity)
{
    uint32_t exact;
    _Atomic uint64_t *free = &pool->free[stack_of(capacity, &exact)];
    uint32_t place = span_number_of_sized(&pool->memory.span, histories, UNIT) + 1;
    uint64_t head = atomic_load_explicit(free, memory_order_relaxed);

    do
        STORE_RELAXED(histories->sequence, (uint32_t)head);
    while (!atomic_compare_exchange_weak_explicit(free, &head, ((head >> 32) + 1) << 32 | place,
                                                  memory_order_acq_rel, memory_order_relaxed));
}
