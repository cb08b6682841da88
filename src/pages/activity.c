/*
 * activity.c: see activity.h, where the protocol is.
 */
#include "pages/activity.h"

#define UNDER_WAY_MASK UINT64_C(0xffff)
#define CROWDED (UINT64_C(1) << 16)
#define ONE_BEGINS ((UINT64_C(1) << 17) + 1)

#define GROUPS 64u
#define GRANULE_PAGES (OS_GRANULE_SIZE / OS_PAGE_SIZE)

/* How many granules are settled together. */
#define BATCH 32u

/* ------------------------------------------------------------------------------------------------
 * One granule
 * --------------------------------------------------------------------------------------------- */

static void enter(chunk_activity *word, bool settling)
{
    uint64_t before = atomic_load_explicit(word, memory_order_relaxed);
    uint64_t after;

    do {
        after = before + ONE_BEGINS;
        if (settling || (before & UNDER_WAY_MASK))
            after |= CROWDED;
    } while (!atomic_compare_exchange_weak_explicit(word, &before, after, memory_order_acq_rel,
                                                    memory_order_relaxed));
}

static uint64_t look(const chunk_activity *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

/* False: the word is no longer `before`. */
static bool leave(chunk_activity *word, uint64_t before)
{
    uint64_t after = before - 1;

    if ((after & UNDER_WAY_MASK) == 0)
        after &= ~CROWDED;
    return atomic_compare_exchange_strong_explicit(word, &before, after, memory_order_acq_rel,
                                                   memory_order_relaxed);
}

/* ------------------------------------------------------------------------------------------------
 * The granules of one chunk
 * --------------------------------------------------------------------------------------------- */

/* Granules [first, last) of a chunk, all of which have words. */
struct granules {
    chunk_activity *words;
    size_t first, last;
    uintptr_t chunk; /* its address */
};

/* False: the chunk has no words. */
static inline bool granules_of(const struct chunk_part *part, struct granules *granules)
{
    struct chunk_pages *pages = chunk_pages_of(part->chunk);

    if (!pages)
        return false;
    granules->words = pages->activity;
    granules->first = part->first / GRANULE_PAGES;
    granules->last = (part->last + GRANULE_PAGES - 1) / GRANULE_PAGES;
    granules->chunk = part->next - part->last * OS_PAGE_SIZE;
    return true;
}

static void enter_all(const struct granules *granules, bool settling)
{
    for (size_t i = granules->first; i < granules->last; i++)
        enter(&granules->words[i], settling);
    /* A thread that sees what the operation does to the bits must see that it has begun. */
    atomic_thread_fence(memory_order_release);
}

/* An operation that leaves. */
struct leaver {
    struct range range;
    activity_settle *settle;
    void *context;
};

/* Settles what the operation has of granules [first, last). */
static void settle_granules(const struct leaver *leaver, const struct granules *granules,
                            size_t first, size_t last)
{
    struct range range = {granules->chunk + first * OS_GRANULE_SIZE,
                          granules->chunk + last * OS_GRANULE_SIZE};

    if (range.begin < leaver->range.begin)
        range.begin = leaver->range.begin;
    if (range.end - 1 > leaver->range.end - 1)
        range.end = leaver->range.end;
    leaver->settle(leaver->context, range);
}

static void leave_batch(const struct leaver *leaver, const struct granules *granules, size_t first,
                        size_t last)
{
    uint64_t before[BATCH];
    uint64_t all = 0;

    for (size_t i = first; i < last; i++)
        all |= before[i - first] = look(&granules->words[i]);
    if (all & CROWDED)
        settle_granules(leaver, granules, first, last);
    for (size_t i = first; i < last; i++) {
        while (!leave(&granules->words[i], before[i - first])) {
            before[i - first] = look(&granules->words[i]);
            settle_granules(leaver, granules, i, i + 1);
        }
    }
}

static void leave_all(const struct leaver *leaver, const struct granules *granules)
{
    for (size_t first = granules->first; first < granules->last; first += BATCH) {
        size_t left = granules->last - first;

        leave_batch(leaver, granules, first, first + (left < BATCH ? left : BATCH));
    }
}

/* ------------------------------------------------------------------------------------------------
 * All of a range
 * --------------------------------------------------------------------------------------------- */

static uint64_t bit_of(const struct activity *activity, uintptr_t address)
{
    size_t chunk = chunk_number(address) - chunk_number(activity->range.begin);

    return UINT64_C(1) << chunk / activity->group;
}

/* Whether all chunks of [begin, end) have words. */
static bool have_words(const struct chunk_table *table, uintptr_t begin, uintptr_t end)
{
    while (begin < end) {
        struct chunk_part part = chunk_table_part(table, begin, end);

        if (!chunk_pages_of(part.chunk))
            return false;
        begin = part.next;
    }
    return true;
}

static void enter_range(const struct chunk_table *table, uintptr_t begin, uintptr_t end,
                        bool settling)
{
    while (begin < end) {
        struct chunk_part part = chunk_table_part(table, begin, end);
        struct granules granules;

        if (granules_of(&part, &granules))
            enter_all(&granules, settling);
        begin = part.next;
    }
}

static bool begin_in_chunks(const struct chunk_table *table, struct range range, bool settling,
                            struct activity *activity)
{
    uintptr_t first = chunk_number(range.begin);
    uintptr_t begin = range.begin;
    bool all = true;

    activity->group = (chunk_number(range.end - 1) - first) / GROUPS + 1;
    while (begin < range.end) {
        uintptr_t next = (chunk_number(begin) - first + activity->group) / activity->group;
        uintptr_t end = (first + next * activity->group) * CHUNK_SIZE;

        if (end - 1 > range.end - 1)
            end = range.end;
        if (have_words(table, begin, end)) {
            enter_range(table, begin, end, settling);
            activity->entered |= bit_of(activity, begin);
        } else {
            all = false;
        }
        begin = end;
    }
    return all;
}

/* Whether a range, which is not empty, lies in one chunk; its granules as if that had words. */
static inline bool is_in_one_chunk(struct range range, struct granules *granules)
{
    uintptr_t chunk = chunk_number(range.begin) * CHUNK_SIZE;

    granules->first = (range.begin - chunk) / OS_GRANULE_SIZE;
    granules->last = (range.end - 1 - chunk) / OS_GRANULE_SIZE + 1;
    granules->chunk = chunk;
    return granules->last <= CHUNK_GRANULES;
}

bool activity_begin(const struct chunk_table *table, struct range range, bool settling,
                    struct activity *activity)
{
    struct granules granules;
    bool all = true;

    *activity = (struct activity){.range = range};
    if (range.begin == range.end)
        return true;
    if (is_in_one_chunk(range, &granules)) {
        struct chunk_pages *pages =
            chunk_pages_of(chunk_table_find(table, chunk_number(range.begin)));

        if (pages) {
            activity->words = granules.words = pages->activity;
            enter_all(&granules, settling);
        }
        all = pages != NULL;
    } else {
        all = begin_in_chunks(table, range, settling, activity);
    }
    return all;
}

static void end_in_chunks(const struct chunk_table *table, const struct activity *activity,
                          activity_settle *settle, void *context)
{
    struct leaver leaver = {activity->range, settle, context};
    uintptr_t begin = activity->range.begin;

    while (begin < activity->range.end) {
        struct chunk_part part = chunk_table_part(table, begin, activity->range.end);
        struct granules granules;

        if (granules_of(&part, &granules)) {
            if (!activity->group || !(activity->entered & bit_of(activity, begin)))
                enter_all(&granules, true);
            leave_all(&leaver, &granules);
        }
        begin = part.next;
    }
}

void activity_end(const struct chunk_table *table, const struct activity *activity,
                  activity_settle *settle, void *context)
{
    struct granules granules = {.words = activity->words};
    struct leaver leaver = {activity->range, settle, context};
    size_t at;

    if (activity->range.begin == activity->range.end)
        return;
    if (!activity->words) {
        end_in_chunks(table, activity, settle, context);
        return;
    }
    is_in_one_chunk(activity->range, &granules);
    for (at = granules.first; at < granules.last; at++) {
        uint64_t before = look(&granules.words[at]);

        if ((before & CROWDED) || !leave(&granules.words[at], before))
            break;
    }
    granules.first = at;
    if (at < granules.last)
        leave_all(&leaver, &granules);
}

bool activity_observe(const struct chunk_table *table, struct range range, uint64_t *mark)
{
    uintptr_t begin = range.begin;
    uint64_t all = 0;

    *mark = 0;
    atomic_thread_fence(memory_order_acquire);
    while (begin < range.end) {
        struct chunk_part part = chunk_table_part(table, begin, range.end);
        struct granules granules = {0};

        if (granules_of(&part, &granules))
            ++*mark; /* words that were not there before */
        for (size_t i = granules.first; i < granules.last; i++) {
            uint64_t word = look(&granules.words[i]);

            *mark += word;
            all |= word;
        }
        begin = part.next;
    }
    return (all & UNDER_WAY_MASK) == 0;
}
