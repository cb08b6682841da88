/*
 * unloads.h: learning of modules that are unloaded.
 *
 * A redirection keeps its module loaded; but a program may free a module once too often.
 */
#ifndef HOSTMEM_REDIRECT_UNLOADS_H
#define HOSTMEM_REDIRECT_UNLOADS_H

#include <windows.h>

/*
 * A module is about to leave its addresses. The thread holds the loader's lock: the callback must
 * call neither the loader nor the host.
 */
typedef void unloaded_callback(const void *module);

/* Calls back from now on, for ever: this module must be pinned. Later calls do nothing. */
void unloads_begin(unloaded_callback *callback);

#endif
