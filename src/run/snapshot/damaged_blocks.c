/*
 * damage.c: a fixed array.
 *
 * Protocol. A place is claimed by adding one to `claimed`, filled by the one thread that claimed
 * it, and shown by a release of its `is_filled`; who reads it acquires that first. Places are never
 * given back. A thread that is stopped between the two leaves one place that is not shown.
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
    /* Asked first, so that the number cannot come round. */
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
