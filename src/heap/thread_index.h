/*
 * thread_index.h: which of a heap's thread counters are a thread's: a trie of the keys' hashes.
 *
 * Protocol. A place is 0, the address of one thread's counters, or that of a node with ENTRY_NODE.
 * It goes from 0 to counters, and from counters to a node that holds these counters, each by
 * compare-and-swap (release); a node's places likewise. Nothing is ever taken out while the heap
 * lives, so a reader needs nothing but the root. The hash maps different keys to different values,
 * so two keys part at some depth: on average at the logarithm of the number of keys.
 *
 * Promise: lock-free; no system call but to commit a node.
 */
#ifndef HOSTMEM_HEAP_THREAD_INDEX_H
#define HOSTMEM_HEAP_THREAD_INDEX_H

#include "heap/thread_counters.h"

#define THREAD_KEY_BITS (8u * (uint32_t)sizeof(uintptr_t))
#define THREAD_ROOT_BITS 6u
#define THREAD_NODE_BITS 4u
#define THREAD_ENTRY_NODE ((uintptr_t)1)

typedef _Atomic uintptr_t thread_entry;

struct thread_node {
    struct pool_link link;
    uint32_t index;                     /* in the space's pool */
    _Atomic(struct thread_node *) next; /* of the same heap's */
    thread_entry entries[1u << THREAD_NODE_BITS];
};

struct thread_index {
    thread_entry entries[1u << THREAD_ROOT_BITS];
    _Atomic(struct thread_node *) nodes; /* all that the heap has */
};

/* An odd factor, so it is one-to-one; the upper bits depend on all of the key's. */
static inline uintptr_t thread_index_hash(uintptr_t key)
{
    return key * (uintptr_t)UINT64_C(0x9e3779b97f4a7c15);
}

/* The upper bits of a hash, and what is left of it. */
static inline uintptr_t thread_index_part(uintptr_t hash, uint32_t bits)
{
    return hash >> (THREAD_KEY_BITS - bits);
}

static inline const struct thread_node *thread_index_node(uintptr_t entry)
{
    return (const struct thread_node *)(entry - THREAD_ENTRY_NODE);
}

/* The counters of the thread with that key; NULL: it has none here. */
static inline struct thread_counters *thread_index_find(const struct thread_index *index,
                                                        uintptr_t key)
{
    uintptr_t hash = thread_index_hash(key);
    uintptr_t entry = atomic_load_explicit(
        &index->entries[thread_index_part(hash, THREAD_ROOT_BITS)], memory_order_acquire);
    struct thread_counters *thread;

    hash <<= THREAD_ROOT_BITS;
    while (entry & THREAD_ENTRY_NODE) {
        entry = atomic_load_explicit(
            &thread_index_node(entry)->entries[thread_index_part(hash, THREAD_NODE_BITS)],
            memory_order_acquire);
        hash <<= THREAD_NODE_BITS;
    }
    thread = (struct thread_counters *)entry;
    return thread && LOAD_RELAXED(thread->owner) == key ? thread : NULL;
}

/* No other thread uses it. */
void thread_index_clear(struct thread_index *index);

/*
 * Adds counters by their key. False: no memory, or there are counters with that key. nodes: struct
 * thread_node.
 */
bool thread_index_add(struct thread_index *index, struct pool *nodes,
                      struct thread_counters *thread);

/* Gives the nodes back. No other thread uses the index any more. */
void thread_index_close(struct thread_index *index, struct pool *nodes);

#endif
