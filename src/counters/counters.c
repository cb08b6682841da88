/*
 * counters.c: see counters.h.
 *
 * Protocol of counters_are_quiet. A call counts `begun` before it touches the books, and `ended`
 * (release) after. An observer that reads the sum of `ended` (acquire), then the books, and then
 * finds the sum of `begun` equal to it, has met no call: a call whose effect it saw only in part
 * would have counted `begun` before that effect, and the sums would differ.
 */
#include "counters/counters.h"

void counters_begin(struct counters *counters, enum counted_method method)
{
    atomic_fetch_add_explicit(&counters->calls[method].begun, 1, memory_order_relaxed);
    /* Pairs with the fence in counters_are_quiet: what sees the call's effects sees it begun. */
    atomic_thread_fence(memory_order_release);
}

void counters_end(struct counters *counters, enum counted_method method, bool success)
{
    if (!success)
        atomic_fetch_add_explicit(&counters->calls[method].failures, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters->calls[method].ended, 1, memory_order_release);
}

void counter_increment(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void counter_add(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

void counters_count_first(struct counters *counters, struct first_counter *first, uint64_t tick)
{
    uint64_t none = 0;

    if (atomic_compare_exchange_strong_explicit(&first->tick, &none, tick ? tick : 1,
                                                memory_order_relaxed, memory_order_relaxed))
        atomic_store_explicit(
            &first->order,
            atomic_fetch_add_explicit(&counters->firsts, 1, memory_order_relaxed) + 1,
            memory_order_relaxed);
    atomic_fetch_add_explicit(&first->count, 1, memory_order_relaxed);
}

uint64_t counter_read(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

uint64_t counters_ended(const struct counters *counters, enum counted_method method)
{
    return atomic_load_explicit(&counters->calls[method].ended, memory_order_acquire);
}

uint64_t counters_under_way(const struct counters *counters, enum counted_method method)
{
    uint64_t ended = counters_ended(counters, method);

    return counter_read(&counters->calls[method].begun) - ended;
}

uint64_t counters_mark(const struct counters *counters)
{
    uint64_t ended = 0;

    for (int method = 0; method < COUNTED_METHODS; method++)
        ended += counters_ended(counters, (enum counted_method)method);
    return ended;
}

bool counters_are_quiet(const struct counters *counters, uint64_t mark)
{
    uint64_t begun = 0;

    atomic_thread_fence(memory_order_acquire);
    for (int method = 0; method < COUNTED_METHODS; method++)
        begun += atomic_load_explicit(&counters->calls[method].begun, memory_order_relaxed);
    return begun == mark;
}
