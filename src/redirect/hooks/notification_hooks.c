/*
 * notification_hooks.c: see notification_hooks.h.
 *
 * A module that asks for a memory resource notification gets a handle of an event that follows the
 * manager's pressure. A process has two such events, for Low and for High. A module gets a new
 * handle each time, which it may close. Nobody keeps track of these handles: the hook of
 * QueryMemoryResourceNotification looks whether the handle that it is given is signalled, which is
 * right for Win32's own notifications, too.
 *
 * Review note for invariant I4: calls for pages set the events (manager_update_pressure), by one
 * system call each.
 */
#include "redirect/hooks/notification_hooks.h"

#include "redirect/binding.h"

/*
 * The access rights of a module's handle: to wait, and EVENT_QUERY_STATE, which Win32's own
 * QueryMemoryResourceNotification needs; the module reaches that when the redirection has ended.
 * MinGW-w64's headers lack the name EVENT_QUERY_STATE.
 */
#define NOTIFICATION_ACCESS (SYNCHRONIZE | 0x0001u)

/* By MEMORY_RESOURCE_NOTIFICATION_TYPE. Each is made when a module first asks, and never closed. */
static _Atomic(HANDLE) events[2];

static const enum pressure_state states[2] = {
    [LowMemoryResourceNotification] = PRESSURE_LOW,
    [HighMemoryResourceNotification] = PRESSURE_HIGH,
};

static HANDLE event_of(int type)
{
    return atomic_load_explicit(&events[type], memory_order_acquire);
}

static void set_event(int type, enum pressure_state state)
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

static void set_events(enum pressure_state state)
{
    set_event(LowMemoryResourceNotification, state);
    set_event(HighMemoryResourceNotification, state);
}

/* If the manager serves no more: Neutral, so that nothing is signalled. */
static enum pressure_state state_of(const struct manager *manager)
{
    return manager_is_open(manager) ? pressure_state(&manager->limits.notify.pressure)
                                    : PRESSURE_NEUTRAL;
}

/* Sets the events by the manager's state, again if the state changes meanwhile. */
static void follow_manager(const struct manager *manager)
{
    enum pressure_state state;

    do {
        state = state_of(manager);
        set_events(state);
    } while (state_of(manager) != state);
}

/* Sets the events by the manager that is bound now. */
static void follow_bound(void)
{
    struct manager *manager = binding_enter_open();

    if (manager)
        follow_manager(manager);
    else
        set_events(PRESSURE_NEUTRAL);
    binding_leave();
}

/*
 * The pressure_listener of every manager that was bound. The manager may be closed, or another one
 * may be bound, while the events are set: then they are set once more, by the manager that is
 * bound.
 */
static bool follow_pressure(const void *listened, enum pressure_state state)
{
    const struct manager *manager = listened;

    if (!binding_is(manager) || !is_asked_for())
        return false;
    set_events(state);
    if (!binding_is(manager) || !manager_is_open(manager))
        follow_bound();
    return true;
}

/* The event of that type; NULL: it could not be made. */
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

void notification_hooks_follow(struct manager *manager)
{
    if (!is_asked_for())
        return;
    pressure_notify_watch_system(&manager->limits.notify);
    pressure_notify_listen(&manager->limits.notify, follow_pressure);
    follow_manager(manager);
}

void notification_hooks_unfollow(void)
{
    if (binding_is(NULL))
        set_events(PRESSURE_NEUTRAL);
}

/* A new handle of the event, which the module may close. NULL: the last error says why not. */
static HANDLE open_event(struct manager *manager, int type)
{
    HANDLE event = make_event(type);
    HANDLE handle = NULL;

    if (!event)
        return NULL;
    notification_hooks_follow(manager);
    if (!DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &handle,
                         NOTIFICATION_ACCESS, FALSE, 0))
        return NULL;
    return handle;
}

static HANDLE WINAPI hook_CreateMemoryResourceNotification(MEMORY_RESOURCE_NOTIFICATION_TYPE type)
{
    struct manager *manager = binding_enter_open();
    HANDLE handle;

    if (manager && type == LowMemoryResourceNotification && manager->redirected.started_callback)
        manager->redirected.started_callback(manager->redirected.started_context);
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
        manager_update_pressure(manager, false);
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

static struct hook hooks[] = {
    HOOK(CreateMemoryResourceNotification),
    HOOK(QueryMemoryResourceNotification),
};

const struct hook_table notification_hooks = HOOK_TABLE(hooks);
