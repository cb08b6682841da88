/*
 * pressure_notify.c: see pressure_notify.h.
 */
#include "hosting/parts/pressure_notify.h"

#include "hosting/parts/ended_thread.h"
#include "os/os.h"

#define CALLBACK_LIMIT ((uint32_t)1 << 12)
#define WATCH_MILLISECONDS 1000u

struct kept_callback {
    struct pool_link link;
    _Atomic(ICLRMemoryNotificationCallback *) callback;
};

bool pressure_notify_init(struct pressure_notify *notify, struct counters *counters,
                          const struct status *status, const struct budget_kind *committed,
                          const struct host_callbacks *host, const void *manager,
                          struct book_space *books)
{
    notify->counters = counters;
    notify->status = status;
    notify->manager = manager;
    notify->host = host;
    pressure_init(&notify->pressure, committed);
    return pool_init(&notify->callbacks, sizeof(struct kept_callback), CALLBACK_LIMIT, books);
}

/* Releases the callbacks that are kept now. False: there was none. */
static bool release_callbacks(struct pressure_notify *notify)
{
    bool found = false;

    for (uint32_t index = 1; index <= pool_limit(&notify->callbacks); index++) {
        struct kept_callback *kept = pool_item(&notify->callbacks, index);
        ICLRMemoryNotificationCallback *callback =
            atomic_exchange_explicit(&kept->callback, NULL, memory_order_acq_rel);

        if (!callback)
            continue;
        found = true;
        pool_give(&notify->callbacks, index);
        callback->lpVtbl->Release(callback);
    }
    return found;
}

void pressure_notify_forget(struct pressure_notify *notify)
{
    do {
        atomic_store_explicit(&notify->callback, NULL, memory_order_release);
    } while (release_callbacks(notify));
}

void pressure_notify_destroy(struct pressure_notify *notify)
{
    HANDLE watch = atomic_load_explicit(&notify->watch, memory_order_acquire);

    if (watch)
        CloseHandle(watch);
    pool_destroy(&notify->callbacks);
}

/* ------------------------------------------------------------------------------------------------
 * The callback and the listener
 * --------------------------------------------------------------------------------------------- */

/* Keeps one reference of each callback. False: no memory. */
static bool keep_callback(struct pressure_notify *notify, ICLRMemoryNotificationCallback *callback)
{
    struct kept_callback *kept;
    uint32_t index;

    for (index = 1; index <= pool_limit(&notify->callbacks); index++) {
        kept = pool_item(&notify->callbacks, index);
        if (atomic_load_explicit(&kept->callback, memory_order_acquire) == callback)
            return true;
    }
    index = pool_take(&notify->callbacks);
    if (!index)
        return false;
    callback->lpVtbl->AddRef(callback);
    kept = pool_item(&notify->callbacks, index);
    atomic_store_explicit(&kept->callback, callback, memory_order_release);
    return true;
}

bool pressure_notify_register(struct pressure_notify *notify,
                              ICLRMemoryNotificationCallback *callback)
{
    if (callback && !keep_callback(notify, callback))
        return false;
    atomic_store_explicit(&notify->callback, callback, memory_order_release);
    return true;
}

void pressure_notify_listen(struct pressure_notify *notify, pressure_listener *listener)
{
    atomic_store_explicit(&notify->listener, listener, memory_order_seq_cst);
}

/* ------------------------------------------------------------------------------------------------
 * The system's own shortage
 * --------------------------------------------------------------------------------------------- */

bool pressure_notify_watch_system(struct pressure_notify *notify)
{
    HANDLE watch, none = NULL;

    if (atomic_load_explicit(&notify->watch, memory_order_acquire))
        return true;
    watch = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    if (watch && !atomic_compare_exchange_strong_explicit(
                     &notify->watch, &none, watch, memory_order_acq_rel, memory_order_acquire))
        CloseHandle(watch);
    return watch != NULL;
}

/* Queries the system's notification, at most once a second and then in one thread. */
static void query_system(struct pressure_notify *notify, uint64_t tick)
{
    HANDLE watch = atomic_load_explicit(&notify->watch, memory_order_acquire);
    uint64_t watched = atomic_load_explicit(&notify->watched_tick, memory_order_relaxed);
    BOOL is_low;

    if (!watch || tick - watched < WATCH_MILLISECONDS ||
        !atomic_compare_exchange_strong_explicit(&notify->watched_tick, &watched, tick,
                                                 memory_order_relaxed, memory_order_relaxed))
        return;
    if (QueryMemoryResourceNotification(watch, &is_low))
        pressure_set_system(&notify->pressure, is_low != FALSE);
}

/* ------------------------------------------------------------------------------------------------
 * Notifying
 * --------------------------------------------------------------------------------------------- */

_Static_assert(eMemoryAvailableLow == (int)PRESSURE_LOW, "one order of states");
_Static_assert(eMemoryAvailableNeutral == (int)PRESSURE_NEUTRAL, "one order of states");
_Static_assert(eMemoryAvailableHigh == (int)PRESSURE_HIGH, "one order of states");

static void tell(struct pressure_notify *notify, enum pressure_state state, uint64_t tick)
{
    ICLRMemoryNotificationCallback *callback;
    pressure_listener *listener = atomic_load_explicit(&notify->listener, memory_order_acquire);
    bool heard;

    if (notify->host->pressure) {
        notify->host->pressure(notify->host->pressure_context, (EMemoryAvailable)state);
        if (!status_is_open(notify->status))
            return; /* the host has closed the manager, and no runtime is told any more */
    }
    callback = atomic_load_explicit(&notify->callback, memory_order_acquire);
    heard = callback != NULL;
    if (listener)
        heard |= listener(notify->manager, state);
    if (heard)
        counters_count_first(notify->counters,
                             &notify->counters->notifications[state - PRESSURE_LOW], tick);
    if (callback)
        callback->lpVtbl->OnMemoryNotification(callback, (EMemoryAvailable)state);
}

/*
 * If there is a teller, looks at most once a second, and then in one thread, whether it has ended.
 * True: it has, and this thread has taken its place.
 */
static bool take_over(struct pressure_notify *notify, struct pressure_caller caller,
                      enum pressure_state *state)
{
    uint32_t teller = pressure_teller(&notify->pressure);
    uint64_t looked = atomic_load_explicit(&notify->teller_tick, memory_order_relaxed);

    return teller && teller != caller.thread && caller.tick - looked >= WATCH_MILLISECONDS &&
           atomic_compare_exchange_strong_explicit(&notify->teller_tick, &looked, caller.tick,
                                                   memory_order_relaxed, memory_order_relaxed) &&
           ended_thread_is(teller) && pressure_take_over(&notify->pressure, teller, caller, state);
}

static struct pressure_caller caller_at(uint64_t tick)
{
    return (struct pressure_caller){os_thread_id(), tick};
}

bool pressure_notify_begin(struct pressure_notify *notify, bool refused, struct pressure_turn *turn)
{
    if (!status_is_open(notify->status) ||
        (pressure_is_idle(&notify->pressure) &&
         !atomic_load_explicit(&notify->watch, memory_order_relaxed)))
        return false;
    turn->last_error = GetLastError();
    turn->tick = os_tick_milliseconds();
    query_system(notify, turn->tick);
    if (pressure_begin(&notify->pressure, refused, caller_at(turn->tick), &turn->state) ||
        take_over(notify, caller_at(turn->tick), &turn->state))
        return true;
    SetLastError(turn->last_error);
    return false;
}

void pressure_notify_tell(struct pressure_notify *notify, struct pressure_turn *turn)
{
    do {
        tell(notify, turn->state, turn->tick);
        turn->tick = os_tick_milliseconds(); /* the callback may have taken long */
    } while (pressure_next(&notify->pressure, caller_at(turn->tick), &turn->state));
}

void pressure_notify_end(const struct pressure_notify *notify)
{
    pressure_listener *listener = atomic_load_explicit(&notify->listener, memory_order_acquire);

    if (listener)
        listener(notify->manager, PRESSURE_NEUTRAL);
}
