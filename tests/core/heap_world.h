/*
 * heap_world.h: heaps without their COM objects, for tests of the core, and the checks that must
 * hold between calls.
 */
#ifndef HOSTMEM_TESTS_HEAP_WORLD_H
#define HOSTMEM_TESTS_HEAP_WORLD_H

#include "pages_world.h"

#include "heap/heap.h"
#include "heap/heap_counters.h"
#include "heap/heap_walk.h"
#include "heap/reuse/reclaim.h"

static inline struct heap_space *begin_heap_space(struct world *world, uint32_t flags)
{
    struct heap_space *space = zeroed(sizeof(struct heap_space));
    struct heap_options options = {.flags = flags, .guard_above = SIZE_MAX};

    assert_true(heap_space_init(space, &world->pages, &options));
    return space;
}

static inline void end_heap_space(struct heap_space *space)
{
    heap_space_destroy(space);
    free(space);
}

/* file: NULL for plain Alloc. */
static inline pages_result try_block(struct heap *heap, size_t size, const char *file,
                                     uint32_t line, void **memory)
{
    struct heap_request request = {.size = size, .file = file, .line = line, .debug = file != NULL};

    return heap_alloc(heap, &request, memory);
}

/* Live blocks of all heaps; they must be what the heaps have counted. */
static inline uint64_t live_blocks(struct heap_space *space)
{
    struct heap_audit audit;

    assert_true(heap_audit(space, &audit));
    assert_int_equal(audit.counted_blocks, audit.found_blocks);
    assert_int_equal(audit.counted_bytes, audit.found_bytes);
    return audit.found_blocks;
}

static inline void assert_heaps(struct heap_space *space, uint64_t blocks, uint64_t bytes)
{
    struct heap_audit audit;

    assert_int_equal(live_blocks(space), blocks);
    assert_true(heap_audit(space, &audit));
    assert_int_equal(audit.found_bytes, bytes);
}

#endif
