/*
 * binding.h: the one manager that the hooks of all redirected modules serve.
 *
 * Promise: from binding_enter to binding_leave the manager, and its heaps that stand for handles
 * (heap_table.h), stay alive. Each of the two is one atomic addition and waits for nothing.
 */
#ifndef HOSTMEM_REDIRECT_BINDING_H
#define HOSTMEM_REDIRECT_BINDING_H

#include "hosting/manager.h"

/*
 * Binds a manager for one more redirection, and keeps it alive. with_heap: the redirection includes
 * the process's heap. S_OK; HRESULT_FROM_WIN32(ERROR_BUSY): another manager is bound;
 * E_OUTOFMEMORY.
 */
HRESULT binding_begin(struct manager *manager, bool with_heap);

/* Ends one redirection. With the last one the manager is unbound and released. */
void binding_end(void);

/* The manager, for a hook to use until binding_leave; NULL: none. binding_leave is always due. */
struct manager *binding_enter(void);

/* The same; NULL also if the manager serves no more. */
struct manager *binding_enter_open(void);

/* True if this manager is bound now. Of NULL: true if none is. */
bool binding_is(const struct manager *manager);

void binding_leave(void);

#endif
