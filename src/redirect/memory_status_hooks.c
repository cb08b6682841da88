/*
 * memory_status_hooks.c: what a redirected module is told of the machine's memory: no more of it
 * than its budget, and that it is short when the budget is.
 *
 * A module that asks for a memory resource notification gets a handle of an event that follows the
 * manager's pressure. There are two such events in a process, made when they are first asked for
 * and never closed; a module gets handles of its own, which it may close. Which events those are is
 * known by nobody afterwards: QueryMemoryResourceNotification is answered by looking whether the
 * handle is signalled, which is what it means for the system's own objects, too.
 *
 * Review note for invariant I4: the events are set in the pages' calls (limits_feel_pressure): one
 * system call each.
 */
#include "redirect/memory_status_hooks.h"

#include "hosting/limits.h"
#include "redirect/binding.h"
#include "redirect/request_level.h"
#include "redirect/hook_table.h"

/* ------------------------------------------------------------------------------------------------
 * GlobalMemoryStatusEx
 * --------------------------------------------------------------------------------------------- */

/*
 * CoreCLR's collector reads the load while it decides what to collect. A full collection that has
 * gained nothing makes it do without the next five of them, while the load is 90 % or more; also
 * without the one that it owes a thread before OutOfMemoryException, when everything may have
 * become garbage since. So, while a request of its heap stands refused, the budget gives it no
 * reason: it hears of less. It needs no load to know that it has been refused.
 */
#define LOAD_WHEN_REFUSED 89u

static BOOL WINAPI hook_GlobalMemoryStatusEx(LPMEMORYSTATUSEX status)
{
    struct manager *manager;

    if (!GlobalMemoryStatusEx(status))
        return FALSE;
    manager = binding_enter_open();
    if (manager)
        limits_narrow(manager, status, collector_is_refused(manager) ? LOAD_WHEN_REFUSED : 100);
    binding_leave();
    return TRUE;
}

/* ------------------------------------------------------------------------------------------------
 * Notifications
 * --------------------------------------------------------------------------------------------- */

/*
 * What a module may do with its handle: wait, and query it as Win32's own
 * QueryMemoryResourceNotification does, which it reaches when the redirection has ended.
 * MinGW-w64's headers lack the name of the latter, EVENT_QUERY_STATE.
 */
#define NOTIFICATION_ACCESS (SYNCHRONIZE | 0x0001u)

/* In the order of MEMORY_RESOURCE_NOTIFICATION_TYPE. */
static _Atomic(HANDLE) events[2];

static const enum pressure_state states[2] = {
    [LowMemoryResourceNotification] = PRESSURE_LOW,
    [HighMemoryResourceNotification] = PRESSURE_HIGH,
};

static HANDLE event_of(int type)
{
    return atomic_load_explicit(&events[type], memory_order_acquire);
}

static void follow(int type, enum pressure_state state)
{
    HANDLE event = event_of(type);

    if (event && state == states[type])
        SetEvent(event);
    else if (event)
        ResetEvent(event);
}

static bool is_asked_for(void)
{
    return event_of(LowMemoryResourceNotification) || event_of(HighMemoryResourceNotification);
}

static void follow_state(enum pressure_state state)
{
    follow(LowMemoryResourceNotification, state);
    follow(HighMemoryResourceNotification, state);
}

/* Of a manager that serves no more nothing is told. */
static enum pressure_state state_of(const struct manager *manager)
{
    return manager_is_open(manager) ? pressure_state(&manager->pressure) : PRESSURE_NEUTRAL;
}

/* The manager's state now, and again if it changes meanwhile. */
static void follow_manager(const struct manager *manager)
{
    enum pressure_state state;

    do {
        state = state_of(manager);
        follow_state(state);
    } while (state_of(manager) != state);
}

/* The state of whoever is served now. */
static void follow_served(void)
{
    struct manager *manager = binding_enter_open();

    if (manager)
        follow_manager(manager);
    else
        follow_state(PRESSURE_NEUTRAL);
    binding_leave();
}

/*
 * Told of each change by the thread that tells; see manager_listener. While the events are set the
 * manager may be closed, or another one be bound: then they are not its any more.
 */
static bool follow_pressure(const struct manager *manager, enum pressure_state state)
{
    if (!binding_is(manager) || !is_asked_for())
        return false;
    follow_state(state);
    if (!binding_is(manager) || !manager_is_open(manager))
        follow_served();
    return true;
}

/* The event of that type; NULL: there is no memory. */
static HANDLE make_event(int type)
{
    HANDLE none = NULL;
    HANDLE event = event_of(type);

    if (event)
        return event;
    event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (event && !atomic_compare_exchange_strong_explicit(
                     &events[type], &none, event, memory_order_acq_rel, memory_order_acquire)) {
        CloseHandle(event);
        event = none;
    }
    return event;
}

void memory_status_hooks_follow(struct manager *manager)
{
    if (!is_asked_for())
        return;
    limits_watch_system(manager);
    atomic_store_explicit(&manager->listener, follow_pressure, memory_order_seq_cst);
    follow_manager(manager);
}

void memory_status_hooks_unfollow(void)
{
    if (binding_is(NULL))
        follow_state(PRESSURE_NEUTRAL);
}

/* A handle of the event, for the module to close. NULL: the last error says why. */
static HANDLE open_event(struct manager *manager, int type)
{
    HANDLE event = make_event(type);
    HANDLE handle = NULL;

    if (!event)
        return NULL;
    memory_status_hooks_follow(manager);
    if (!DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &handle,
                         NOTIFICATION_ACCESS, FALSE, 0))
        return NULL;
    return handle;
}

static HANDLE WINAPI hook_CreateMemoryResourceNotification(MEMORY_RESOURCE_NOTIFICATION_TYPE type)
{
    struct manager *manager = binding_enter_open();
    HANDLE handle;

    if (manager &&
        (type == LowMemoryResourceNotification || type == HighMemoryResourceNotification))
        handle = open_event(manager, type);
    else
        handle = CreateMemoryResourceNotification(type);
    binding_leave();
    return handle;
}

static BOOL WINAPI hook_QueryMemoryResourceNotification(HANDLE handle, PBOOL state)
{
    struct manager *manager = binding_enter_open();
    bool bound = manager != NULL;

    if (manager)
        limits_feel_pressure(manager, false);
    binding_leave();
    if (!bound || !state)
        return QueryMemoryResourceNotification(handle, state);
    switch (WaitForSingleObject(handle, 0)) {
    case WAIT_OBJECT_0:
        *state = TRUE;
        return TRUE;
    case WAIT_TIMEOUT:
        *state = FALSE;
        return TRUE;
    default: /* fails with Win32's own last error */
        return QueryMemoryResourceNotification(handle, state);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Which function is which
 * --------------------------------------------------------------------------------------------- */

static const struct hook hooks[] = {
    HOOK(GlobalMemoryStatusEx),
    HOOK(CreateMemoryResourceNotification),
    HOOK(QueryMemoryResourceNotification),
};

void *memory_status_hooks_find(const char *function)
{
    return hook_table_find(hooks, sizeof(hooks) / sizeof(hooks[0]), function);
}
