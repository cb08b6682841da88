/*
 * gauge.h: a quantity and the most that it has been.
 *
 * Protocol: `now` moves by fetch-add; `peak` only rises, by compare-and-swap. Both are figures;
 * memory order is relaxed, except where `now` is changed: a thread that changes it and then looks
 * whether the pressure has changed (budget/pressure.h) must not look first. After all calls have
 * returned, now is exact, and peak is exactly the largest value that it had. A thread that
 * subtracts what another has not yet added makes now negative for a moment. That is why values are
 * compared as signed.
 */
#ifndef HOSTMEM_COUNTERS_GAUGE_H
#define HOSTMEM_COUNTERS_GAUGE_H

#include <stdatomic.h>
#include <stdint.h>

struct gauge {
    _Atomic uint64_t now;
    _Atomic uint64_t peak;
};

static inline void gauge_raise_peak(struct gauge *gauge, uint64_t value)
{
    uint64_t peak = atomic_load_explicit(&gauge->peak, memory_order_relaxed);

    while ((int64_t)value > (int64_t)peak &&
           !atomic_compare_exchange_weak_explicit(&gauge->peak, &peak, value, memory_order_relaxed,
                                                  memory_order_relaxed))
        ;
}

static inline void gauge_add(struct gauge *gauge, uint64_t amount)
{
    uint64_t before = atomic_fetch_add_explicit(&gauge->now, amount, memory_order_seq_cst);

    gauge_raise_peak(gauge, before + amount);
}

static inline void gauge_clear(struct gauge *gauge)
{
    atomic_store_explicit(&gauge->now, 0, memory_order_relaxed);
    atomic_store_explicit(&gauge->peak, 0, memory_order_relaxed);
}

static inline void gauge_subtract(struct gauge *gauge, uint64_t amount)
{
    atomic_fetch_sub_explicit(&gauge->now, amount, memory_order_seq_cst);
}

static inline uint64_t gauge_now(const struct gauge *gauge)
{
    return atomic_load_explicit(&gauge->now, memory_order_relaxed);
}

static inline uint64_t gauge_peak(const struct gauge *gauge)
{
    return atomic_load_explicit(&gauge->peak, memory_order_relaxed);
}

#endif
