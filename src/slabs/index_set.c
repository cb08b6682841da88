/*
 * index_set.c: see index_set.h, where the protocol is.
 */
#include "slabs/index_set.h"

#include "counters/relaxed.h"

/* How many indices lie below a place of the root, of a node below it, and of one below that. */
static const uint32_t shifts[] = {INDEX_SET_LEAF_SHIFT + 2 * INDEX_SET_NODE_SHIFT,
                                  INDEX_SET_LEAF_SHIFT + INDEX_SET_NODE_SHIFT,
                                  INDEX_SET_LEAF_SHIFT};

#define LEVELS (sizeof(shifts) / sizeof(shifts[0]))

void index_set_clear(struct index_set *set)
{
    for (uint32_t i = 0; i < INDEX_SET_ROOT; i++)
        STORE_RELAXED(set->root[i], 0);
    STORE_RELAXED(set->first, 0);
}

static struct index_set_node *node_at(const struct pool *nodes, uint32_t node)
{
    return pool_item(nodes, node);
}

/* The place of the node that the index lies below; above: the node that holds it, from level 1 on.
 */
static _Atomic uint32_t *place_of(const struct index_set *set, struct index_set_node *above,
                                  uint32_t level, uint32_t index)
{
    if (!level)
        return (_Atomic uint32_t *)&set->root[index >> shifts[0]];
    return &above->nodes[index >> shifts[level] & ((1u << INDEX_SET_NODE_SHIFT) - 1)];
}

static _Atomic uint64_t *word_of(struct index_set_node *leaf, uint32_t index)
{
    return &leaf->bits[index % INDEX_SET_LEAF_BITS / 64];
}

static uint64_t bit_of(uint32_t index)
{
    return UINT64_C(1) << index % 64;
}

/*
 * The leaf with the index's bit; NULL: there is none. *missing: how many indices from this one on
 * have none.
 */
static struct index_set_node *find_leaf(const struct index_set *set, const struct pool *nodes,
                                        uint32_t index, uint32_t *missing)
{
    struct index_set_node *node = NULL;

    for (uint32_t level = 0; level < LEVELS; level++) {
        uint32_t found =
            atomic_load_explicit(place_of(set, node, level, index), memory_order_acquire);

        /* Above the limit: of a set that is closed meanwhile, and whose nodes serve others. */
        if (!found || found > pool_limit(nodes)) {
            *missing = (1u << shifts[level]) - index % (1u << shifts[level]);
            return NULL;
        }
        node = node_at(nodes, found);
    }
    return node;
}

/* An empty node for that place, or the one that another thread puts there first. 0: no memory. */
static uint32_t make_node(struct index_set *set, struct pool *nodes, _Atomic uint32_t *place)
{
    uint32_t made = pool_take(nodes), found = 0;
    struct index_set_node *node;

    if (!made)
        return 0;
    node = node_at(nodes, made);
    for (uint32_t i = 0; i < INDEX_SET_LEAF_BITS / 64; i++)
        STORE_RELAXED(node->bits[i], 0);
    if (!atomic_compare_exchange_strong_explicit(place, &found, made, memory_order_acq_rel,
                                                 memory_order_acquire)) {
        pool_give(nodes, made);
        return found;
    }
    found = LOAD_RELAXED(set->first);
    do
        STORE_RELAXED(node->next, found);
    while (!atomic_compare_exchange_weak_explicit(&set->first, &found, made, memory_order_release,
                                                  memory_order_relaxed));
    return made;
}

bool index_set_add(struct index_set *set, struct pool *nodes, uint32_t index)
{
    struct index_set_node *node = NULL;

    for (uint32_t level = 0; level < LEVELS; level++) {
        _Atomic uint32_t *place = place_of(set, node, level, index);
        uint32_t found = atomic_load_explicit(place, memory_order_acquire);

        if (!found)
            found = make_node(set, nodes, place);
        if (!found)
            return false;
        node = node_at(nodes, found);
    }
    atomic_fetch_or_explicit(word_of(node, index), bit_of(index), memory_order_release);
    return true;
}

void index_set_remove(struct index_set *set, const struct pool *nodes, uint32_t index)
{
    uint32_t missing;
    struct index_set_node *leaf = find_leaf(set, nodes, index, &missing);

    if (leaf)
        atomic_fetch_and_explicit(word_of(leaf, index), ~bit_of(index), memory_order_relaxed);
}

/* The smallest index of the leaf that the set holds from `from` on; 0: there is none. */
static uint32_t next_in_leaf(struct index_set_node *leaf, uint32_t from)
{
    uint32_t begin = from - from % INDEX_SET_LEAF_BITS;
    uint32_t word = from % INDEX_SET_LEAF_BITS / 64;
    uint64_t bits = atomic_load_explicit(&leaf->bits[word], memory_order_acquire);

    bits &= ~(bit_of(from) - 1);
    while (!bits && ++word < INDEX_SET_LEAF_BITS / 64)
        bits = atomic_load_explicit(&leaf->bits[word], memory_order_acquire);
    return bits ? begin + word * 64 + (uint32_t)__builtin_ctzll(bits) : 0;
}

uint32_t index_set_next(const struct index_set *set, const struct pool *nodes, uint32_t from)
{
    uint32_t missing;

    for (; from < 1u << INDEX_SET_BITS; from += missing) {
        struct index_set_node *leaf = find_leaf(set, nodes, from, &missing);
        uint32_t found = leaf ? next_in_leaf(leaf, from) : 0;

        if (found)
            return found;
        if (leaf)
            missing = INDEX_SET_LEAF_BITS - from % INDEX_SET_LEAF_BITS;
    }
    return 0;
}

void index_set_close(struct index_set *set, struct pool *nodes)
{
    uint32_t node = LOAD_RELAXED(set->first);

    while (node) {
        uint32_t next = LOAD_RELAXED(node_at(nodes, node)->next);

        pool_give(nodes, node);
        node = next;
    }
    index_set_clear(set);
}
