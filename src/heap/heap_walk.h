/*
 * heap_walk.h: looking at heaps: their blocks, the block at an address, and the audit.
 *
 * Any thread may call these at any time. A walk shows a block that was live when it was looked at;
 * blocks that come and go meanwhile may be met or missed.
 */
#ifndef HOSTMEM_HEAP_HEAP_WALK_H
#define HOSTMEM_HEAP_HEAP_WALK_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* Walks the heaps that live: *cursor starts at 0. NULL: there are no more. */
struct heap *heap_next(const struct heap_space *space, uint32_t *cursor);

/* Walks live blocks, of the heap of that number or (0) of all: the cursor starts all zero. */
struct heap_cursor {
    uint32_t slab;   /* index of the one that was looked at last */
    uint32_t block;  /* in it: the next one to look at */
    uint32_t region; /* likewise; 0: the block that was met is in a slab */
    uint32_t heap;   /* index of the heap; 0: not looked for yet */
};
bool heap_next_block(const struct heap_space *space, uint32_t heap, struct heap_cursor *cursor,
                     struct heap_block *block);

/* A cursor to go on with behind the block at an address, which may have been freed meanwhile. */
struct heap_cursor heap_cursor_behind(const struct heap_space *space, uintptr_t address);

/* The live block that holds the address. False: no block does. */
bool heap_find_block(const struct heap_space *space, uintptr_t address, struct heap_block *block);

/*
 * True if the address lies in memory of this manager, a heap's or not; true also if such memory was
 * there, was given back, and nothing is committed there now. Otherwise the memory has
 * another owner, and heap_free cannot judge a free of it.
 */
bool heap_owns(const struct heap_space *space, const void *memory);

struct heap_class_figures {
    uint64_t slabs;
    uint64_t blocks;      /* live */
    uint64_t block_bytes; /* asked for in them */
};

/* What the slabs of one size class hold, in the heap of that number or (0) in all. */
void heap_class_figures(const struct heap_space *space, uint32_t heap, uint32_t size_class,
                        struct heap_class_figures *figures);

/*
 * Compares what the heaps have counted with the blocks that a walk finds. False: other threads were
 * at work meanwhile, and the figures prove nothing.
 */
struct heap_audit {
    uint64_t counted_blocks;
    uint64_t counted_bytes;
    uint64_t found_blocks;
    uint64_t found_bytes;
};
bool heap_audit(const struct heap_space *space, struct heap_audit *audit);

#endif
