/*
 * emergency.c: see emergency.h.
 */
#include "hosting/parts/emergency.h"

#include "os/os.h"

#include <windows.h>

#define GIVEN_MILLISECONDS 1000u

static bool is_held(const struct emergency *emergency)
{
    return atomic_load_explicit(&emergency->held, memory_order_acquire) != NULL;
}

static bool hold(struct emergency *emergency)
{
    void *expected = NULL;
    void *reservation = os_metadata_reserve(emergency->size);

    if (reservation &&
        !atomic_compare_exchange_strong_explicit(&emergency->held, &expected, reservation,
                                                 memory_order_acq_rel, memory_order_acquire))
        os_metadata_release(reservation);
    return reservation != NULL;
}

bool emergency_init(struct emergency *emergency, size_t size)
{
    emergency->size = size;
    return !size || hold(emergency);
}

/* Releases the reservation. False: there was none. */
static bool release(struct emergency *emergency)
{
    void *reservation = atomic_exchange_explicit(&emergency->held, NULL, memory_order_acq_rel);

    if (reservation)
        os_metadata_release(reservation);
    return reservation != NULL;
}

void emergency_destroy(struct emergency *emergency)
{
    release(emergency);
}

bool emergency_give(struct emergency *emergency)
{
    if (!is_held(emergency))
        return false;
    /* First, so that a thread that finds nothing held finds the time as well. */
    atomic_store_explicit(&emergency->given_tick, os_tick_milliseconds(), memory_order_relaxed);
    return release(emergency);
}

void emergency_restore(struct emergency *emergency)
{
    DWORD last_error = GetLastError();

    if (!emergency->size || is_held(emergency))
        return;
    hold(emergency);
    SetLastError(last_error);
}

void emergency_restore_later(struct emergency *emergency)
{
    if (!emergency->size || is_held(emergency) ||
        os_tick_milliseconds() -
                atomic_load_explicit(&emergency->given_tick, memory_order_relaxed) <
            GIVEN_MILLISECONDS)
        return;
    emergency_restore(emergency);
}
