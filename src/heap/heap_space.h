/*
 * heap_space.h: what the heaps of one manager share: descriptors, histories, threads, size classes,
 * the options, and the names of files.
 */
#ifndef HOSTMEM_HEAP_HEAP_SPACE_H
#define HOSTMEM_HEAP_HEAP_SPACE_H

#include "heap/thread_counters.h"
#include "heap/string_table.h"
#include "heap/slab.h"
#include "heap/block_history.h"
#include "pages/pages.h"

/* Options of a manager's heaps, in the order of HOSTMEM_TRACK_BLOCKS and so on (hostmem.h). */
enum heap_option {
    HEAP_TRACK_BLOCKS = 1,  /* keep every block's history */
    HEAP_FILL_ON_ALLOC = 2, /* with FILL_ALLOCATED */
    HEAP_FILL_ON_FREE = 4,  /* with FILL_FREED, which is looked for when the block is used again */
    HEAP_DELAY_REUSE = 8    /* for HEAP_DELAYED further frees */
};

#define HEAP_FILL_ALLOCATED 0xcdu
#define HEAP_FILL_FREED 0xddu

/* What is known about a block. */
struct heap_block {
    uintptr_t address;
    size_t size;      /* asked for */
    const char *file; /* NULL: not told */
    const void *caller;
    uint32_t line;
    uint32_t heap;
    uint32_t thread_id; /* 0, as are sequence and tick: its history is not kept */
    uint64_t sequence;
    uint64_t tick;
    uint32_t freed_by; /* of a block that was written to after it was freed */
    uintptr_t damage;  /* likewise: where */
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
    struct string_table names;
    struct pool heaps; /* struct heap */
    struct pool slabs;
    struct metadata histories; /* of tags */
    struct pool threads;
    _Atomic uint32_t heap_number; /* of the youngest heap */
    _Atomic uint64_t key_number;  /* of the last slab key */
    _Atomic uint64_t ends_begun;  /* of heaps; */
    _Atomic uint64_t ends_done;   /* their counts are the manager's from then on */
    struct gauge peak_blocks;     /* what the peaks of the heaps that live add up to */
    struct gauge peak_bytes;
    struct size_classes classes;
};

/* False: no memory. Undone by heap_space_destroy in any case. pages must outlive it. */
bool heap_space_init(struct heap_space *space, struct pages *pages,
                     const struct heap_options *options);

/* All heaps must be gone. */
void heap_space_destroy(struct heap_space *space);

/* A key that no slab has had; never 0. */
uint64_t heap_space_key(struct heap_space *space);

#endif
