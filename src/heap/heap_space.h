/*
 * heap_space.h: what the heaps of one manager share: the pools of heaps, slab descriptors,
 * histories and thread counters, the size classes, the options, and the table of file names.
 */
#ifndef HOSTMEM_HEAP_HEAP_SPACE_H
#define HOSTMEM_HEAP_HEAP_SPACE_H

#include "slabs/slab.h"
#include "heap/string_table.h"
#include "pages/pages.h"

/* Options of a manager's heaps, in the order of HOSTMEM_TRACK_BLOCKS and so on (hostmem.h). */
enum heap_option {
    HEAP_TRACK_BLOCKS = 1,  /* keep every block's history */
    HEAP_FILL_ON_ALLOC = 2, /* with HEAP_FILL_ALLOCATED */
    HEAP_FILL_ON_FREE = 4,  /* with HEAP_FILL_FREED, which is checked before the block's reuse */
    HEAP_DELAY_REUSE = 8    /* for HEAP_DELAYED further frees */
};

#define HEAP_FILL_ALLOCATED 0xcdu
#define HEAP_FILL_FREED 0xddu

/* What is known about a block. */
struct heap_block {
    uintptr_t address;
    size_t size;      /* asked for */
    const char *file; /* NULL: none was given */
    const void *caller;
    uint32_t line;
    uint32_t heap;
    uint32_t thread_id; /* 0, as are sequence and tick, if no history is kept */
    uint64_t sequence;
    uint64_t tick;
    uint32_t freed_by; /* of a block that was written to after it was freed: the thread */
    uintptr_t damage;  /* likewise: the first byte written to */
};

typedef void heap_block_callback(void *context, const struct heap_block *block);

struct heap_options {
    uint32_t flags;
    size_t guard_above; /* blocks of more bytes get a guard page; SIZE_MAX: none */
    heap_block_callback *damaged;
    void *context;
};

struct heap_space {
    struct pages *pages;
    struct heap_options options;
    struct string_table file_names;
    struct pool heaps;            /* struct heap */
    struct pool slabs;            /* struct slab */
    struct metadata histories;    /* struct block_history */
    struct pool threads;          /* struct thread_counters */
    _Atomic uint32_t heap_number; /* of the youngest heap */
    _Atomic uint64_t key_number;  /* how many slab keys have been made */
    _Atomic uint64_t ends_begun;  /* heaps whose counts have begun to move to the manager's */
    _Atomic uint64_t ends_done;   /* heaps whose counts are in the manager's counters now */
    struct gauge peak_blocks;     /* the sum of the peaks of the heaps that live */
    struct gauge peak_bytes;
    struct size_classes classes;
};

/*
 * False: no memory; call heap_space_destroy all the same. pages must outlive the space, whose spans
 * come from its books.
 */
bool heap_space_init(struct heap_space *space, struct pages *pages,
                     const struct heap_options *options);

/* All heaps must be gone. */
void heap_space_destroy(struct heap_space *space);

/* A key that no slab has had; never 0. */
uint64_t heap_space_key(struct heap_space *space);

static inline struct slab *heap_slab(const struct heap_space *space, uint32_t index)
{
    return span_at_sized(&space->slabs.span, index - 1, sizeof(struct slab));
}

static inline uint32_t heap_slab_index(const struct heap_space *space, const struct slab *slab)
{
    return span_number_of_sized(&space->slabs.span, slab, sizeof(struct slab)) + 1;
}

/* Gives back a descriptor that no other thread can reach. */
void heap_give_slab(struct heap_space *space, struct slab *slab);

#endif
