/*
 * slab_memory.c: see slab_memory.h, where the protocol is.
 */
#include "heap/slab_memory.h"

#include "heap/reuse/large_cache.h"

/* ------------------------------------------------------------------------------------------------
 * Regions
 * --------------------------------------------------------------------------------------------- */

pages_result slab_memory_take(struct heap *heap, uint32_t critical_level, uintptr_t *base)
{
    struct counters *counters = heap->space->pages->counters;
    struct pages_request request = {
        .size = SLAB_SIZE,
        .type = OS_MEM_RESERVE | OS_MEM_COMMIT,
        .protect = atomic_load_explicit(&heap->executable, memory_order_relaxed)
                       ? OS_PAGE_EXECUTE_READWRITE
                       : OS_PAGE_READWRITE,
        .node = OS_ANY_NODE,
        .critical_level = critical_level,
        .heap = heap_number(heap) | REGION_IS_SLAB,
        .requested = SLAB_SIZE,
        .guard = (heap->space->options.flags & HEAP_HARDEN) != 0,
    };
    void *memory;
    pages_result result;

    if (request.guard)
        request.size += OS_PAGE_SIZE;
    counters_begin(counters, COUNTED_HEAP_PAGES);
    result = pages_alloc(heap->space->pages, &request, &memory);
    counters_end(counters, COUNTED_HEAP_PAGES, !result);
    if (!result) {
        gauge_add(&heap->slab_bytes, SLAB_SIZE);
        gauge_add(&counters->slab_bytes, SLAB_SIZE);
    }
    large_cache_age(heap->space);
    large_cache_ease(heap->space);
    *base = (uintptr_t)memory;
    return result;
}

size_t slab_memory_give(struct heap *heap, uint32_t number, uintptr_t base)
{
    struct heap_space *space = heap->space;
    struct counters *counters = space->pages->counters;
    size_t size;
    pages_result result;

    counters_begin(counters, COUNTED_HEAP_PAGES);
    result = pages_release_block(space->pages, (void *)base, number | REGION_IS_SLAB, &size);
    counters_end(counters, COUNTED_HEAP_PAGES, !result);
    if (result)
        return 0; /* the system refused: the region stays in the books */
    gauge_subtract(&heap->slab_bytes, SLAB_SIZE);
    gauge_subtract(&counters->slab_bytes, SLAB_SIZE);
    atomic_fetch_add_explicit(&space->given, 1, memory_order_seq_cst);
    return SLAB_SIZE;
}

/* ------------------------------------------------------------------------------------------------
 * Marks
 * --------------------------------------------------------------------------------------------- */

chunk_mark *slab_memory_mark(struct heap *heap, uintptr_t base)
{
    struct chunk_table *table = &heap->space->pages->table.chunks;
    struct chunk *chunk = chunk_table_find(table, chunk_number(base));

    if (!chunk || !chunk_ensure_marks(table, chunk))
        return NULL;
    return &atomic_load_explicit(&chunk->marks,
                                 memory_order_acquire)[base % CHUNK_SIZE / OS_GRANULE_SIZE];
}

uint32_t slab_memory_index_at(const struct heap_space *space, uintptr_t address)
{
    const chunk_mark *marks = chunk_table_marks(&space->pages->table.chunks, chunk_number(address));

    return marks ? atomic_load_explicit(&marks[address % CHUNK_SIZE / OS_GRANULE_SIZE],
                                        memory_order_acquire)
                 : 0;
}

/* The chunk's marks. A thread that frees in the same chunk again does not look them up again. */
static const chunk_mark *marks_at(const struct heap *heap, struct thread_counters *thread,
                                  uintptr_t number)
{
    const chunk_mark *marks = LOAD_RELAXED(thread->marks);

    if (marks && LOAD_RELAXED(thread->chunk) == number)
        return marks;
    marks = chunk_table_marks(&heap->space->pages->table.chunks, number);
    if (thread != &heap->shared) {
        STORE_RELAXED(thread->chunk, number);
        STORE_RELAXED(thread->marks, (chunk_mark *)marks);
    }
    return marks;
}

struct slab *heap_slab_of(const struct heap *heap, struct thread_counters *thread,
                          uintptr_t address)
{
    const chunk_mark *marks = marks_at(heap, thread, chunk_number(address));
    uint32_t index = marks ? atomic_load_explicit(&marks[address % CHUNK_SIZE / OS_GRANULE_SIZE],
                                                  memory_order_acquire)
                           : 0;

    return index ? heap_slab(heap->space, index) : NULL;
}
