/*
 * pressure_notify.h: notifies a runtime of memory pressure.
 *
 * budget/pressure.h decides the state, and which thread reports a change. This file asks it after
 * each call that may have changed what is committed, queries the system's own low-memory
 * notification, and calls the host's callback, the CLR's and the listener for redirected modules.
 * If a thread is terminated while it does so, another one takes its place, by such a call a second
 * later or earlier; the state may then be told twice. The reference of the manager that the ended
 * thread held stays.
 */
#ifndef HOSTMEM_HOSTING_PARTS_PRESSURE_NOTIFY_H
#define HOSTMEM_HOSTING_PARTS_PRESSURE_NOTIFY_H

#include "budget/pressure.h"
#include "counters/counters.h"
#include "hosting/parts/host_callbacks.h"
#include "hosting/parts/status.h"
#include "pages/memory/pool.h"

#include <hostmem/clrhosting.h>

/*
 * Called for each notification, and with PRESSURE_NEUTRAL when the manager stops serving. `manager`
 * is the one that pressure_notify_init was given. False: it notified no module.
 */
typedef bool pressure_listener(const void *manager, enum pressure_state state);

struct pressure_notify {
    struct pressure pressure;
    struct counters *counters;
    const struct status *status; /* a manager that does not serve sends no notification */
    const void *manager;         /* the listener's argument */
    const struct host_callbacks *host;

    _Atomic(pressure_listener *) listener; /* NULL: none */

    /*
     * The system's low-memory notification, or NULL. It is made once, by compare-and-swap, and
     * closed with the manager. The thread that moves watched_tick on queries it.
     */
    _Atomic(HANDLE) watch;
    _Atomic uint64_t watched_tick;

    /* When it was last looked whether the teller has ended. The thread that moves it on looks. */
    _Atomic uint64_t teller_tick;

    /*
     * Every callback that was ever registered, each with a reference, until the manager ends:
     * another thread may be inside a callback that has been replaced. `callback` is the one to
     * call, or NULL.
     */
    struct pool callbacks;
    _Atomic(ICLRMemoryNotificationCallback *) callback;
};

/*
 * Pressure goes by `committed`. `manager` is passed to the listener, and the host is told by
 * host->pressure. False: no memory; pressure_notify_destroy is due also then.
 */
bool pressure_notify_init(struct pressure_notify *notify, struct counters *counters,
                          const struct status *status, const struct budget_kind *committed,
                          const struct host_callbacks *host, const void *manager,
                          struct book_space *books);
void pressure_notify_destroy(struct pressure_notify *notify);

/*
 * Releases all callbacks, those too that are registered while it does so. Each of them may call any
 * method of the manager. No thread tells any more.
 */
void pressure_notify_forget(struct pressure_notify *notify);

/* The callback to call from now on; NULL: none. False: no memory. */
bool pressure_notify_register(struct pressure_notify *notify,
                              ICLRMemoryNotificationCallback *callback);

/* From now on updates query the system's low-memory notification. False: the system has none. */
bool pressure_notify_watch_system(struct pressure_notify *notify);

/* The listener is called for every notification that begins after this. */
void pressure_notify_listen(struct pressure_notify *notify, pressure_listener *listener);

/* A thread's turn to tell. */
struct pressure_turn {
    enum pressure_state state;
    uint64_t tick;
    DWORD last_error; /* from before */
};

/*
 * To be called after each call that may have changed what is committed, and after each request that
 * the budget `refused`. False: nothing is to be told, and the last error is as it was.
 */
bool pressure_notify_begin(struct pressure_notify *notify, bool refused,
                           struct pressure_turn *turn);

/*
 * Tells, when the call is otherwise done: a callback may call any method of the manager, and
 * release it. The caller keeps it alive. Suspension-safe, but for what the callback does. Changes
 * the last error.
 */
void pressure_notify_tell(struct pressure_notify *notify, struct pressure_turn *turn);

/* The manager serves no more: calls the listener with PRESSURE_NEUTRAL. */
void pressure_notify_end(const struct pressure_notify *notify);

#endif
