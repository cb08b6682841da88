/*
 * litmus.c: see litmus.h.
 */
#include "litmus.h"

#include "system_calls.h"

/* What interleaved.h declares. */
void moment(void);
extern const volatile void *moment_object;
extern bool moment_changes;

/* ------------------------------------------------------------------------------------------------
 * What both calls touch
 * --------------------------------------------------------------------------------------------- */

#define OBJECTS 8192u

/* `touched` and `changed` have a bit for each voice. */
struct object {
    const volatile void *address; /* NULL: none */
    unsigned touched;
    unsigned changed;
};

static struct {
    struct object objects[OBJECTS]; /* by hashed address */
    unsigned used;
    bool grew; /* an object is shared now that was not before */
} shared;

static bool is_shared(const struct object *object)
{
    return object->touched == 3 && object->changed;
}

static struct object *object_at(const volatile void *address)
{
    size_t at = (size_t)((uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15) >> 40) % OBJECTS;

    while (shared.objects[at].address && shared.objects[at].address != address)
        at = (at + 1) % OBJECTS;
    if (!shared.objects[at].address) {
        shared.objects[at].address = address;
        assert_true(++shared.used < OBJECTS / 2);
    }
    return &shared.objects[at];
}

/* If the access is a step, the running voice may have to stop before it. */
static void access_to(const volatile void *address, bool changes)
{
    unsigned voice = voice_at_it();
    struct object *object;
    bool was_shared;

    if (voice == VOICES)
        return;
    object = object_at(address);
    was_shared = is_shared(object);
    object->touched |= 1u << voice;
    object->changed |= (unsigned)changes << voice;
    if (!is_shared(object))
        return;
    if (!was_shared)
        shared.grew = true;
    voices_moment();
}

void moment(void)
{
    access_to(moment_object, moment_changes);
}

/* ------------------------------------------------------------------------------------------------
 * Requests to the system
 * --------------------------------------------------------------------------------------------- */

static char the_system; /* its address stands for the system's state */

void system_call_begins(bool changes)
{
    access_to(&the_system, changes);
}

void system_call_ended(void)
{
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
    const struct litmus *litmus;
    const char *name; /* NULL: none is being tried */
    struct order order;
    unsigned longest[VOICES];
    uint64_t count;
} trial;

void litmus_tell_failure(void)
{
    const unsigned *steps = trial.order.steps;

    if (!trial.name)
        return;
    print_error("%s: the %s call goes %u steps, the other %u, it %u more\n", trial.name,
                trial.order.x ? "second" : "first", steps[0], steps[1], steps[2]);
    trial.name = NULL;
    voices_free();
}

/* Tries the order. Returns the part in which a call ended; PARTS: none did. */
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

/*
 * The third kind of order, for one pair of figures. Returns the number of the last order, at which
 * X ended by itself.
 */
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

            order.steps[part] = 1 + (unsigned)chance_below(&chance, trial.longest[voice] + 1);
        }
        try_order(order);
    }
}

/* An upper estimate of the number of orders of the third kind. */
static uint64_t triples(void)
{
    uint64_t x = trial.longest[0], y = trial.longest[1];

    return x * y * (x + y);
}

static void try_orders(const struct litmus *litmus)
{
    memset(&trial, 0, sizeof(trial));
    trial.litmus = litmus;
    trial.name = litmus->name;
    try_all_pairs(0);
    try_all_pairs(1);
    if (triples() <= litmus->most || is_long_form()) {
        try_all_triples(0);
        try_all_triples(1);
    } else {
        try_drawn_triples(litmus->most);
    }
}

void litmus_run(const struct litmus *litmus)
{
    memset(&shared, 0, sizeof(shared));
    do {
        shared.grew = false;
        try_orders(litmus);
    } while (shared.grew);
    print_message("%s: %llu orders of at most %u and %u steps\n", litmus->name,
                  (unsigned long long)trial.count, trial.longest[0], trial.longest[1]);
    assert_true(trial.longest[0] && trial.longest[1]);
    trial.name = NULL;
    voices_free();
}
