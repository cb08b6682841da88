/*
 * heap.h: what is behind an IHostMalloc, without COM.
 *
 * Small blocks come from slabs (slab.h), larger ones and those with a guard page are regions of
 * their own. Either way the memory is taken through the page path, marked with the heap's number:
 * owned, charged and audited like every region.
 *
 * Promises. A pointer that is not the start of a live block of this heap is found out without being
 * read. Of any number of threads that free one block at once, one succeeds. No lock and no wait
 * anywhere: a thread that is frozen keeps nobody from allocating or freeing (I4). Figures are exact
 * when no call is under way; for peaks see thread.h.
 *
 * heap_fast_path.h has the common cases of allocating and freeing once more, for callers to inline.
 *
 * What no allocator can tell apart, short of never using an address twice: a free that is late, in
 * that its block has been freed by somebody else and handed out again before it is done, may end
 * the new block. That takes a program which frees a block twice; HEAP_DELAY_REUSE puts it off.
 * Where the address serves another size class or another heap by then, the late free is refused.
 */
#ifndef HOSTMEM_HEAP_HEAP_H
#define HOSTMEM_HEAP_HEAP_H

#include "heap/heap_space.h"

/* Empty slabs whose memory a heap keeps for its next ones, of whatever class. */
#define HEAP_SPARES 4u

/* Frees that HEAP_DELAY_REUSE waits for. */
#define HEAP_DELAYED 256u

/* Groups of threads with active slabs of their own. */
#define HEAP_SETS (sizeof(void *) == 8 ? 8u : 4u)

struct heap {
    struct pool_link link;
    _Atomic uint32_t number; /* 1 for the manager's first; 0: it does not live */
    struct heap_space *space;
    uint32_t index; /* in the space's pool */
    _Atomic bool executable;
    size_t fast_limit;          /* requests below it go the short way */
    const uint8_t *fast_lookup; /* their classes */
    const struct size_class *classes;
    struct slab *slabs; /* the space's; the first has index 1 */

    _Atomic uint32_t thread_count;
    _Atomic(struct thread_counters *)
        threads[THREAD_BUCKETS]; /* each the first of a list that only grows */
    struct thread_counters shared;
    _Atomic uint64_t peak_blocks;
    _Atomic uint64_t peak_bytes;
    struct gauge slab_bytes; /* spare ones included */
    struct gauge large_blocks;
    struct gauge large_bytes; /* asked for */

    _Atomic uint64_t stacks[CLASS_COUNT]; /* of LISTED slabs: index | count of changes << 32 */
    active_slab active_slabs[HEAP_SETS][CLASS_COUNT];
    _Atomic uintptr_t spares[HEAP_SPARES];  /* memory of slabs; 0: none */
    _Atomic uint64_t delayed[HEAP_DELAYED]; /* block | index of its slab << 32; 0: none */
    _Atomic uint32_t delay_cursor;
};

/* The heap, new; NULL: no memory. */
struct heap *heap_create(struct heap_space *space, bool executable);

/*
 * Calls back for each block still live, counts it as leaked, and gives everything back. No call of
 * this heap may be under way. callback may be NULL.
 */
void heap_destroy(struct heap *heap, heap_block_callback *callback, void *context);

/* Frees every live block of the heap, as so many calls of heap_free would. */
void heap_free_all(struct heap *heap);

struct heap_request {
    size_t size; /* 0 gives a block of its own */
    uint32_t critical_level;
    uint32_t line;
    const char *file;   /* copied; NULL: none */
    const void *caller; /* NULL: not known */
    bool debug;         /* by DebugAlloc: its history is kept */
};

/* *memory is NULL on failure. */
pages_result heap_alloc(struct heap *heap, const struct heap_request *request, void **memory);

/*
 * True if the address lies in memory of the manager's, a heap's or not, or where there has been
 * some that was given back and is nobody's now. What heap_free is not to be asked about is somebody
 * else's.
 */
bool heap_owns(const struct heap_space *space, const void *memory);

/*
 * PAGES_FOREIGN: not the start of a live block of this heap; it was counted why, and nothing was
 * touched. NULL is fine.
 */
pages_result heap_free(struct heap *heap, void *memory);

/* The size asked for, of a live block of this heap. False: it is not the start of one. */
bool heap_size_of(struct heap *heap, const void *memory, size_t *size);

/*
 * Makes a live block of this heap one of another size where it lies. False: it is none, or the size
 * needs another place. The caller must own the block.
 */
bool heap_resize(struct heap *heap, void *memory, size_t size);

/* Gives the memory of empty slabs back. Returns how many bytes. Any thread at any time. */
size_t heap_trim(struct heap *heap);

/* ------------------------------------------------------------------------------------------------
 * Looking (heap_walk.c). Any thread at any time.
 * --------------------------------------------------------------------------------------------- */

struct heap_figures {
    uint32_t number;
    bool executable;
    uint64_t counts[THREAD_COUNTS];
    uint64_t blocks;
    uint64_t block_bytes;
    uint64_t peak_blocks;
    uint64_t peak_bytes;
    uint64_t spare_bytes;
    uint32_t inside; /* calls that were under way */
};

/* False: the heap does not live. */
bool heap_figures(const struct heap *heap, struct heap_figures *figures);

/*
 * A mark of the heaps that have ended, and whether none has begun to since. Between, what a heap
 * has counted is its own or the record's, and not on its way from one to the other.
 */
uint64_t heap_ends(const struct heap_space *space);
bool heap_none_ended_since(const struct heap_space *space, uint64_t mark);

/* Walks the heaps that live: *cursor starts at 0. NULL: there are no more. */
struct heap *heap_next(const struct heap_space *space, uint32_t *cursor);

struct heap_class_figures {
    uint64_t slabs;
    uint64_t blocks;      /* live */
    uint64_t block_bytes; /* asked for in them */
};

/* What the slabs of one size class hold, in the heap of that number or (0) in all. */
void heap_class_figures(const struct heap_space *space, uint32_t heap, uint32_t size_class,
                        struct heap_class_figures *figures);

/*
 * What the heaps have counted against the blocks that there are. False: other threads were at work,
 * and nothing was compared.
 */
struct heap_audit {
    uint64_t counted_blocks;
    uint64_t counted_bytes;
    uint64_t found_blocks;
    uint64_t found_bytes;
};
bool heap_audit(const struct heap_space *space, struct heap_audit *audit);

/* Walks live blocks, of the heap of that number or (0) of all: the cursor starts all zero. */
struct heap_cursor {
    uint32_t slab;
    uint32_t block;
    uint32_t region;
};
bool heap_next_block(const struct heap_space *space, uint32_t heap, struct heap_cursor *cursor,
                     struct heap_block *block);

/* The live block that holds the address. False: it is in none. */
bool heap_find_block(const struct heap_space *space, uintptr_t address, struct heap_block *block);

#endif
