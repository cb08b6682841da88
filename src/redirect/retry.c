/*
 * retry.c: see retry.h.
 */
#include "redirect/retry.h"

#include "heap/reuse/reclaim.h"
#include "redirect/binding.h"

struct retry retry_of(const struct manager *manager)
{
    return (struct retry){manager ? reclaim_given(&manager->heaps) : 0, GetLastError()};
}

struct retry retry_begin(void)
{
    struct retry retry = retry_of(binding_enter_open());

    binding_leave();
    return retry;
}

/* The manager has given something back, or not: Win32's last error goes back into its place. */
static bool settle(const struct retry *retry, bool helps, DWORD error)
{
    SetLastError(helps ? retry->last_error : error);
    return helps;
}

bool retry_helps(struct retry *retry, DWORD error)
{
    DWORD last_error = GetLastError();
    struct manager *manager = binding_enter_open();
    bool helps = false;

    if (manager) {
        struct reclaim_attempt attempt = {.space = &manager->heaps, .given = retry->given};

        helps = reclaim_again(&attempt, error);
        retry->given = attempt.given;
        manager_latch_contradiction(manager);
        manager_update_pressure(manager, false);
    }
    binding_leave();
    return settle(retry, helps, last_error);
}

bool retry_helps_view(struct retry *retry, LPVOID address, SIZE_T size)
{
    DWORD error = GetLastError();
    struct manager *manager;
    bool helps = false;

    if (!reclaim_is_due(error) && error != ERROR_INVALID_ADDRESS)
        return false;
    manager = binding_enter_open();
    if (manager && error == ERROR_INVALID_ADDRESS) {
        struct reclaim_attempt attempt = {.space = &manager->heaps, .given = retry->given};

        helps = reclaim_makes_way(&attempt, error, address, size ? size : 1);
        retry->given = attempt.given;
    } else if (manager) {
        IHostMemoryManager *iface = &manager->IHostMemoryManager_iface;
        uint64_t given;

        helps = iface->lpVtbl->NeedsVirtualAddressSpace(iface, address, size) == S_OK;
        given = reclaim_given(&manager->heaps);
        helps = helps || given != retry->given;
        retry->given = given;
    }
    binding_leave();
    return settle(retry, helps, error);
}
