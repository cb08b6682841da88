/*
 * region.c: see region.h, where the protocol is.
 */
#include "pages/region.h"

#include "counters/relaxed.h"

enum state {
    STATE_FREE = 0,
    STATE_LIVE = 1,
    STATE_RELEASING = 2,
    STATE_MAKING = 3
};

#define STATE_MASK UINT64_C(3)
#define ONE_UNDER_WAY (UINT64_C(1) << 2)
#define UNDER_WAY_MASK (UINT64_C(0xffff) << 2)
#define UNSETTLED (UINT64_C(1) << 18)
#define CACHED (UINT64_C(1) << 19)
#define ONE_VERSION (UINT64_C(1) << 20)

static bool is_live(uint64_t life)
{
    return (life & STATE_MASK) == STATE_LIVE;
}

static bool holds(uintptr_t base, size_t size, uintptr_t address)
{
    return address - base < size;
}

/* The life word with the next version, in another state. */
static uint64_t next_version(uint64_t life, enum state state)
{
    return ((life + ONE_VERSION) & ~(STATE_MASK | UNSETTLED | CACHED)) | state;
}

void region_write(struct region *region, const struct region_facts *facts)
{
    /* A thread that sees one of these fields must see that the former life has ended. */
    atomic_thread_fence(memory_order_release);
    STORE_RELAXED(region->base, facts->base);
    STORE_RELAXED(region->size, facts->size);
    STORE_RELAXED(region->allocation_type, facts->allocation_type);
    STORE_RELAXED(region->protect, facts->protect);
    STORE_RELAXED(region->critical_level, facts->critical_level);
    STORE_RELAXED(region->thread_id, facts->thread_id);
    STORE_RELAXED(region->sequence, facts->sequence);
    STORE_RELAXED(region->tick, facts->tick);
    STORE_RELAXED(region->committed, 0);
    STORE_RELAXED(region->unentered, 0);
    STORE_RELAXED(region->watch, REGION_UNWATCHED);
    STORE_RELAXED(region->slack, 0);
    STORE_RELAXED(region->heap, facts->heap);
    STORE_RELAXED(region->line, facts->line);
    STORE_RELAXED(region->block, facts->block);
    STORE_RELAXED(region->requested, facts->requested);
    STORE_RELAXED(region->file, facts->file);
    STORE_RELAXED(region->caller, facts->caller);
}

/* Only the thread that took a FREE region changes its life before it is live: no swap needed. */
static void set_state(struct region *region, enum state state)
{
    uint64_t life = LOAD_RELAXED(region->life);

    atomic_store_explicit(&region->life, next_version(life, state), memory_order_release);
}

void region_make(struct region *region)
{
    set_state(region, STATE_MAKING);
}

void region_unmake(struct region *region)
{
    set_state(region, STATE_FREE);
}

void region_publish(struct region *region, struct region_operation *operation)
{
    uint64_t life = next_version(LOAD_RELAXED(region->life), STATE_LIVE) | UNSETTLED;

    life += ONE_UNDER_WAY;
    *operation = (struct region_operation){
        .region = region,
        .base = LOAD_RELAXED(region->base),
        .size = LOAD_RELAXED(region->size),
        .life = life,
        .settles = true,
    };
    atomic_store_explicit(&region->life, life, memory_order_release);
}

/* True if the region, *range, holds the address while its state is one of the set. */
static bool holds_in_states(const struct region *region, uintptr_t address, unsigned states,
                            struct range *range)
{
    uint64_t life;
    uintptr_t base;
    size_t size;

    do {
        life = atomic_load_explicit(&region->life, memory_order_acquire);
        if (!(states & 1u << (life & STATE_MASK)))
            return false;
        base = LOAD_RELAXED(region->base);
        size = LOAD_RELAXED(region->size);
        atomic_thread_fence(memory_order_acquire);
    } while (LOAD_RELAXED(region->life) != life);
    *range = (struct range){base, base + size};
    return holds(base, size, address);
}

#define LIVE (1u << STATE_LIVE)
#define MAKING (1u << STATE_MAKING)
#define RELEASING (1u << STATE_RELEASING)

bool region_covers(const struct region *region, uintptr_t address)
{
    struct range range;

    return holds_in_states(region, address, LIVE, &range);
}

bool region_covers_comes_or_leaves(const struct region *region, uintptr_t address)
{
    struct range range;

    return holds_in_states(region, address, LIVE | MAKING | RELEASING, &range);
}

bool region_covers_or_comes(const struct region *region, uintptr_t address)
{
    struct range range;

    return holds_in_states(region, address, LIVE | MAKING, &range);
}

bool region_leaves(const struct region *region, uintptr_t address, struct range *range)
{
    return holds_in_states(region, address, RELEASING, range);
}

/* A commit sets bits before it counts them: a decommit of these pages may be counted first. */
static size_t not_negative(size_t bytes)
{
    return bytes > SIZE_MAX / 2 ? 0 : bytes;
}

bool region_read(const struct region *region, struct region_facts *facts)
{
    uint64_t life;

    do {
        life = atomic_load_explicit(&region->life, memory_order_acquire);
        if (!is_live(life))
            return false;
        facts->base = LOAD_RELAXED(region->base);
        facts->size = LOAD_RELAXED(region->size);
        facts->allocation_type = LOAD_RELAXED(region->allocation_type);
        facts->protect = LOAD_RELAXED(region->protect);
        facts->critical_level = LOAD_RELAXED(region->critical_level);
        facts->thread_id = LOAD_RELAXED(region->thread_id);
        facts->sequence = LOAD_RELAXED(region->sequence);
        facts->tick = LOAD_RELAXED(region->tick);
        facts->committed = not_negative(LOAD_RELAXED(region->committed));
        facts->heap = LOAD_RELAXED(region->heap);
        facts->line = LOAD_RELAXED(region->line);
        facts->block = LOAD_RELAXED(region->block);
        facts->requested = LOAD_RELAXED(region->requested);
        facts->file = LOAD_RELAXED(region->file);
        facts->caller = LOAD_RELAXED(region->caller);
        facts->cached = (life & CACHED) != 0;
        atomic_thread_fence(memory_order_acquire);
    } while (LOAD_RELAXED(region->life) != life);
    return true;
}

static enum region_begun begin(struct region *region, uintptr_t address, bool heaps_too,
                               struct region_operation *operation)
{
    uint64_t life = atomic_load_explicit(&region->life, memory_order_acquire);
    uint64_t begun;

    *operation = (struct region_operation){.region = region};
    do {
        operation->base = LOAD_RELAXED(region->base);
        operation->size = LOAD_RELAXED(region->size);
        if (!is_live(life) || (LOAD_RELAXED(region->heap) && !heaps_too) ||
            !holds(operation->base, operation->size, address))
            return REGION_NOT_OWNED;
        if ((life & UNDER_WAY_MASK) == UNDER_WAY_MASK)
            return REGION_CROWDED;
        begun = life + ONE_VERSION + ONE_UNDER_WAY;
        atomic_thread_fence(memory_order_acquire); /* pairs with region_write's */
    } while (!atomic_compare_exchange_weak_explicit(&region->life, &life, begun,
                                                    memory_order_acq_rel, memory_order_acquire));
    operation->life = begun;
    return REGION_BEGUN;
}

enum region_begun region_begin(struct region *region, uintptr_t address,
                               struct region_operation *operation)
{
    return begin(region, address, false, operation);
}

enum region_begun region_begin_settling(struct region *region, uintptr_t address,
                                        struct region_operation *operation)
{
    return begin(region, address, true, operation);
}

bool region_end(struct region_operation *operation)
{
    _Atomic uint64_t *word = &operation->region->life;
    uint64_t life = atomic_load_explicit(word, memory_order_relaxed);
    uint64_t ended;

    do {
        if (!is_live(life))
            return false;
        ended = life - ONE_UNDER_WAY;
        if (operation->settles)
            ended &= ~UNSETTLED;
    } while (!atomic_compare_exchange_weak_explicit(word, &life, ended, memory_order_acq_rel,
                                                    memory_order_relaxed));
    return true;
}

uint64_t region_before_settling(const struct region_operation *operation)
{
    return atomic_load_explicit(&operation->region->life, memory_order_acquire);
}

bool region_end_claimed(struct region_operation *operation, uint64_t before, bool *last)
{
    uint64_t ended = before - ONE_UNDER_WAY;

    /* The last operation on a claimed region stays under way until it has retired it. */
    *last = (ended & UNDER_WAY_MASK) == 0;
    return *last ||
           atomic_compare_exchange_strong_explicit(&operation->region->life, &before, ended,
                                                   memory_order_acq_rel, memory_order_relaxed);
}

/* True if the region, with that life, is the block that was seen. */
static bool is_block(const struct region *region, uint64_t life, const struct region_facts *seen)
{
    return is_live(life) && !(life & CACHED) && LOAD_RELAXED(region->block) == seen->block &&
           LOAD_RELAXED(region->heap) == seen->heap &&
           (!seen->sequence || LOAD_RELAXED(region->sequence) == seen->sequence);
}

/* The claim succeeded; life: the word before it. */
static void note_claim(struct region_operation *operation, uint64_t life, uint64_t claimed)
{
    /* A thread that sees the bits cleared must see the claim. */
    atomic_thread_fence(memory_order_release);
    operation->life = claimed;
    operation->alone = (life & UNDER_WAY_MASK) == 0;
}

bool region_claim_seen(struct region *region, const struct region_facts *seen,
                       struct region_operation *operation)
{
    uint64_t life = atomic_load_explicit(&region->life, memory_order_acquire);
    uint64_t claimed;

    *operation = (struct region_operation){.region = region};
    do {
        operation->base = LOAD_RELAXED(region->base);
        operation->size = LOAD_RELAXED(region->size);
        if (!is_block(region, life, seen) || (life & UNDER_WAY_MASK) == UNDER_WAY_MASK)
            return false;
        claimed = next_version(life, STATE_RELEASING) + ONE_UNDER_WAY;
        atomic_thread_fence(memory_order_acquire); /* pairs with region_write's */
    } while (!atomic_compare_exchange_weak_explicit(&region->life, &life, claimed,
                                                    memory_order_acq_rel, memory_order_acquire));
    note_claim(operation, life, claimed);
    return true;
}

uint64_t region_life(const struct region *region)
{
    return atomic_load_explicit(&region->life, memory_order_acquire);
}

bool region_cache(struct region *region, uint64_t life, const struct region_facts *seen)
{
    if (!is_block(region, life, seen) || (life & (UNDER_WAY_MASK | UNSETTLED)))
        return false;
    atomic_thread_fence(memory_order_acquire); /* pairs with region_write's */
    return atomic_compare_exchange_strong_explicit(&region->life, &life,
                                                   next_version(life, STATE_LIVE) | CACHED,
                                                   memory_order_acq_rel, memory_order_relaxed);
}

bool region_claim_cached(struct region *region, uint64_t life)
{
    return !(life & (UNDER_WAY_MASK | UNSETTLED)) &&
           atomic_compare_exchange_strong_explicit(&region->life, &life,
                                                   next_version(life, STATE_MAKING),
                                                   memory_order_acq_rel, memory_order_relaxed);
}

bool region_claim_spare(struct region *region, struct region_operation *operation)
{
    uint64_t life = atomic_load_explicit(&region->life, memory_order_acquire);
    uint64_t claimed;

    *operation = (struct region_operation){
        .region = region, .base = LOAD_RELAXED(region->base), .size = LOAD_RELAXED(region->size)};
    do {
        if (!(life & CACHED) || (life & UNDER_WAY_MASK) == UNDER_WAY_MASK)
            return false;
        claimed = (next_version(life, STATE_RELEASING) | CACHED) + ONE_UNDER_WAY;
    } while (!atomic_compare_exchange_weak_explicit(&region->life, &life, claimed,
                                                    memory_order_acq_rel, memory_order_acquire));
    note_claim(operation, life, claimed);
    return true;
}

/* Only a claimed region's last operation calls the next two: no other thread changes the word. */
void region_retire(struct region *region)
{
    uint64_t life = LOAD_RELAXED(region->life) & ~UNDER_WAY_MASK;

    atomic_store_explicit(&region->life, next_version(life, STATE_FREE), memory_order_release);
}

void region_restore(struct region_operation *operation)
{
    struct region *region = operation->region;

    uint64_t life = LOAD_RELAXED(region->life);

    operation->life = next_version(life, STATE_LIVE) | (life & CACHED) | UNSETTLED;
    operation->settles = true;
    atomic_store_explicit(&region->life, operation->life, memory_order_release);
}

/* The life word, if it is the one of the region that was read, and live; else 0. */
static uint64_t life_of(const struct region *region, const struct region_facts *facts)
{
    uint64_t life;

    atomic_thread_fence(memory_order_acquire);
    life = atomic_load_explicit(&region->life, memory_order_acquire);
    return is_live(life) && LOAD_RELAXED(region->sequence) == facts->sequence ? life : 0;
}

bool region_is_still(const struct region *region, const struct region_facts *facts)
{
    uint64_t life = life_of(region, facts);

    return life && !(life & UNSETTLED);
}

bool region_is_unsettled(const struct region *region, const struct region_facts *facts)
{
    return (life_of(region, facts) & UNSETTLED) != 0;
}

bool region_is_busy(const struct region *region)
{
    uint64_t life = atomic_load_explicit(&region->life, memory_order_acquire);

    return (life & STATE_MASK) != STATE_FREE && (!is_live(life) || (life & UNDER_WAY_MASK) != 0);
}

void region_set_busy(struct region *region)
{
    STORE_RELAXED(region->life, STATE_RELEASING);
}
