/*
 * emergency.h: address space held back for the moment in which a file cannot be mapped.
 *
 * It is reserved, not committed, and belongs to no region. Suspension-safe.
 *
 * Protocol. `held` is the reservation, or NULL. The thread that swaps a reservation out owns it and
 * releases it. A thread that has made a reservation swaps it in where there is none (acquire and
 * release), or releases it again.
 */
#ifndef HOSTMEM_HOSTING_PARTS_EMERGENCY_H
#define HOSTMEM_HOSTING_PARTS_EMERGENCY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct emergency {
    _Atomic(void *) held;
    _Atomic uint64_t given_tick; /* when it was given up last */
    size_t size;                 /* bytes; 0: none is ever held */
};

/* False: there is no room. */
bool emergency_init(struct emergency *emergency, size_t size);
void emergency_destroy(struct emergency *emergency);

/* Gives the reservation up: its address space is free for any thread. False: it is not held. */
bool emergency_give(struct emergency *emergency);

/* After a mapped range has gone: reserves it again if it was given up and there is room. */
void emergency_restore(struct emergency *emergency);

/*
 * After a region has gone: the same, except within a second after it was given up. That second
 * belongs to the thread that needs the address space.
 */
void emergency_restore_later(struct emergency *emergency);

#endif
