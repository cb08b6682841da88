/*
 * memory_status_hooks.c: see memory_status_hooks.h.
 */
#include "redirect/hooks/memory_status_hooks.h"

#include "heap/reuse/reclaim.h"
#include "hosting/parts/memory_status.h"
#include "redirect/binding.h"
#include "redirect/request_level.h"

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

static BOOL WINAPI hook_GlobalMemoryStatusEx(LPMEMORYSTATUSEX status)
{
    struct manager *manager;

    if (!GlobalMemoryStatusEx(status))
        return FALSE;
    manager = binding_enter_open();
    if (manager)
        memory_status_narrow(&manager->pages.budget, reclaim_held(&manager->heaps),
                             &manager->limits.notify.pressure, status,
                             request_level_task_is_refused(manager) ? LOAD_WHEN_REFUSED : 100);
    binding_leave();
    return TRUE;
}

static struct hook hooks[] = {
    HOOK(GlobalMemoryStatusEx),
};

const struct hook_table memory_status_hooks = HOOK_TABLE(hooks);
