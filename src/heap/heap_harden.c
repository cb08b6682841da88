/*
 * heap_harden.c: see heap_harden.h.
 */
#include "heap/heap_harden.h"

#include "os/os.h"

/* splitmix64: the steps from one number to the next, and the finishing of each. */
#define STEP UINT64_C(0x9e3779b97f4a7c15)

static uint64_t finish(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

uint64_t heap_random(struct heap_secrets *secrets)
{
    return finish(atomic_fetch_add_explicit(&secrets->slot, STEP, memory_order_relaxed) + STEP);
}

/* The instruction may fail, and then gives 0: time and address are mixed in anyway. */
static uint64_t make_seed(const struct heap_secrets *secrets)
{
    return finish(os_chance() ^ finish((uintptr_t)secrets + os_tick_milliseconds() * STEP));
}

/* A word of bytes none of which is of ASCII or a small number, as most overruns write, or 0xff. */
static size_t make_margin(struct heap_secrets *secrets)
{
    size_t word = 0;

    for (size_t i = 0; i < sizeof(word); i++)
        word = word << 8 | (heap_random(secrets) % 0x7f + 0x80);
    return word;
}

void heap_secrets_make(struct heap_secrets *secrets, bool hardened, bool fills_freed)
{
    secrets->margin = SIZE_MAX / 0xff * HEAP_FILL_MARGIN;
    secrets->freed = HEAP_FILL_FREED;
    if (!hardened)
        return;
    atomic_store_explicit(&secrets->slot, make_seed(secrets), memory_order_relaxed);
    secrets->margin = make_margin(secrets);
    if (!fills_freed)
        secrets->freed = 0;
}
