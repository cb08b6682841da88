/*
 * emergency.c: see emergency.h.
 */
#include "hosting/emergency.h"

#include "os/os.h"

#define GIVEN_MILLISECONDS 1000u

static bool is_held(const struct manager *manager)
{
    return atomic_load_explicit(&manager->emergency, memory_order_acquire) != NULL;
}

bool emergency_hold(struct manager *manager)
{
    void *expected = NULL;
    void *emergency;

    if (!manager->emergency_size)
        return true;
    emergency = os_metadata_reserve(manager->emergency_size);
    if (emergency &&
        !atomic_compare_exchange_strong_explicit(&manager->emergency, &expected, emergency,
                                                 memory_order_acq_rel, memory_order_acquire))
        os_metadata_release(emergency);
    return emergency != NULL;
}

bool emergency_give(struct manager *manager)
{
    void *emergency;

    if (!is_held(manager))
        return false;
    atomic_store_explicit(&manager->emergency_tick, os_tick_milliseconds(), memory_order_relaxed);
    emergency = atomic_exchange_explicit(&manager->emergency, NULL, memory_order_acq_rel);
    if (emergency)
        os_metadata_release(emergency);
    return emergency != NULL;
}

void emergency_restore(struct manager *manager)
{
    DWORD last_error = GetLastError();

    if (!manager->emergency_size || is_held(manager))
        return;
    emergency_hold(manager);
    SetLastError(last_error);
}

void emergency_restore_later(struct manager *manager)
{
    if (!manager->emergency_size || is_held(manager) ||
        os_tick_milliseconds() -
                atomic_load_explicit(&manager->emergency_tick, memory_order_relaxed) <
            GIVEN_MILLISECONDS)
        return;
    emergency_restore(manager);
}
