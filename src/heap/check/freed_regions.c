/*
 * freed_regions.c: see freed_regions.h.
 *
 * Protocol. A place holds the index of a region, and a mark once damage of it has been told. Who
 * takes the word out, by an exchange or a compare-and-swap, gives the region back. Who looks keeps
 * the region's memory (kept_region.h), looks whether the word is still there, and sets the mark by
 * compare-and-swap: while the region is kept, its index is in no other place.
 */
#include "heap/check/freed_regions.h"

#include "heap/check/heap_damage.h"
#include "heap/check/heap_margins.h"
#include "heap/check/kept_region.h"
#include "heap/reuse/heap_live.h"

#include "os/os.h"

#define TOLD (UINT64_C(1) << 63)

static struct region *region_of(const struct heap_space *space, uint64_t word)
{
    return region_table_at(&space->pages->table, (uint32_t)word);
}

/* ------------------------------------------------------------------------------------------------
 * Damage
 * --------------------------------------------------------------------------------------------- */

/* True if what waits is filled; else its pages are gone. */
static bool is_filled(const struct heap_space *space)
{
    return (space->options.flags & HEAP_FILL_ON_FREE) != 0;
}

/*
 * The first byte that was changed in the block, or around it, since it was freed; 0: there is none,
 * or the program has protected pages of it since.
 */
static uintptr_t find_damage(const struct heap_space *space, const struct region_facts *facts)
{
    struct heap_margins margins = heap_margins_of_region(space, facts);
    struct heap_change change;

    if (!is_filled(space) || !kept_region_can_read(margins.head, margins.end))
        return 0;
    change = heap_find_change(margins.block, margins.tail, heap_pattern_of(HEAP_FILL_FREED));
    return change.first ? change.first : heap_margins_damage(&margins);
}

static void tell(struct heap_space *space, const struct region_facts *facts, uint32_t freed_by,
                 uintptr_t damage)
{
    struct heap_block block = heap_block_of_region(facts);

    block.heap &= ~REGION_IS_SLAB;
    block.freed_by = freed_by;
    heap_tell_damage(space, &block, HEAP_DAMAGE_FREED, damage);
}

/* The region's memory is kept. */
static bool look(struct heap_space *space, _Atomic uint64_t *place, uint64_t word)
{
    struct region *region = region_of(space, word);
    uint32_t freed_by = LOAD_RELAXED(region->watch);
    struct region_facts facts;
    uintptr_t damage;

    if (atomic_load_explicit(place, memory_order_acquire) != word || !region_read(region, &facts))
        return false;
    damage = find_damage(space, &facts);
    if (!damage || !atomic_compare_exchange_strong_explicit(
                       place, &word, word | TOLD, memory_order_acq_rel, memory_order_relaxed))
        return false;
    tell(space, &facts, freed_by, damage);
    return true;
}

bool freed_regions_look(struct heap_space *space, uint32_t heap)
{
    bool damaged = false;

    for (uint32_t i = 0; i < FREED_PLACES; i++) {
        _Atomic uint64_t *place = &space->freed.places[i];
        uint64_t word = atomic_load_explicit(place, memory_order_acquire);
        struct kept_region kept;

        if (!word || word & TOLD || !kept_region_begin(space, region_of(space, word), &kept))
            continue;
        if ((!heap || kept.facts.heap == (heap | REGION_IS_SLAB)) && look(space, place, word))
            damaged = true;
        kept_region_end(space, &kept);
    }
    return damaged;
}

/* ------------------------------------------------------------------------------------------------
 * Giving back
 * --------------------------------------------------------------------------------------------- */

/* The region is the caller's alone. *given: its pages; its address space goes back as well. */
static pages_result give(struct heap_space *space, const struct region_facts *facts, size_t *given)
{
    size_t requested;
    pages_result result =
        pages_release_block(space->pages, (void *)facts->block, facts->heap, &requested);

    *given = result ? 0 : facts->committed;
    if (!result)
        atomic_fetch_add_explicit(&space->given, 1, memory_order_seq_cst);
    return result;
}

/* The system has refused the region that was to go back: it waits on, in any place. */
static void wait_on(struct heap_space *space, uint64_t word, size_t size)
{
    for (uint32_t i = 0; i < FREED_PLACES; i++) {
        uint64_t none = 0;

        atomic_fetch_add_explicit(&space->freed.bytes, size, memory_order_relaxed);
        if (atomic_compare_exchange_strong_explicit(&space->freed.places[i], &none, word,
                                                    memory_order_acq_rel, memory_order_relaxed))
            return;
        atomic_fetch_sub_explicit(&space->freed.bytes, size, memory_order_relaxed);
    }
}

/* The caller has taken the word out of its place. */
static size_t give_waiting(struct heap_space *space, uint64_t word)
{
    struct region *region = region_of(space, word);
    uint32_t freed_by = LOAD_RELAXED(region->watch);
    struct region_facts facts;
    pages_result result;
    uintptr_t damage;
    size_t given;

    if (!region_read(region, &facts))
        return 0;
    atomic_fetch_sub_explicit(&space->freed.bytes, facts.size, memory_order_relaxed);
    damage = (word & TOLD) ? 0 : find_damage(space, &facts);
    if (damage)
        tell(space, &facts, freed_by, damage);
    counters_begin(space->pages->counters, COUNTED_HEAP_PAGES);
    result = give(space, &facts, &given);
    counters_end(space->pages->counters, COUNTED_HEAP_PAGES, !result);
    if (result)
        wait_on(space, damage ? word | TOLD : word, facts.size);
    return given;
}

size_t freed_regions_give(struct heap_space *space, uint32_t heap)
{
    size_t given = 0;

    if (!LOAD_RELAXED(space->freed.bytes))
        return 0;
    for (uint32_t i = 0; i < FREED_PLACES; i++) {
        _Atomic uint64_t *place = &space->freed.places[i];
        uint64_t word = atomic_load_explicit(place, memory_order_acquire);

        while (word &&
               (!heap || LOAD_RELAXED(region_of(space, word)->heap) == (heap | REGION_IS_SLAB))) {
            if (atomic_compare_exchange_weak_explicit(place, &word, 0, memory_order_acq_rel,
                                                      memory_order_acquire)) {
                given += give_waiting(space, word);
                break;
            }
        }
    }
    return given;
}

/* ------------------------------------------------------------------------------------------------
 * Waiting
 * --------------------------------------------------------------------------------------------- */

/* ending: bytes that count as live still, and do not live any more. */
static uint64_t most(const struct heap_space *space, size_t ending)
{
    uint64_t live = heap_live(&space->live);

    return FREED_BYTES + (live > ending ? live - ending : 0) / HEAP_IDLE_SHARE;
}

/* Gives back what is in the next place, and puts the word there, or (0) nothing. */
static void turn(struct heap_space *space, uint64_t word)
{
    uint32_t next = atomic_fetch_add_explicit(&space->freed.next, 1, memory_order_relaxed);
    uint64_t old = atomic_exchange_explicit(&space->freed.places[next % FREED_PLACES], word,
                                            memory_order_acq_rel);

    if (old)
        give_waiting(space, old);
}

/* Fills the freed block, or takes its pages away. False: it cannot be filled. */
static bool lay_out(struct heap_space *space, const struct region *region,
                    const struct region_facts *facts)
{
    const struct heap_margins margins = heap_margins_of_region(space, facts);

    /* Who began to look before the block was freed may be reading. Nobody begins to any more. */
    if (!is_filled(space))
        return !pages_trim_block_at(space->pages, region_table_index(&space->pages->table, region),
                                    facts, facts->base);
    if (!kept_region_can_write(margins.head, margins.end))
        return false;
    /* What was wrong with the margins has been told. */
    heap_margins_lay(&margins);
    os_fill((void *)facts->block, HEAP_FILL_FREED, facts->requested);
    return true;
}

/* Lets the freed block wait. False: it cannot. */
static bool wait(struct heap_space *space, struct region *region, const struct region_facts *facts)
{
    if (facts->size > most(space, facts->requested) || !lay_out(space, region, facts))
        return false;
    STORE_RELAXED(region->watch, os_thread_id());
    atomic_fetch_add_explicit(&space->freed.bytes, facts->size, memory_order_relaxed);
    turn(space, region_table_index(&space->pages->table, region));
    return true;
}

void freed_regions_keep_bound(struct heap_space *space)
{
    for (uint32_t i = 0; i < FREED_PLACES && LOAD_RELAXED(space->freed.bytes) > most(space, 0); i++)
        turn(space, 0);
}

pages_result freed_regions_take(struct heap_space *space, void *block, uint32_t heap,
                                size_t *requested)
{
    struct region *region;
    struct region_facts facts;
    pages_result result;
    size_t given;

    if (!pages_hand_block_over(space->pages, block, heap, heap | REGION_IS_SLAB))
        return PAGES_FOREIGN;
    /* From now on only this thread knows of the region. */
    region = region_table_find(&space->pages->table, (uintptr_t)block);
    if (!region || !region_read(region, &facts))
        return PAGES_FOREIGN;
    *requested = facts.requested;
    if (wait(space, region, &facts))
        return PAGES_OK;
    result = give(space, &facts, &given);
    if (result)
        pages_hand_block_over(space->pages, block, facts.heap, heap);
    return result;
}
