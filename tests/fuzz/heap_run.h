/*
 * heap_run.h: one run of fuzz_heap: the heaps, the model of them and of their blocks, and the
 * checks.
 */
#ifndef HOSTMEM_TESTS_HEAP_RUN_H
#define HOSTMEM_TESTS_HEAP_RUN_H

#include "heap_world.h"

#include "heap/heap_fast_path.h"
#include "heap_operations.h"

/* A block that lives, or what is known of the last one in its slot. */
struct slot {
    bool live;
    unsigned heap; /* index of its heap */
    unsigned char *address;
    size_t size;
    unsigned char pattern; /* what its owner has written to it */
    bool known;            /* its line is kept */
    uint32_t line;
};

/* What is counted of a heap. */
struct model_heap {
    struct heap *heap; /* NULL: there is none */
    uint64_t blocks, bytes;
    uint64_t peak_blocks, peak_bytes;
    uint64_t allocated, freed;
    uint32_t threads; /* which have used it, a bit each */
};

/* A byte that was written after its block had been freed; the heap has not reported it yet. */
struct wound {
    uintptr_t block, byte;
};

struct heap_run {
    struct world *world;
    struct heap_space *space;
    uint32_t flags;
    size_t guard_above;
    struct model_heap heaps[HEAP_COUNT];
    struct slot slots[HEAP_SLOTS];
    char *foreign; /* a region that is no heap's */
    unsigned char last_pattern;
    uint64_t limit; /* of what may be committed; UINT64_MAX: none */
    uint64_t refused, leaked_blocks, leaked_bytes;
    uint64_t ended_allocated, ended_freed; /* by heaps that have ended */
    unsigned thread;
    struct wound wounds[64];
    size_t wound_count;
    uint64_t corrupted;
    bool fault_has_struck; /* in this space: histories may be missing */
};

extern struct heap_run run;

/* ------------------------------------------------------------------------------------------------
 * Blocks
 * --------------------------------------------------------------------------------------------- */

/* The live block that begins at the address, or that shares bytes with it; NULL: none. */
const struct slot *heap_run_block_at(const unsigned char *address);
const struct slot *heap_run_overlapping(const unsigned char *address, size_t size);

/* Writes the owner's pattern into the block; checks that it is still there. */
void heap_run_write(struct slot *slot);
void heap_run_look(const struct slot *slot);

/* The model's own books. */
void heap_run_born(struct slot *slot, unsigned heap, void *memory, size_t size);
void heap_run_died(struct slot *slot);
void heap_run_resized(struct slot *slot, size_t size);

/* ------------------------------------------------------------------------------------------------
 * What must hold
 * --------------------------------------------------------------------------------------------- */

/* Compares what heaps have counted with the model. */
void heap_run_check_totals(void);

/* Looks up all blocks in every way there is, and runs the audits. */
void heap_run_check_all(void);

#endif
