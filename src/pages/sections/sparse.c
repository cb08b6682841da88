/*
 * sparse.c: see sparse.h, where the protocol is.
 */
#include "pages/sections/sparse.h"

#include "counters/relaxed.h"

void sparse_init(struct sparse *sparse, uint64_t count)
{
    uint32_t levels = 1;

    while (levels < SPARSE_LEVELS && count > UINT64_C(1) << (levels * SPARSE_BITS))
        levels++;
    STORE_RELAXED(sparse->root, 0);
    STORE_RELAXED(sparse->levels, levels);
}

static sparse_slot *slots_of(const struct pool *nodes, uint32_t index)
{
    struct sparse_node *node = pool_item(nodes, index);

    return node->slots;
}

/* The slot of a node, `level` levels above the lowest, that leads to slot `number`. */
static sparse_slot *slot_at(const struct pool *nodes, uint32_t index, uint32_t level,
                            uint64_t number)
{
    return &slots_of(nodes, index)[number >> (level * SPARSE_BITS) & (SPARSE_FANOUT - 1)];
}

/* False: 0, or the bits of another array, which has the node by now that the figure was read in. */
static bool is_node(const struct pool *nodes, uint32_t index)
{
    return index && index <= pool_limit(nodes);
}

sparse_slot *sparse_find(const struct sparse *sparse, const struct pool *nodes, uint64_t number)
{
    const _Atomic uint32_t *link = &sparse->root;
    uint32_t level = LOAD_RELAXED(sparse->levels);

    for (;;) {
        uint32_t index = atomic_load_explicit(link, memory_order_acquire);
        sparse_slot *slot = is_node(nodes, index) ? slot_at(nodes, index, --level, number) : NULL;

        if (!slot || !level)
            return slot;
        link = slot;
    }
}

/* The index of the node that the link leads to, made when there is none; 0: no memory. */
static uint32_t ensure_node(_Atomic uint32_t *link, struct pool *nodes)
{
    uint32_t index = atomic_load_explicit(link, memory_order_acquire);
    uint32_t made;

    if (index)
        return index;
    made = pool_take(nodes);
    if (!made)
        return 0;
    if (atomic_compare_exchange_strong_explicit(link, &index, made, memory_order_acq_rel,
                                                memory_order_acquire))
        return made;
    pool_give(nodes, made); /* no other thread has seen it, and it is still all zero */
    return index;
}

sparse_slot *sparse_ensure(struct sparse *sparse, struct pool *nodes, uint64_t number)
{
    _Atomic uint32_t *link = &sparse->root;
    uint32_t level = LOAD_RELAXED(sparse->levels);

    for (;;) {
        uint32_t index = ensure_node(link, nodes);
        sparse_slot *slot = index ? slot_at(nodes, index, --level, number) : NULL;

        if (!slot || !level)
            return slot;
        link = slot;
    }
}

/* Takes the next slot of a node that is not 0, from slot *next on, and makes it 0. 0: none. */
static uint32_t take_slot(const struct pool *nodes, uint32_t index, uint32_t *next)
{
    sparse_slot *slots = slots_of(nodes, index);
    uint32_t taken = 0;

    while (!taken && *next < SPARSE_FANOUT) {
        taken = LOAD_RELAXED(slots[*next]);
        STORE_RELAXED(slots[*next], 0);
        ++*next;
    }
    return taken;
}

/* Gives a node of the lowest level back. */
static void give_leaf(struct pool *nodes, uint32_t index)
{
    sparse_slot *slots = slots_of(nodes, index);

    for (uint32_t i = 0; i < SPARSE_FANOUT; i++)
        STORE_RELAXED(slots[i], 0);
    pool_give(nodes, index);
}

void sparse_clear(struct sparse *sparse, struct pool *nodes)
{
    uint32_t levels = LOAD_RELAXED(sparse->levels);
    struct {
        uint32_t index, next;
    } path[SPARSE_LEVELS] = {{LOAD_RELAXED(sparse->root), 0}};
    uint32_t depth = 0; /* of the node that is being emptied */

    STORE_RELAXED(sparse->root, 0);
    if (!path[0].index)
        return;
    if (levels == 1) {
        give_leaf(nodes, path[0].index);
        return;
    }
    for (;;) {
        uint32_t below = take_slot(nodes, path[depth].index, &path[depth].next);

        if (below && depth + 2 < levels) {
            path[++depth].index = below;
            path[depth].next = 0;
        } else if (below) {
            give_leaf(nodes, below);
        } else {
            pool_give(nodes, path[depth].index);
            if (!depth--)
                return;
        }
    }
}
