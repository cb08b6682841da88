/*
 * litmus.c: see litmus.h.
 */
#include "litmus.h"

void moment(void); /* interleaved.h */

void moment(void)
{
    voices_moment();
}

/* ------------------------------------------------------------------------------------------------
 * Requests to the system
 * --------------------------------------------------------------------------------------------- */

uint32_t __real_os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                         void **memory);
uint32_t __wrap_os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                         void **memory);
uint32_t __real_os_free(void *address, size_t size, uint32_t type);
uint32_t __wrap_os_free(void *address, size_t size, uint32_t type);
bool __real_os_query_range(uintptr_t address, struct os_range *range);
bool __wrap_os_query_range(uintptr_t address, struct os_range *range);

static unsigned refusals;

void litmus_refuse_releases(unsigned count)
{
    refusals = count;
}

uint32_t __wrap_os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                         void **memory)
{
    moment();
    return __real_os_alloc(address, size, type, protect, node, memory);
}

uint32_t __wrap_os_free(void *address, size_t size, uint32_t type)
{
    moment();
    if (type == OS_MEM_RELEASE && refusals) {
        refusals--;
        return LITMUS_REFUSED;
    }
    return __real_os_free(address, size, type);
}

bool __wrap_os_query_range(uintptr_t address, struct os_range *range)
{
    moment();
    return __real_os_query_range(address, range);
}

/* ------------------------------------------------------------------------------------------------
 * Orders
 * --------------------------------------------------------------------------------------------- */

#define PARTS 3

/* Steps of X, of Y, and of X again; then Y ends, then X. With no third figure X ends before Y. */
struct order {
    unsigned x;
    unsigned steps[PARTS];
};

static struct {
    const struct litmus *litmus; /* NULL: none is being tried */
    struct order order;
    unsigned longest[VOICES];
    uint64_t count;
} trial;

void litmus_tell_failure(void)
{
    const unsigned *steps = trial.order.steps;

    if (!trial.litmus)
        return;
    print_error("%s: the %s call goes %u steps, the other %u, it %u more\n", trial.litmus->name,
                trial.order.x ? "second" : "first", steps[0], steps[1], steps[2]);
    trial.litmus = NULL;
    voices_free();
}

/* Tries the order. Returns in which of its parts a call has ended; PARTS: in none. */
static unsigned try_order(struct order order)
{
    const struct litmus *litmus = trial.litmus;
    unsigned x = order.x, y = 1 - x;
    bool x_ends_last = order.steps[2] != 0;
    unsigned ended_in = PARTS;

    trial.order = order;
    trial.count++;
    litmus->set(litmus->scene);
    voice_prepare(0, litmus->first, litmus->scene);
    voice_prepare(1, litmus->second, litmus->scene);
    for (unsigned part = 0; part < PARTS && ended_in == PARTS; part++) {
        if (order.steps[part] && voice_go_on(part == 1 ? y : x, order.steps[part]))
            ended_in = part;
    }
    voice_go_on(x_ends_last ? y : x, VOICE_TO_THE_END);
    voice_go_on(x_ends_last ? x : y, VOICE_TO_THE_END);
    for (unsigned i = 0; i < VOICES; i++) {
        if (trial.longest[i] < voice_accesses(i))
            trial.longest[i] = voice_accesses(i);
    }
    litmus->check(litmus->scene);
    litmus->clear(litmus->scene);
    return ended_in;
}

static void try_all_pairs(unsigned x)
{
    struct order order = {x, {1, 1, 0}};

    for (;; order.steps[0]++) {
        unsigned ended_in = PARTS;

        for (order.steps[1] = 1; ended_in == PARTS; order.steps[1]++)
            ended_in = try_order(order);
        if (ended_in == 0)
            return;
    }
}

/* The third kind of order, for one pair of figures. Returns where the last one of them ended. */
static unsigned try_all_thirds(struct order order)
{
    unsigned ended_in = PARTS;

    for (order.steps[2] = 1; ended_in == PARTS; order.steps[2]++)
        ended_in = try_order(order);
    return ended_in;
}

static void try_all_triples(unsigned x)
{
    struct order order = {x, {1, 1, 1}};

    for (;; order.steps[0]++) {
        unsigned ended_in = PARTS;

        for (order.steps[1] = 1; ended_in > 1; order.steps[1]++)
            ended_in = try_all_thirds(order);
        if (ended_in == 0)
            return;
    }
}

static void try_drawn_triples(unsigned count)
{
    struct chance chance = {1};

    for (unsigned i = 0; i < count; i++) {
        unsigned x = i % VOICES;
        struct order order = {x, {0, 0, 0}};

        for (unsigned part = 0; part < PARTS; part++) {
            unsigned voice = part == 1 ? 1 - x : x;

            order.steps[part] = 1 + (unsigned)chance_below(&chance, trial.longest[voice]);
        }
        try_order(order);
    }
}

void litmus_run(const struct litmus *litmus)
{
    memset(&trial, 0, sizeof(trial));
    trial.litmus = litmus;
    try_all_pairs(0);
    try_all_pairs(1);
    if (getenv("HOSTMEM_LITMUS_ALL")) {
        try_all_triples(0);
        try_all_triples(1);
    } else {
        try_drawn_triples(litmus->drawn);
    }
    print_message("%s: %llu orders of at most %u and %u steps\n", litmus->name,
                  (unsigned long long)trial.count, trial.longest[0], trial.longest[1]);
    assert_true(trial.longest[0] > 1 && trial.longest[1] > 1);
    trial.litmus = NULL;
    voices_free();
}
