/*
 * large_slack.c: see large_slack.h, where the protocol is.
 */
#include "heap/reuse/large_slack.h"

#include "heap/reuse/heap_live.h"
#include "heap/reuse/heap_visit.h"

#define LOOKS_AT_ONCE 32u /* so that no call takes very long */

/* ------------------------------------------------------------------------------------------------
 * The word
 * --------------------------------------------------------------------------------------------- */

#define PAGES_BITS 9u
#define HEAP_BITS 15u
#define SEQUENCE_SHIFT (PAGES_BITS + HEAP_BITS)

static uint64_t word_of(uint64_t sequence, uint32_t heap, size_t bytes)
{
    return sequence << SEQUENCE_SHIFT | (uint64_t)heap << PAGES_BITS | bytes / OS_PAGE_SIZE;
}

static size_t bytes_in(uint64_t word)
{
    return (size_t)(word & ((1u << PAGES_BITS) - 1)) * OS_PAGE_SIZE;
}

/* The bytes that the word tells, if it is of the block with that sequence number. */
static size_t bytes_of(uint64_t word, uint64_t sequence)
{
    bool is_its = (word ^ sequence << SEQUENCE_SHIFT) >> SEQUENCE_SHIFT == 0;

    return is_its ? bytes_in(word) : 0;
}

static struct heap *heap_of(const struct heap_space *space, uint64_t word)
{
    return pool_item(&space->heaps, (uint32_t)(word >> PAGES_BITS) & ((1u << HEAP_BITS) - 1));
}

static struct region *region_at(const struct heap_space *space, uint32_t region)
{
    return region_table_at(&space->pages->table, region);
}

static void count(struct heap *heap, int64_t bytes)
{
    heap_kept_add(heap, bytes);
    atomic_fetch_add_explicit(&heap->space->large.slack, (uint64_t)bytes, memory_order_relaxed);
}

static bool add(struct heap_space *space, uint32_t region)
{
    return index_set_add(&space->large.slack_regions, &space->set_nodes, region);
}

static void take_out(struct heap_space *space, uint32_t region)
{
    index_set_remove(&space->large.slack_regions, &space->set_nodes, region);
    /* What follows reads the word after the bit is gone: who writes a word later adds the bit. */
    atomic_thread_fence(memory_order_seq_cst);
}

/* Takes the slack that was read in the word. False: it is not that any more. */
static bool empty(struct heap_space *space, uint32_t region, uint64_t word)
{
    take_out(space, region);
    if (atomic_compare_exchange_strong_explicit(&region_at(space, region)->slack, &word, 0,
                                                memory_order_acq_rel, memory_order_relaxed))
        return true;
    if (bytes_in(word))
        add(space, region); /* its node is there */
    return false;
}

/* ------------------------------------------------------------------------------------------------
 * The block's own thread
 * --------------------------------------------------------------------------------------------- */

static size_t needed(size_t requested)
{
    return (requested + OS_PAGE_SIZE - 1) & ~(OS_PAGE_SIZE - 1);
}

static size_t give(struct heap_space *space, uint32_t region, const struct region_facts *seen,
                   size_t bytes)
{
    struct counters *counters = space->pages->counters;
    pages_result result;

    counters_begin(counters, COUNTED_HEAP_PAGES);
    result = pages_trim_block_at(space->pages, region, seen, seen->base + seen->size - bytes);
    counters_end(counters, COUNTED_HEAP_PAGES, !result);
    if (result)
        return 0;
    atomic_fetch_add_explicit(&space->given, 1, memory_order_seq_cst);
    return bytes;
}

void large_slack_note(struct heap *heap, uint32_t index)
{
    struct heap_space *space = heap->space;
    struct region *region = region_at(space, index);
    uint64_t word, none = 0;
    struct region_facts facts;
    size_t bytes;

    /* Another thread may have freed the block, which is not known yet: the region is another's. */
    if (LOAD_RELAXED(region->size) == needed(LOAD_RELAXED(region->requested)) ||
        !region_read(region, &facts) || facts.heap != heap_number(heap))
        return;
    bytes = facts.size - needed(facts.requested);
    word = word_of(facts.sequence, heap->index, bytes);
    if (!bytes || !atomic_compare_exchange_strong_explicit(
                      &region->slack, &none, word, memory_order_release, memory_order_relaxed))
        return;
    count(heap, (int64_t)bytes);
    if (add(space, index) || !empty(space, index, word))
        return;
    count(heap, -(int64_t)bytes);
    give(space, index, &facts, bytes);
}

size_t large_slack_of(const struct heap *heap, uint32_t region, const struct region_facts *seen)
{
    return bytes_of(
        atomic_load_explicit(&region_at(heap->space, region)->slack, memory_order_acquire),
        seen->sequence);
}

bool large_slack_use(struct heap *heap, uint32_t region, const struct region_facts *seen,
                     size_t bytes)
{
    _Atomic uint64_t *slack = &region_at(heap->space, region)->slack;
    uint64_t word = atomic_load_explicit(slack, memory_order_acquire);
    size_t there = bytes_of(word, seen->sequence);
    bool used;

    if (there < bytes)
        return false;
    if (there == bytes)
        used = empty(heap->space, region, word);
    else
        used = atomic_compare_exchange_strong_explicit(
            slack, &word, word_of(seen->sequence, heap->index, there - bytes), memory_order_acq_rel,
            memory_order_relaxed);
    if (used)
        count(heap, -(int64_t)bytes);
    return used;
}

void large_slack_drop(struct heap *heap, uint32_t region, const struct region_facts *seen)
{
    size_t bytes;

    while ((bytes = large_slack_of(heap, region, seen)) != 0 &&
           !large_slack_use(heap, region, seen, bytes))
        ;
}

size_t large_slack_take(struct heap *heap, uint32_t index)
{
    struct heap_space *space = heap->space;
    struct region *region = region_at(space, index);
    size_t bytes = bytes_of(atomic_exchange_explicit(&region->slack, 0, memory_order_acq_rel),
                            LOAD_RELAXED(region->sequence));

    if (!bytes)
        return 0;
    index_set_remove(&space->large.slack_regions, &space->set_nodes, index);
    atomic_fetch_sub_explicit(&space->large.slack, bytes, memory_order_relaxed);
    return bytes;
}

/* ------------------------------------------------------------------------------------------------
 * Any thread
 * --------------------------------------------------------------------------------------------- */

/*
 * Gives back the slack of the block that is seen there. A region that has none does not belong into
 * the set.
 */
static size_t give_back(struct heap_space *space, uint32_t region, const struct region_facts *seen,
                        uint64_t word)
{
    size_t bytes = bytes_of(word, seen->sequence), given = 0;
    struct heap *heap = heap_of(space, word);

    if (!bytes || !heap_visit(heap))
        return 0;
    if (empty(space, region, word)) {
        count(heap, -(int64_t)bytes);
        given = give(space, region, seen, bytes);
    }
    heap_visit_end(heap);
    return given;
}

/* The next region of the set from that one on, with its word. */
static uint32_t next(struct heap_space *space, uint32_t from, uint64_t *word)
{
    uint32_t region;

    while ((region = index_set_next(&space->large.slack_regions, &space->set_nodes, from)) != 0) {
        *word = atomic_load_explicit(&region_at(space, region)->slack, memory_order_acquire);
        if (bytes_in(*word))
            return region;
        empty(space, region, *word);
        from = region + 1;
    }
    return 0;
}

size_t large_slack_give(struct heap_space *space)
{
    struct region_facts facts;
    uint32_t region = 0;
    uint64_t word;
    size_t given = 0;

    if (!heap_live(&space->large.slack))
        return 0;
    while ((region = next(space, region + 1, &word)) != 0) {
        if (region_read(region_at(space, region), &facts))
            given += give_back(space, region, &facts, word);
    }
    return given;
}

static bool is_old(const struct region_facts *facts, uint64_t word, uint64_t before)
{
    return facts->tick < before && bytes_in(word) > (facts->size - bytes_in(word)) / 4;
}

bool large_slack_age(struct heap_space *space, uint64_t before)
{
    uint32_t region = LOAD_RELAXED(space->large.slack_cursor);
    struct region_facts facts;
    uint64_t word;

    for (uint32_t looks = 0; looks < LOOKS_AT_ONCE; looks++) {
        region = next(space, region + 1, &word);
        if (!region)
            break;
        if (region_read(region_at(space, region), &facts) && is_old(&facts, word, before) &&
            give_back(space, region, &facts, word))
            looks += LOOKS_AT_ONCE / 4;
    }
    STORE_RELAXED(space->large.slack_cursor, region);
    return !region;
}
