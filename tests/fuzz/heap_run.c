/*
 * heap_run.c: see heap_run.h.
 */
#include "heap_run.h"

struct heap_run run;

/* ------------------------------------------------------------------------------------------------
 * Blocks
 * --------------------------------------------------------------------------------------------- */

const struct slot *heap_run_block_at(const unsigned char *address)
{
    for (size_t i = 0; i < HEAP_SLOTS; i++) {
        if (run.slots[i].live && run.slots[i].address == address)
            return &run.slots[i];
    }
    return NULL;
}

const struct slot *heap_run_overlapping(const unsigned char *address, size_t size)
{
    uintptr_t begin = (uintptr_t)address;
    uintptr_t end = begin + (size ? size : 1);

    for (size_t i = 0; i < HEAP_SLOTS; i++) {
        const struct slot *slot = &run.slots[i];
        uintptr_t other = (uintptr_t)slot->address;

        if (slot->live && begin < other + (slot->size ? slot->size : 1) && other < end)
            return slot;
    }
    return NULL;
}

/* Of larger blocks only both ends are written to. */
#define WHOLE ((size_t)512)
#define ENDS ((size_t)64)

void heap_run_write(struct slot *slot)
{
    run.last_pattern =
        (unsigned char)(run.last_pattern % 199 + 1); /* never one of heap_space.h's */
    slot->pattern = run.last_pattern;
    if (slot->size <= WHOLE) {
        memset(slot->address, slot->pattern, slot->size);
        return;
    }
    memset(slot->address, slot->pattern, ENDS);
    memset(slot->address + slot->size - ENDS, slot->pattern, ENDS);
}

static void look_at(const struct slot *slot, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        assert_int_equal(slot->address[i], slot->pattern);
}

void heap_run_look(const struct slot *slot)
{
    if (slot->size <= WHOLE) {
        look_at(slot, 0, slot->size);
        return;
    }
    look_at(slot, 0, ENDS);
    look_at(slot, slot->size - ENDS, slot->size);
}

static void count(struct model_heap *heap, uint64_t blocks, uint64_t bytes)
{
    heap->blocks += blocks;
    heap->bytes += bytes;
    if (heap->blocks > heap->peak_blocks)
        heap->peak_blocks = heap->blocks;
    if (heap->bytes > heap->peak_bytes)
        heap->peak_bytes = heap->bytes;
}

void heap_run_born(struct slot *slot, unsigned heap, void *memory, size_t size)
{
    slot->live = true;
    slot->heap = heap;
    slot->address = memory;
    slot->size = size;
    run.heaps[heap].allocated++;
    count(&run.heaps[heap], 1, size);
    heap_run_write(slot);
}

void heap_run_died(struct slot *slot)
{
    slot->live = false;
    run.heaps[slot->heap].freed++;
    count(&run.heaps[slot->heap], (uint64_t)-1, -(uint64_t)slot->size);
}

void heap_run_resized(struct slot *slot, size_t size)
{
    count(&run.heaps[slot->heap], 0, size - slot->size);
    slot->size = size;
    heap_run_write(slot);
}

/* ------------------------------------------------------------------------------------------------
 * What must hold
 * --------------------------------------------------------------------------------------------- */

/* What thread_counters.h promises of peaks. They are those before a look, which raises them. */
static void check_peaks(const struct model_heap *model, uint64_t peak_blocks, uint64_t peak_bytes)
{
    uint32_t threads = LOAD_RELAXED(model->heap->thread_count);
    uint64_t blocks_short = threads > 1 ? (uint64_t)threads * PEAK_BLOCKS_STEP : 0;
    uint64_t bytes_short = threads > 1 ? (uint64_t)threads * PEAK_BYTES_STEP : 0;

    assert_true(peak_blocks <= model->peak_blocks);
    assert_true(peak_bytes <= model->peak_bytes);
    assert_true(peak_blocks + blocks_short >= model->peak_blocks);
    assert_true(peak_bytes + bytes_short >= model->peak_bytes);
}

static void check_heap(const struct model_heap *model)
{
    struct heap_figures figures;

    check_peaks(model, heap_peak_of(LOAD_RELAXED(model->heap->peak_blocks)),
                heap_peak_of(LOAD_RELAXED(model->heap->peak_bytes)));
    assert_true(heap_figures(model->heap, &figures));
    assert_int_equal(figures.inside, 0);
    assert_int_equal(figures.blocks, model->blocks);
    assert_int_equal(figures.block_bytes, model->bytes);
    assert_int_equal(figures.counts[THREAD_ALLOCATED] + figures.counts[THREAD_DEBUG_ALLOCATED],
                     model->allocated);
    assert_int_equal(figures.counts[THREAD_FREED], model->freed);
    assert_true(figures.peak_blocks >= figures.blocks);
    assert_true(figures.peak_bytes >= figures.block_bytes);
    check_peaks(model, figures.peak_blocks, figures.peak_bytes);
    if (!run.fault_has_struck) /* otherwise a thread may have no counters of its own */
        assert_int_equal(LOAD_RELAXED(model->heap->thread_count),
                         (uint64_t)__builtin_popcount(model->threads));
}

static uint64_t refused_blocks(void)
{
    uint64_t sum = 0;

    for (int why = 0; why < BLOCK_REFUSALS; why++)
        sum += counter_read(&run.world->counters.refused_blocks[why]);
    return sum;
}

void heap_run_check_totals(void)
{
    const struct counters *counters = &run.world->counters;

    for (size_t i = 0; i < HEAP_COUNT; i++) {
        if (run.heaps[i].heap)
            check_heap(&run.heaps[i]);
    }
    assert_int_equal(refused_blocks(), run.refused);
    assert_int_equal(counter_read(&counters->leaked_blocks), run.leaked_blocks);
    assert_int_equal(counter_read(&counters->leaked_bytes), run.leaked_bytes);
    assert_int_equal(counter_read(&counters->corrupted_blocks), run.corrupted);
    assert_int_equal(counter_read(&counters->calls[COUNTED_MALLOC_ALLOC].ended) +
                         counter_read(&counters->calls[COUNTED_MALLOC_DEBUG_ALLOC].ended),
                     run.ended_allocated);
    assert_int_equal(counter_read(&counters->calls[COUNTED_MALLOC_FREE].ended), run.ended_freed);
}

static void check_found(const struct slot *slot, uintptr_t address)
{
    struct heap_block block;

    assert_true(heap_find_block(run.space, address, &block));
    assert_ptr_equal(block.address, slot->address);
    assert_int_equal(block.size, slot->size);
    assert_int_equal(block.heap, heap_number(run.heaps[slot->heap].heap));
    if (slot->known)
        assert_int_equal(block.line, slot->line);
}

/* No other heap, and no other address, has the block's size; beside it there is none. */
static void check_beside(const struct slot *slot)
{
    struct heap *heap = run.heaps[slot->heap].heap;
    struct heap *other = run.heaps[(slot->heap + 1) % HEAP_COUNT].heap;
    struct heap_block block;
    size_t size;

    if (other)
        assert_false(heap_size_of(other, slot->address, &size));
    if (slot->size > 1)
        assert_false(heap_size_of(heap, slot->address + 1, &size));
    if (slot->size && !heap_run_overlapping(slot->address + slot->size, 1))
        assert_false(heap_find_block(run.space, (uintptr_t)slot->address + slot->size, &block));
}

static void check_block(const struct slot *slot)
{
    size_t size;

    heap_run_look(slot);
    check_beside(slot);
    assert_true(heap_owns(run.space, slot->address));
    assert_true(heap_size_of(run.heaps[slot->heap].heap, slot->address, &size));
    assert_int_equal(size, slot->size);
    check_found(slot, (uintptr_t)slot->address);
    if (slot->size)
        check_found(slot, (uintptr_t)slot->address + slot->size - 1);
}

/* An enumeration of one heap, or of all (NULL), meets what the model has. */
static void check_enumeration(const struct model_heap *model, uint64_t blocks, uint64_t bytes)
{
    struct heap_cursor cursor = {0};
    struct heap_block block;
    uint64_t met = 0, met_bytes = 0;

    while (heap_next_block(run.space, model ? heap_number(model->heap) : 0, &cursor, &block)) {
        met++;
        met_bytes += block.size;
    }
    assert_int_equal(met, blocks);
    assert_int_equal(met_bytes, bytes);
}

void heap_run_check_all(void)
{
    uint64_t blocks = 0, bytes = 0;

    for (size_t i = 0; i < HEAP_SLOTS; i++) {
        if (run.slots[i].live)
            check_block(&run.slots[i]);
    }
    for (size_t i = 0; i < HEAP_COUNT; i++) {
        if (!run.heaps[i].heap)
            continue;
        check_enumeration(&run.heaps[i], run.heaps[i].blocks, run.heaps[i].bytes);
        blocks += run.heaps[i].blocks;
        bytes += run.heaps[i].bytes;
    }
    check_enumeration(NULL, blocks, bytes);
    assert_heaps(run.space, blocks, bytes);
    assert_exact(run.world);
}
