/*
 * binding.h: the one manager that the hooks of all redirected modules serve.
 *
 * Promise: a hook that has entered finds the manager, and the heaps that stand for handles of its
 * (heap_table.h), alive until it leaves. Entering and leaving is one atomic addition each, and
 * waits for nobody.
 */
#ifndef HOSTMEM_REDIRECT_BINDING_H
#define HOSTMEM_REDIRECT_BINDING_H

#include "hosting/manager.h"

/*
 * Lets the hooks serve a manager, and keeps it alive for one more redirection; with_heap: one of
 * the process's heap, too. S_OK; HRESULT_FROM_WIN32(ERROR_BUSY): they serve another one;
 * E_OUTOFMEMORY.
 */
HRESULT binding_begin(struct manager *manager, bool with_heap);

/* Ends one redirection; the last one lets the manager go. */
void binding_end(void);

/* The manager for a hook to use until binding_leave, which follows in any case; NULL: none. */
struct manager *binding_enter(void);

/* The same; NULL also if the manager no longer serves. */
struct manager *binding_enter_open(void);

/* True if the hooks serve this manager now; NULL: if they serve none. */
bool binding_is(const struct manager *manager);

void binding_leave(void);

#endif
