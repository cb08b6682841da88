/*
 * memory_status_hooks.c: see memory_status_hooks.h.
 */
#include "redirect/hooks/memory_status_hooks.h"

#include "heap/reuse/reclaim.h"
#include "hosting/parts/memory_status.h"
#include "redirect/binding.h"
#include "redirect/runtime/collector.h"
#include "redirect/runtime/request_level.h"

/*
 * The highest load that the limit reports while the last task-critical request was refused.
 *
 * CoreCLR's collector reads the load while it decides what to collect. When a full collection gains
 * nothing and the load is 90 % or more, the collector leaves out the next five full collections:
 * also the one before it throws an OutOfMemoryException, although everything may have become
 * garbage since. So the limit must not report 90 % then. The collector knows without it that a
 * request was refused.
 */
#define LOAD_WHEN_REFUSED 89u
#define MOST_LOAD 100u

/*
 * A collector that has a hard limit counts what it has committed itself. It must not be told of a
 * high load: it would do full collections one after the other, or leave them out.
 */
static void narrow(const struct manager *manager, MEMORYSTATUSEX *status)
{
    bool by_limit = collector_kind_of(manager) == COLLECTOR_BY_LIMIT;
    uint32_t most =
        by_limit || request_level_task_is_refused(manager) ? LOAD_WHEN_REFUSED : MOST_LOAD;

    memory_status_narrow(&manager->pages.budget, reclaim_held(&manager->heaps),
                         &manager->limits.notify.pressure, status, most, !by_limit);
}

static BOOL WINAPI hook_GlobalMemoryStatusEx(LPMEMORYSTATUSEX status)
{
    struct manager *manager;

    if (!GlobalMemoryStatusEx(status))
        return FALSE;
    manager = binding_enter_open();
    if (manager)
        narrow(manager, status);
    binding_leave();
    return TRUE;
}

static struct hook hooks[] = {
    HOOK(GlobalMemoryStatusEx),
};

const struct hook_table memory_status_hooks = HOOK_TABLE(hooks);
