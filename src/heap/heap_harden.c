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

uint64_t heap_random(struct heap_space *space)
{
    return finish(atomic_fetch_add_explicit(&space->secrets.slot, STEP, memory_order_relaxed) +
                  STEP);
}

/* Of the processor, and of what it can be told of the time: see os_chance. */
static uint64_t make_seed(const struct heap_space *space)
{
    return finish(os_chance() ^ finish((uintptr_t)space + os_tick_milliseconds() * STEP));
}

/* A word of bytes none of which is of ASCII or a small number, as most overruns write, or 0xff. */
static size_t make_margin(struct heap_space *space)
{
    size_t word = 0;

    for (size_t i = 0; i < sizeof(word); i++)
        word = word << 8 | (heap_random(space) % 0x7f + 0x80);
    return word;
}

void heap_harden_init(struct heap_space *space)
{
    struct heap_options *options = &space->options;

    space->secrets.margin = SIZE_MAX / 0xff * HEAP_FILL_MARGIN;
    space->secrets.freed = HEAP_FILL_FREED;
    if (!(options->flags & HEAP_HARDEN))
        return;
    options->flags |= HEAP_DELAY_REUSE;
    if (options->guard_above > space->classes.small_limit)
        options->guard_above = space->classes.small_limit;
    atomic_store_explicit(&space->secrets.slot, make_seed(space), memory_order_relaxed);
    atomic_store_explicit(&space->delayed.chance, heap_random(space), memory_order_relaxed);
    space->secrets.margin = make_margin(space);
    if (!(options->flags & HEAP_FILL_ON_FREE))
        space->secrets.freed = 0;
}
