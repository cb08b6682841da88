/*
 * binding.h: the one manager that the hooks of all redirected modules serve.
 *
 * Promise: from binding_enter to binding_leave the manager, and its heaps that stand for handles
 * (heap_table.h), stay alive. Each of the two waits for nothing (visitors.h).
 */
#ifndef HOSTMEM_REDIRECT_BINDING_H
#define HOSTMEM_REDIRECT_BINDING_H

#include "hosting/manager.h"

/* One redirection's use of a manager. All zero at first. */
struct binding_use {
    const struct manager *manager;
    _Atomic(struct binding_use *) next;
};

/* Heaps that there were before, and that a redirection takes over. */
struct taken_heaps {
    bool of_process; /* the process's */
    HANDLE own;      /* the module's own; NULL: none */
    HMODULE module;
};

/*
 * Binds a manager for one more redirection, and keeps it alive; and takes the heaps over. S_OK;
 * HRESULT_FROM_WIN32(ERROR_BUSY): another manager is bound; E_OUTOFMEMORY.
 */
HRESULT binding_begin(struct manager *manager, const struct taken_heaps *heaps,
                      struct binding_use *use);

/*
 * Takes over a module's own heap that there was not yet when binding_begin was called, unless it
 * was. False: no memory or no room.
 */
bool binding_take_own(struct manager *manager, HANDLE own, HMODULE module);

/*
 * Ends one redirection's use; one that has not begun, or has ended, is fine. With the last one the
 * manager is unbound, and released unless its memory may still be freed through hooks. It may call
 * the host, by a last release, and so may binding_begin.
 */
void binding_end(struct binding_use *use);

/* The manager, for a hook to use until binding_leave; NULL: none. binding_leave is always due. */
struct manager *binding_enter(void);

/* The same; NULL also if the manager serves no more. */
struct manager *binding_enter_open(void);

/* True if this manager is bound now. Of NULL: true if none is. */
bool binding_is(const struct manager *manager);

void binding_leave(void);

/*
 * Memory of managers that are not bound any more. A module may free it when another manager is
 * bound, or by a pointer to a hook that GetProcAddress has given it.
 */

/*
 * To be called before a pointer to a hook is given to a module. False: no manager is bound, and
 * none is to be given. From then on a manager that still holds memory when its last redirection
 * ends stays alive for as long as it does.
 */
bool binding_give_out(void);

/* What a test of binding_find says of a manager and an address. It keeps the last error. */
typedef bool binding_test(struct manager *manager, const void *address);

/*
 * The manager that the test finds the address to belong to: the bound one, or an earlier one; NULL:
 * none. Between binding_enter and binding_leave.
 */
struct manager *binding_find(binding_test *test, const void *address);

/*
 * All managers that binding_find looks at, one after the other: the first after NULL. NULL: there
 * are no more. Between binding_enter and binding_leave.
 */
struct manager *binding_next(const struct manager *after);

#endif
