/*
 * visitors.c: see visitors.h.
 */
#include "redirect/visitors.h"

#include "os/os.h"
#include "hosting/parts/ended_thread.h"

#include <stdatomic.h>
#include <stdint.h>

#define PLACE_BITS 7
#define PLACES (1u << PLACE_BITS)
#define TRIES 8u /* places that a thread may use */

/* Each in a cache line of its own. */
struct place {
    _Alignas(64) _Atomic uint64_t word;
};

static struct place places[PLACES];
static _Atomic uint32_t crowd;

static uint32_t thread_of(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

static uint32_t depth_of(uint64_t word)
{
    return (uint32_t)word;
}

static uint64_t word_of(uint32_t thread, uint32_t depth)
{
    return (uint64_t)thread << 32 | depth;
}

/* The n-th place that a thread may use. Ids are small multiples of 4: this scatters them. */
static _Atomic uint64_t *place_of(uint32_t thread, uint32_t n)
{
    uint32_t first = thread * UINT32_C(0x9e3779b9) >> (32 - PLACE_BITS);

    return &places[(first + n) % PLACES].word;
}

static bool enter_by(_Atomic uint64_t *place, uint32_t thread)
{
    uint64_t word = atomic_load_explicit(place, memory_order_relaxed);
    uint32_t depth = depth_of(word);

    if (depth && thread_of(word) != thread)
        return false;
    return atomic_compare_exchange_strong_explicit(place, &word, word_of(thread, depth + 1),
                                                   memory_order_seq_cst, memory_order_relaxed);
}

void visitors_enter(void)
{
    uint32_t thread = os_thread_id();

    for (uint32_t n = 0; n < TRIES; n++) {
        if (enter_by(place_of(thread, n), thread))
            return;
    }
    atomic_fetch_add_explicit(&crowd, 1, memory_order_seq_cst);
}

void visitors_leave(void)
{
    uint32_t thread = os_thread_id();

    for (uint32_t n = 0; n < TRIES; n++) {
        _Atomic uint64_t *place = place_of(thread, n);
        uint64_t word = atomic_load_explicit(place, memory_order_relaxed);

        if (depth_of(word) && thread_of(word) == thread) {
            atomic_store_explicit(place, word - 1, memory_order_release);
            return;
        }
    }
    atomic_fetch_sub_explicit(&crowd, 1, memory_order_release);
}

/* True: a thread is inside by the place. */
static bool is_used(_Atomic uint64_t *place)
{
    uint64_t word = atomic_load_explicit(place, memory_order_seq_cst);

    if (!depth_of(word))
        return false;
    return !ended_thread_is(thread_of(word)) ||
           !atomic_compare_exchange_strong_explicit(place, &word, 0, memory_order_seq_cst,
                                                    memory_order_relaxed);
}

bool visitors_any(void)
{
    for (uint32_t i = 0; i < PLACES; i++) {
        if (is_used(&places[i].word))
            return true;
    }
    return atomic_load_explicit(&crowd, memory_order_seq_cst) != 0;
}
