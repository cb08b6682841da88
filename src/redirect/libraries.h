/*
 * libraries.h: the libraries by which other modules allocate: C run-time libraries, COM's task
 * memory, automation's strings. Who redirects one sees what all modules allocate by it.
 *
 * A library is known by what it exports itself: _get_heap_handle, CoTaskMemAlloc, SysAllocString. A
 * run-time library's heap may be older than any redirection: it is the one that the library's
 * _get_heap_handle tells.
 */
#ifndef HOSTMEM_REDIRECT_LIBRARIES_H
#define HOSTMEM_REDIRECT_LIBRARIES_H

#include <stdbool.h>

#include <windows.h>

/* True if others allocate by this module. */
bool libraries_is_one(HMODULE module);

/*
 * The heap that a run-time library allocates from; NULL: the module is none, or has no heap yet and
 * will make one, or take the process's, when its entry point runs.
 */
HANDLE libraries_own_heap(HMODULE module);

/* `index`: which of the libraries that libraries_each looks for, below LIBRARIES_LOOKED_FOR. */
typedef void library_callback(unsigned index, HMODULE module);

#define LIBRARIES_LOOKED_FOR 10u

/*
 * Calls back for each library of the system's: with its module, which stays loaded meanwhile; or
 * with NULL if it is not loaded. Calls the loader.
 */
void libraries_each(library_callback *callback);

#endif
