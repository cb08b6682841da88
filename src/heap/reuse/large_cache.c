/*
 * large_cache.c: see large_cache.h.
 */
#include "heap/reuse/large_cache.h"

#include "heap/reuse/heap_live.h"
#include "heap/reuse/heap_visit.h"
#include "heap/reuse/large_places.h"
#include "heap/reuse/large_slack.h"

#include "os/os.h"

static size_t size_of(const struct heap_space *space, uint32_t region)
{
    return LOAD_RELAXED(region_table_at(&space->pages->table, region)->size);
}

static bool is_of(uint64_t word, const struct heap *heap)
{
    return word && (!heap || large_places_heap(word) == heap->index);
}

/* ------------------------------------------------------------------------------------------------
 * Places
 * --------------------------------------------------------------------------------------------- */

/* counted: how many bytes of the region have been counted as kept. They are not if this fails. */
static bool put(struct heap *heap, uint32_t region, size_t counted)
{
    struct large_cache *cache = &heap->space->large;
    size_t size = size_of(heap->space, region);
    uint32_t stamp = atomic_fetch_add_explicit(&cache->puts, 1, memory_order_relaxed) + 1;
    uint32_t place;

    heap_kept_add(heap, (int64_t)size - (int64_t)counted);
    if (large_cache_serves(heap, size) &&
        large_places_put(cache, large_places_bin(size),
                         large_places_word(region, heap->index, stamp), &place)) {
        STORE_RELAXED(cache->latest, place + 1);
        return true;
    }
    heap_kept_add(heap, -(int64_t)size);
    return false;
}

/* Takes a word out of its place. inside: a heap in a call of which this is done, or NULL. */
static bool take(struct heap_space *space, uint32_t place, uint64_t word, const struct heap *inside)
{
    struct heap *heap = pool_item(&space->heaps, large_places_heap(word));
    bool taken;

    if (heap != inside && !heap_visit(heap))
        return false;
    taken = large_places_take(&space->large, place, word);
    if (taken)
        heap_kept_add(heap, -(int64_t)size_of(space, large_places_region(word)));
    if (heap != inside)
        heap_visit_end(heap);
    return taken;
}

/* ------------------------------------------------------------------------------------------------
 * Releasing
 * --------------------------------------------------------------------------------------------- */

size_t large_cache_drop(struct heap_space *space, uint32_t region)
{
    struct counters *counters = space->pages->counters;
    size_t size = size_of(space, region);
    pages_result result;

    counters_begin(counters, COUNTED_HEAP_PAGES);
    result = pages_release_cached(space->pages, region);
    counters_end(counters, COUNTED_HEAP_PAGES, !result);
    if (result)
        return 0;
    atomic_fetch_add_explicit(&space->given, 1, memory_order_seq_cst);
    return size;
}

/* Takes a word out of its place, and releases its region. */
static size_t release(struct heap_space *space, uint32_t place, uint64_t word,
                      const struct heap *inside)
{
    return take(space, place, word, inside) ? large_cache_drop(space, large_places_region(word))
                                            : 0;
}

size_t large_cache_give(struct heap_space *space, struct heap *heap)
{
    size_t given = 0;

    for (uint32_t place = 0;
         (place = large_places_next(&space->large, place, LARGE_PLACES)) < LARGE_PLACES; place++) {
        uint64_t word = large_places_look(&space->large, place);

        if (is_of(word, heap))
            given += release(space, place, word, heap);
    }
    return given;
}

size_t large_cache_give_range(struct heap_space *space, struct range range)
{
    size_t given = 0;

    for (uint32_t place = 0;
         (place = large_places_next(&space->large, place, LARGE_PLACES)) < LARGE_PLACES; place++) {
        uint64_t word = large_places_look(&space->large, place);
        const struct region *region =
            region_table_at(&space->pages->table, large_places_region(word));

        if (word && range_meets(range, LOAD_RELAXED(region->base), LOAD_RELAXED(region->size)))
            given += release(space, place, word, NULL);
    }
    return given;
}

/* ------------------------------------------------------------------------------------------------
 * The bound
 * --------------------------------------------------------------------------------------------- */

static uint32_t age_of(const struct large_cache *cache, uint64_t word)
{
    return (LOAD_RELAXED(cache->puts) - large_places_stamp(word)) & LARGE_STAMP_MASK;
}

/*
 * Releases the region of the heap, or (NULL) of all, whose age times size is greatest. False: none
 * was met.
 */
static bool release_worst(struct heap_space *space, const struct heap *heap,
                          const struct heap *inside)
{
    uint64_t worst = 0, worst_word = 0;
    uint32_t worst_place = 0;

    for (uint32_t place = 0;
         (place = large_places_next(&space->large, place, LARGE_PLACES)) < LARGE_PLACES; place++) {
        uint64_t word = large_places_look(&space->large, place), badness;

        if (!is_of(word, heap))
            continue;
        badness =
            (uint64_t)(age_of(&space->large, word) + 1) * size_of(space, large_places_region(word));
        if (badness > worst) {
            worst = badness;
            worst_word = word;
            worst_place = place;
        }
    }
    if (worst)
        release(space, worst_place, worst_word, inside);
    return worst != 0;
}

static bool is_too_much(const _Atomic uint64_t *bytes, const _Atomic uint64_t *live)
{
    return heap_live(bytes) > LARGE_KEPT + heap_live(live) / 4 * 3;
}

void large_cache_keep_bound(struct heap *heap)
{
    struct heap_space *space = heap->space;

    while (is_too_much(&heap->cached, &heap->large_bytes.now) && release_worst(space, heap, heap))
        ;
    while (is_too_much(&space->large.bytes, &space->large.live) && release_worst(space, NULL, heap))
        ;
}

static bool is_near_limit(const struct budget_kind *kind)
{
    uint64_t limit = budget_bound(kind, BUDGET_TASK_CRITICAL);

    return limit != BUDGET_ENDLESS && budget_used(kind) > limit - limit / 8;
}

bool large_cache_has_room(struct heap *heap)
{
    const struct budget *budget = &heap->space->pages->budget;

    if (!is_near_limit(&budget->committed) && !is_near_limit(&budget->reserved))
        return true;
    release_worst(heap->space, NULL, heap);
    return false;
}

/* ------------------------------------------------------------------------------------------------
 * Age
 * --------------------------------------------------------------------------------------------- */

/*
 * `ages` holds the number of a period of half of LARGE_AGE_MILLISECONDS, above the stamps from
 * which on this period and the one before it have given: bits 0-23 before, 24-47 this one. What
 * was put in earlier has not been used for a whole period.
 *
 * `aging` is not 0 while there may be more of that to release: AGING above the stamp, and SLACK
 * while there may be slack to give back. Each call releases a little, so that none takes very long.
 */
#define PERIOD (LARGE_AGE_MILLISECONDS / 2)
#define AGED_AT_ONCE 4u
#define AGING (UINT64_C(1) << 63)
#define AGING_SLACK (UINT64_C(1) << 62)

static uint64_t ages_word(uint64_t period, uint32_t before, uint32_t now)
{
    return period << 48 | (uint64_t)(now & LARGE_STAMP_MASK) << 24 | (before & LARGE_STAMP_MASK);
}

/* Releases some of what is older than the stamp. True: that was all. */
static bool release_older(struct heap_space *space, uint32_t stamp)
{
    uint32_t now = LOAD_RELAXED(space->large.puts);
    uint32_t bound = (now - stamp) & LARGE_STAMP_MASK;
    uint32_t left = AGED_AT_ONCE;

    for (uint32_t place = 0;
         (place = large_places_next(&space->large, place, LARGE_PLACES)) < LARGE_PLACES; place++) {
        uint64_t word = large_places_look(&space->large, place);
        uint32_t age = (now - large_places_stamp(word)) & LARGE_STAMP_MASK;

        /* What was put in meanwhile seems to be older than half of all stamps. */
        if (!word || age < bound || age > LARGE_STAMP_MASK / 2)
            continue;
        if (!left--)
            return false;
        release(space, place, word, NULL);
    }
    return true;
}

/* Goes on with what is due: `aging`. */
static void go_on(struct heap_space *space, uint64_t aging, uint64_t now)
{
    uint64_t left = aging;

    if ((aging & AGING) && release_older(space, (uint32_t)aging & LARGE_STAMP_MASK))
        left &= AGING_SLACK;
    if ((aging & AGING_SLACK) && large_slack_age(space, now - LARGE_AGE_MILLISECONDS))
        left &= ~AGING_SLACK;
    if (left != aging)
        atomic_compare_exchange_strong_explicit(&space->large.aging, &aging, left,
                                                memory_order_relaxed, memory_order_relaxed);
}

void large_cache_ease(struct heap_space *space)
{
    const struct budget *budget = &space->pages->budget;

    if (heap_live(&space->large.bytes) &&
        (is_near_limit(&budget->committed) || is_near_limit(&budget->reserved))) {
        large_cache_give(space, NULL);
        large_slack_give(space);
    }
}

void large_cache_age(struct heap_space *space)
{
    struct large_cache *cache = &space->large;
    uint64_t ages = LOAD_RELAXED(cache->ages);
    uint64_t now = os_tick_milliseconds(), period = (now / PERIOD) & 0xffff;
    uint64_t aging = LOAD_RELAXED(cache->aging);
    uint32_t puts, before;

    if (ages >> 48 == period) {
        if (aging)
            go_on(space, aging, now);
        return;
    }
    puts = LOAD_RELAXED(cache->puts);
    before = (((ages >> 48) + 1) & 0xffff) == period ? (uint32_t)(ages >> 24) : puts;
    if (atomic_compare_exchange_strong_explicit(&cache->ages, &ages,
                                                ages_word(period, before, puts),
                                                memory_order_relaxed, memory_order_relaxed)) {
        aging = AGING | AGING_SLACK | (before & LARGE_STAMP_MASK);
        STORE_RELAXED(cache->aging, aging);
        go_on(space, aging, now);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Keeping, and taking
 * --------------------------------------------------------------------------------------------- */

bool large_cache_serves(const struct heap *heap, size_t region_size)
{
    return region_size > LARGE_SMALLEST && region_size <= LARGE_LARGEST &&
           !heap_has_margins(&heap->space->options) &&
           !(heap->space->options.flags & (HEAP_FILL_ON_FREE | HEAP_DELAY_REUSE)) &&
           !LOAD_RELAXED(heap->executable);
}

static void keep(struct heap *heap, uint32_t region, size_t counted)
{
    if (put(heap, region, counted))
        large_cache_keep_bound(heap);
    else
        large_cache_drop(heap->space, region);
}

void large_cache_keep(struct heap *heap, uint32_t region)
{
    keep(heap, region, large_slack_take(heap, region));
}

/* How much larger than asked a region may be: nothing near a limit. */
static size_t most_slack(const struct heap *heap, size_t region_size)
{
    const struct budget *budget = &heap->space->pages->budget;

    return is_near_limit(&budget->committed) ? 0 : region_size / 4;
}

static size_t most_size(size_t region_size, size_t slack)
{
    return region_size + slack < LARGE_LARGEST ? region_size + slack : LARGE_LARGEST;
}

static bool fits(const struct heap_space *space, uint32_t region, size_t least, size_t most)
{
    size_t size = size_of(space, region);

    return size >= least && size <= most;
}

/* Takes what stands in the place if it fits. 0: it does not. */
static uint32_t take_fitting(struct heap *heap, uint32_t place, size_t least, size_t most)
{
    uint64_t word = large_places_look(&heap->space->large, place);
    uint32_t region = large_places_region(word);

    if (!word || !fits(heap->space, region, least, most) || !take(heap->space, place, word, heap))
        return 0;
    if (fits(heap->space, region, least, most))
        return region;
    keep(heap, region, 0);
    return 0;
}

/*
 * Takes the memory that was freed last, which the processor's caches hold most of, while there is
 * little slack in all, even if it is much larger. 0: it does not fit.
 */
static uint32_t take_latest(struct heap *heap, size_t region_size, size_t slack)
{
    struct large_cache *cache = &heap->space->large;
    uint32_t latest = LOAD_RELAXED(cache->latest);
    uint64_t there = heap_live(&cache->slack);

    if (!latest)
        return 0;
    if (slack && there + slack < LARGE_SLACK)
        slack = LARGE_SLACK - (size_t)there;
    return take_fitting(heap, latest - 1, region_size, most_size(region_size, slack));
}

uint32_t large_cache_take(struct heap *heap, size_t region_size)
{
    const struct large_cache *cache = &heap->space->large;
    size_t slack = most_slack(heap, region_size), most = most_size(region_size, slack);
    uint32_t region = take_latest(heap, region_size, slack);
    uint32_t place = large_places_bin(region_size) * LARGE_BIN_PLACES;
    uint32_t end = (large_places_bin(most) + 1) * LARGE_BIN_PLACES;

    for (; !region && (place = large_places_next(cache, place, end)) < end; place++)
        region = take_fitting(heap, place, region_size, most);
    return region;
}
