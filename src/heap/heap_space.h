/*
 * heap_space.h: what the heaps of one manager share: the pools of heaps, slab descriptors,
 * histories and thread counters, the size classes, the options, and the table of file names.
 *
 * Which descriptors, and which regions of large blocks, are a heap's is kept in sets (index_set.h),
 * so that ending, trimming and enumerating a heap costs what that heap has, and not what all have.
 * Where there was no memory for a node of a set, all are walked instead, until the heap ends.
 */
#ifndef HOSTMEM_HEAP_HEAP_SPACE_H
#define HOSTMEM_HEAP_HEAP_SPACE_H

#include "heap/heap_harden.h"
#include "slabs/history_pool.h"
#include "slabs/index_set.h"
#include "slabs/slab.h"
#include "slabs/string_table.h"
#include "pages/pages.h"

/* Options of a manager's heaps, in the order of HOSTMEM_TRACK_BLOCKS and so on (hostmem.h). */
enum heap_option {
    HEAP_TRACK_BLOCKS = 1,  /* keep every block's history */
    HEAP_FILL_ON_ALLOC = 2, /* with HEAP_FILL_ALLOCATED; what is around it: check/heap_margins.h */
    HEAP_FILL_ON_FREE = 4,  /* with HEAP_FILL_FREED, which is checked before the block's reuse */
    HEAP_DELAY_REUSE = 8,   /* see delayed_blocks.h */
    HEAP_HARDEN = 0x20      /* see heap_harden.h; implies HEAP_DELAY_REUSE */
};

#define HEAP_FILL_ALLOCATED 0xcdu

/* What is wrong with a damaged block, in the order of HOSTMEM_DAMAGE_KIND (inspection.h). */
enum heap_damage_kind {
    HEAP_DAMAGE_FREED = 1, /* it was written to after it had been freed */
    HEAP_DAMAGE_BEHIND,    /* what is behind it was written to */
    HEAP_DAMAGE_BEFORE     /* what is before it */
};

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
    enum heap_damage_kind damage_kind; /* of a damaged block */
    uintptr_t damage;                  /* likewise: the first byte that was changed */
    uint32_t freed_by;                 /* of a block that was freed: the thread */
};

typedef void heap_block_callback(void *context, const struct heap_block *block);

struct heap_options {
    uint32_t flags;
    size_t guard_above; /* blocks of more bytes get a guard page; SIZE_MAX: none */
    heap_block_callback *damaged;
    void *context;
};

/* Slabs that are empty: see idle_slabs.h. */
#define IDLE_PLACES 128u

struct idle_slabs {
    _Atomic uint64_t taken[IDLE_PLACES / 64]; /* a bit for each place that is taken */
    _Atomic uint64_t places[IDLE_PLACES];     /* slab | heap << 32; 0: no note (yet, or any more) */
    _Atomic uint32_t cursor;                  /* the place that was taken last */
};

/* Blocks whose reuse is delayed: see delayed_blocks.h. */
#define DELAYED_PLACES 1024u

struct delayed_blocks {
    _Atomic uint64_t places[DELAYED_PLACES]; /* slab | block << 32 | heap << 48; 0: none */
    _Atomic uint64_t bytes;                  /* of the blocks in all places */
    _Atomic uint64_t chance;                 /* where random numbers come from */
};

/* Large blocks that were freed, and wait: see check/freed_regions.h. */
#define FREED_PLACES 64u

struct freed_regions {
    _Atomic uint64_t places[FREED_PLACES]; /* see freed_regions.c; 0: none */
    _Atomic uint64_t bytes;                /* of the blocks in all places */
    _Atomic uint32_t next;                 /* the place that is taken next */
};

/* Memory of large blocks that were freed: see large_cache.h and large_places.h. */
#define LARGE_BINS 41u
#define LARGE_BIN_PLACES 64u

struct large_cache {
    _Atomic uint64_t taken[LARGE_BINS]; /* a bit for each place that is taken */
    /* region | heap << 25 | stamp << 40; 0: none (yet, or any more) */
    _Atomic uint64_t places[LARGE_BINS * LARGE_BIN_PLACES];
    _Atomic uint64_t bytes;  /* of the regions in all places, and slack */
    _Atomic uint64_t live;   /* bytes asked for in the live large blocks of all heaps */
    _Atomic uint32_t puts;   /* how often a place has been filled: where stamps come from */
    _Atomic uint32_t latest; /* the place that was filled last, + 1; 0: none was */
    _Atomic uint64_t ages;   /* see large_cache.c */
    _Atomic uint64_t aging;  /* likewise */

    /* See large_slack.h. */
    _Atomic uint64_t slack;         /* bytes, of all heaps */
    struct index_set slack_regions; /* which regions have some */
    _Atomic uint32_t slack_cursor;  /* where large_slack_age goes on */
};

struct heap_space {
    struct pages *pages;
    struct heap_options options;
    struct string_table file_names;
    struct pool heaps; /* struct heap */
    struct pool slabs; /* struct slab */
    struct history_pool histories;
    struct pool threads;      /* struct thread_counters */
    struct pool thread_nodes; /* struct thread_node */
    struct pool set_nodes;    /* struct index_set_node */
    bool checked;             /* there is damage to be found in blocks, or around them (check/) */
    bool is_copy;             /* of another process's (reader/): the heaps' sets are empty */
    _Atomic uint32_t heap_number; /* of the youngest heap */
    _Atomic uint64_t key_number;  /* how many slab keys have been made */
    _Atomic uint64_t ends_begun;  /* heaps whose counts have begun to move to the manager's */
    _Atomic uint64_t ends_done;   /* heaps whose counts are in the manager's counters now */
    struct gauge peak_blocks;     /* the sum of the peaks of the heaps that live */
    struct gauge peak_bytes;
    struct size_classes classes;

    _Atomic uint64_t live;  /* bytes: see heap_live.h */
    _Atomic uint64_t given; /* how often memory went back to the system: see reclaim.h */
    struct idle_slabs idle;
    struct delayed_blocks delayed;
    struct large_cache large;
    struct freed_regions freed;
    struct heap_secrets secrets;
};

/* How many heaps of a space with such books can live at once. */
uint32_t heap_space_most_heaps(const struct book_space *books);

/*
 * False: no memory; call heap_space_destroy all the same. pages must outlive the space, whose spans
 * come from its books.
 */
bool heap_space_init(struct heap_space *space, struct pages *pages,
                     const struct heap_options *options);

/* All heaps must be gone. */
void heap_space_destroy(struct heap_space *space);

/* True if blocks have margins (check/heap_margins.h). */
static inline bool heap_has_margins(const struct heap_options *options)
{
    return (options->flags & (HEAP_FILL_ON_ALLOC | HEAP_HARDEN)) != 0;
}

/* True if freed blocks are filled, and looked at. */
static inline bool heap_fills_freed(const struct heap_options *options)
{
    return (options->flags & (HEAP_FILL_ON_FREE | HEAP_HARDEN)) != 0;
}

/* A key that no slab has had; its lower half is never 0. */
uint64_t heap_space_key(struct heap_space *space);

static inline struct slab *heap_slab(const struct heap_space *space, uint32_t index)
{
    return span_at_sized(&space->slabs.span, index - 1, sizeof(struct slab));
}

static inline uint32_t heap_slab_index(const struct heap_space *space, const struct slab *slab)
{
    return span_number_of_sized(&space->slabs.span, slab, sizeof(struct slab)) + 1;
}

struct heap;

/* The index of a descriptor that is the heap's from now on; 0: there is none. */
uint32_t heap_take_slab(struct heap *heap);
/* What is held without use may be a constant, and one part in so many of what lives. */
#define HEAP_IDLE_SHARE 8u

/* Gives back a descriptor that no other thread can reach. */
void heap_give_slab(struct heap_space *space, struct slab *slab);

/* A large block's region has become the heap's, and is one no longer. index: in its pool. */
void heap_add_region(struct heap *heap, uint32_t index);
void heap_remove_region(struct heap *heap, uint32_t index);

/*
 * Walks the heap's descriptors, and its regions: the smallest index from `from` on; 0: there is
 * none. It may name others' as well.
 */
uint32_t heap_next_slab(const struct heap *heap, uint32_t from);
uint32_t heap_next_region(const struct heap *heap, uint32_t from);

#endif
