/*
 * damaged_blocks.c: a fixed array.
 *
 * Protocol. A thread claims a place by adding one to `claimed`, fills the place, and publishes it
 * by a release store of `is_filled`. A reader loads `is_filled` with acquire order first. Places
 * are never given back. A thread that is stopped while it fills its place leaves it unpublished.
 */
#include "run/snapshot/damaged_blocks.h"

#include <stdatomic.h>
#include <stdbool.h>

static struct place {
    _Atomic bool is_filled;
    HOSTMEM_DAMAGE damage;
} places[DAMAGED_BLOCKS_KEPT];

static _Atomic unsigned claimed;

HRESULT CALLBACK damaged_blocks_note(void *context, const HOSTMEM_DAMAGE *damage)
{
    unsigned number;

    (void)context;
    /* Checked before adding, so that `claimed` cannot wrap round. */
    if (atomic_load_explicit(&claimed, memory_order_relaxed) >= DAMAGED_BLOCKS_KEPT)
        return S_OK;
    number = atomic_fetch_add_explicit(&claimed, 1, memory_order_relaxed);
    if (number < DAMAGED_BLOCKS_KEPT) {
        places[number].damage = *damage;
        atomic_store_explicit(&places[number].is_filled, true, memory_order_release);
    }
    return S_OK;
}

size_t damaged_blocks_copy(HOSTMEM_DAMAGE damages[DAMAGED_BLOCKS_KEPT])
{
    size_t count = 0;

    for (int i = 0; i < DAMAGED_BLOCKS_KEPT; i++)
        if (atomic_load_explicit(&places[i].is_filled, memory_order_acquire))
            damages[count++] = places[i].damage;
    return count;
}
