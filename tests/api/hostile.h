/*
 * hostile.h: a caller that passes garbage to every method of every interface, and notes what was
 * answered wrongly.
 *
 * What it passes is garbage in value, not in kind: an out pointer is NULL or points to something
 * that can be written, an object is one of hostmem's. Everything else may be anything: addresses,
 * sizes, flags, enumerations, interface identifiers, sizes of structures and what is in them.
 *
 * VirtualProtect and commits may change memory that the manager does not own. Their addresses are
 * therefore taken from the caller's own regions, from an arena of raw memory, from holes and from
 * beyond the user's half, but not from the rest of the process, which has to survive. Frees go
 * anywhere.
 */
#ifndef HOSTMEM_TESTS_API_HOSTILE_H
#define HOSTMEM_TESTS_API_HOSTILE_H

#include "support.h"

#define HOSTILE_REGIONS 64
#define HOSTILE_BLOCKS 64
#define HOSTILE_HEAPS 4
#define HOSTILE_RANGES 64

struct hostile_block {
    void *memory;
    unsigned heap; /* index into heaps */
};

struct hostile {
    const struct subject *subject;
    uint64_t random;
    char *arena; /* raw memory: HOSTILE_ARENA bytes, every second granule committed */
    bool alone;  /* no other thread calls the manager: a failed call must not change the books */
    bool closed; /* every call must say HOST_E_CLRNOTAVAILABLE */

    void *regions[HOSTILE_REGIONS];
    unsigned region_count;
    struct hostile_block blocks[HOSTILE_BLOCKS];
    unsigned block_count;
    IHostMalloc *heaps[HOSTILE_HEAPS];
    void *ranges[HOSTILE_RANGES];
    unsigned range_count;

    uint64_t calls;
    uint64_t successes;

    /* The first wrong answer; NULL: none. */
    const char *wrong_call;
    const char *wrong;
    HRESULT wrong_hr;
    uint64_t wrong_at; /* the number of the call */
};

#define HOSTILE_ARENA (16 * GRANULE)

/* The caller has set subject and random; this makes the rest. Fails the test if it cannot. */
void hostile_begin(struct hostile *hostile);

/*
 * Makes so many calls, or fewer when an answer was wrong. It asserts nothing, so any thread may use
 * it.
 */
void hostile_call(struct hostile *hostile, uint64_t calls);

/* Fails the test, with seed and call, if an answer was wrong. */
void hostile_check(const struct hostile *hostile, uint64_t seed);

/* To a closed manager: asks for the end of all that is alive, which it must refuse, and
 * forgets that. */
void hostile_give_back_in_vain(struct hostile *hostile);

/* Gives everything back. Fails the test if it cannot. */
void hostile_end(struct hostile *hostile);

#endif
