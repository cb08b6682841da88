/*
 * thread_index.c: see thread_index.h, where the protocol is.
 */
#include "heap/thread_index.h"

void thread_index_clear(struct thread_index *index)
{
    for (uint32_t i = 0; i < 1u << THREAD_ROOT_BITS; i++)
        STORE_RELAXED(index->entries[i], 0);
    STORE_RELAXED(index->nodes, NULL);
}

/* A node that holds one thread's counters. left: what is left of the hash of its key. */
static struct thread_node *make_node(struct pool *nodes, uintptr_t occupant, uintptr_t left)
{
    uint32_t index = pool_take(nodes);
    struct thread_node *node;

    if (!index)
        return NULL;
    node = pool_item(nodes, index);
    node->index = index;
    for (uint32_t i = 0; i < 1u << THREAD_NODE_BITS; i++)
        STORE_RELAXED(node->entries[i], 0);
    STORE_RELAXED(node->entries[thread_index_part(left, THREAD_NODE_BITS)], occupant);
    return node;
}

static void keep_node(struct thread_index *index, struct thread_node *node)
{
    struct thread_node *first = LOAD_RELAXED(index->nodes);

    do
        STORE_RELAXED(node->next, first);
    while (!atomic_compare_exchange_weak_explicit(&index->nodes, &first, node, memory_order_release,
                                                  memory_order_relaxed));
}

/*
 * Puts a node in the place of counters. depth: how many bits of a hash lead there. False: no
 * memory, or the counters have the key, too.
 */
static bool split(struct thread_index *index, struct pool *nodes, thread_entry *place,
                  uintptr_t occupant, uintptr_t key, uint32_t depth)
{
    uintptr_t others = LOAD_RELAXED(((struct thread_counters *)occupant)->key);
    struct thread_node *node;

    if (others == key)
        return false;
    node = make_node(nodes, occupant, thread_index_hash(others) << depth);
    if (!node)
        return false;
    if (atomic_compare_exchange_strong_explicit(place, &occupant,
                                                (uintptr_t)node + THREAD_ENTRY_NODE,
                                                memory_order_acq_rel, memory_order_relaxed))
        keep_node(index, node);
    else
        pool_give(nodes, node->index); /* another thread has put one there */
    return true;
}

bool thread_index_add(struct thread_index *index, struct pool *nodes,
                      struct thread_counters *thread)
{
    uintptr_t key = LOAD_RELAXED(thread->key);
    uintptr_t hash = thread_index_hash(key);
    thread_entry *place = &index->entries[thread_index_part(hash, THREAD_ROOT_BITS)];
    uint32_t depth = THREAD_ROOT_BITS;
    uintptr_t entry = atomic_load_explicit(place, memory_order_acquire);

    while (entry ||
           !atomic_compare_exchange_weak_explicit(place, &entry, (uintptr_t)thread,
                                                  memory_order_acq_rel, memory_order_acquire)) {
        if (entry & THREAD_ENTRY_NODE) {
            struct thread_node *node = (struct thread_node *)thread_index_node(entry);

            place = &node->entries[thread_index_part(hash << depth, THREAD_NODE_BITS)];
            depth += THREAD_NODE_BITS;
        } else if (entry && !split(index, nodes, place, entry, key, depth)) {
            return false;
        }
        entry = atomic_load_explicit(place, memory_order_acquire);
    }
    return true;
}

void thread_index_close(struct thread_index *index, struct pool *nodes)
{
    struct thread_node *node = LOAD_RELAXED(index->nodes);

    while (node) {
        struct thread_node *next = LOAD_RELAXED(node->next);

        pool_give(nodes, node->index);
        node = next;
    }
    thread_index_clear(index);
}
