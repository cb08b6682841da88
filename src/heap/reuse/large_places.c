/*
 * large_places.c: see large_places.h, where the protocol is.
 */
#include "heap/reuse/large_places.h"

/* The sizes of a doubling's bins differ by an eighth of its first size; 8 pages are LARGE_SMALLEST.
 */
uint32_t large_places_bin(size_t size)
{
    uint32_t pages = (uint32_t)(size / OS_PAGE_SIZE);
    uint32_t doubling = 28 - (uint32_t)__builtin_clz(pages);

    return doubling * 8 + (pages >> doubling) - 8;
}

uint32_t large_places_next(const struct large_cache *cache, uint32_t from, uint32_t end)
{
    while (from < end) {
        uint64_t bits =
            atomic_load_explicit(&cache->taken[from / LARGE_BIN_PLACES], memory_order_acquire) >>
            from % LARGE_BIN_PLACES;

        if (bits) {
            from += (uint32_t)__builtin_ctzll(bits);
            return from < end ? from : end;
        }
        from = (from / LARGE_BIN_PLACES + 1) * LARGE_BIN_PLACES;
    }
    return end;
}

bool large_places_put(struct large_cache *cache, uint32_t bin, uint64_t word, uint32_t *place)
{
    _Atomic uint64_t *taken = &cache->taken[bin];
    uint64_t bits = atomic_load_explicit(taken, memory_order_relaxed);
    uint32_t bit;

    do {
        if (bits == UINT64_MAX)
            return false;
        bit = (uint32_t)__builtin_ctzll(~bits);
    } while (!atomic_compare_exchange_weak_explicit(taken, &bits, bits | UINT64_C(1) << bit,
                                                    memory_order_acq_rel, memory_order_relaxed));
    *place = bin * LARGE_BIN_PLACES + bit;
    atomic_store_explicit(&cache->places[*place], word, memory_order_release);
    return true;
}

bool large_places_take(struct large_cache *cache, uint32_t place, uint64_t word)
{
    if (!atomic_compare_exchange_strong_explicit(&cache->places[place], &word, 0,
                                                 memory_order_acq_rel, memory_order_relaxed))
        return false;
    atomic_fetch_and_explicit(&cache->taken[place / LARGE_BIN_PLACES],
                              ~(UINT64_C(1) << place % LARGE_BIN_PLACES), memory_order_release);
    return true;
}
