/*
 * redirection.h: making and undoing the redirection of one module, and the list of all
 * redirections.
 *
 * Protocol. A redirection is in the list from before it changes anything until everything is
 * undone. `thread` is the thread that makes or undoes it, and 0 while it stands. It changes under
 * the lock of the list: 0 -> id by the one thread that is to undo it; id -> 0 by the thread that
 * has made it. If a thread is terminated while it makes or undoes a redirection, the redirection is
 * abandoned: whoever looks for such claims it and undoes it. So making and undoing proceed by steps
 * each of which can be undone, whether or not it was completed, and more than once.
 *
 * A thread that is terminated between a call of the system and the note of it leaves a reference of
 * a module or of a manager, or 64 KiB of address space, that nobody gives back.
 */
#ifndef HOSTMEM_REDIRECT_REDIRECTION_H
#define HOSTMEM_REDIRECT_REDIRECTION_H

#include "redirect/entries.h"

/*
 * Begins the redirection of a loaded module to the manager: keeps the module loaded, and enters the
 * redirection in the list. Nothing is rewritten yet. Results: HostMemRedirectModule's. S_OK: one of
 * redirection_settle and redirection_undo is due.
 */
HRESULT redirection_begin(struct manager *manager, HMODULE module, DWORD flags,
                          struct redirection **redirection);

/* Binds the manager and rewrites the module's entries. Results: HostMemRedirectModule's. */
HRESULT redirection_complete(struct manager *manager, struct redirection *redirection);

/* The redirection stands: from now on it can be claimed. */
void redirection_settle(struct redirection *redirection);

/*
 * Puts the entries back, releases the manager and the module, and frees the structure. The caller
 * has begun it or claimed it. S_OK; S_FALSE: the module had been unloaded; Win32's first error: the
 * other entries have been put back.
 */
HRESULT redirection_undo(struct redirection *redirection);

/* ------------------------------------------------------------------------------------------------
 * The list
 * --------------------------------------------------------------------------------------------- */

typedef bool redirection_test(const struct redirection *redirection, const void *context);

/* True if no thread makes or undoes it: for a test. */
bool redirection_stands(const struct redirection *redirection);

/* How many of all pass the test. */
unsigned redirection_count(redirection_test *test, const void *context);

/*
 * Claims those that stand and pass the test, for the caller alone, who undoes them. Returns the
 * first, which leads on to the others by `claimed`; NULL: there is none.
 */
struct redirection *redirection_claim(redirection_test *test, const void *context);

/* Claims the abandoned ones. */
struct redirection *redirection_claim_abandoned(void);

#endif
