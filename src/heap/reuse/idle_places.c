/*
 * idle_places.c: see idle_places.h.
 */
#include "heap/reuse/idle_places.h"

uint32_t idle_places_next(const struct idle_slabs *idle, uint32_t place)
{
    while (place < IDLE_PLACES) {
        uint64_t bits =
            atomic_load_explicit(&idle->taken[place / 64], memory_order_acquire) >> place % 64;

        if (bits)
            return place + (uint32_t)__builtin_ctzll(bits);
        place = (place / 64 + 1) * 64;
    }
    return IDLE_PLACES;
}

/* Sets the bit of a free place from `place` on, in the same word of bits. False: there is none. */
static bool set_bit(struct idle_slabs *idle, uint32_t *place)
{
    _Atomic uint64_t *word = &idle->taken[*place / 64];
    uint64_t bits = atomic_load_explicit(word, memory_order_relaxed);
    uint64_t free;

    while ((free = ~bits & UINT64_MAX << *place % 64) != 0) {
        uint32_t bit = (uint32_t)__builtin_ctzll(free);

        if (atomic_compare_exchange_weak_explicit(word, &bits, bits | UINT64_C(1) << bit,
                                                  memory_order_acq_rel, memory_order_relaxed)) {
            *place = *place / 64 * 64 + bit;
            return true;
        }
    }
    return false;
}

bool idle_places_put(struct idle_slabs *idle, uint64_t note)
{
    uint32_t place = (LOAD_RELAXED(idle->cursor) + 1) % IDLE_PLACES;

    for (uint32_t i = 0; i <= IDLE_PLACES / 64; i++) {
        if (set_bit(idle, &place)) {
            atomic_store_explicit(&idle->places[place], note, memory_order_release);
            STORE_RELAXED(idle->cursor, place);
            return true;
        }
        place = (place / 64 + 1) * 64 % IDLE_PLACES;
    }
    return false;
}

bool idle_places_take(struct idle_slabs *idle, uint32_t place, uint64_t note)
{
    if (!atomic_compare_exchange_strong_explicit(&idle->places[place], &note, 0,
                                                 memory_order_acq_rel, memory_order_relaxed))
        return false;
    atomic_fetch_and_explicit(&idle->taken[place / 64], ~(UINT64_C(1) << place % 64),
                              memory_order_release);
    return true;
}
