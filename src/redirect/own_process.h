/*
 * own_process.h: whether a process handle is one of this process, and what it allows.
 */
#ifndef HOSTMEM_REDIRECT_OWN_PROCESS_H
#define HOSTMEM_REDIRECT_OWN_PROCESS_H

#include <stdbool.h>

#include <windows.h>

/* Finds functions of the system. Calls the loader. */
void own_process_prepare(void);

/*
 * True for the pseudo handle and for every handle of this process that can be recognised, whatever
 * its access rights. Before Windows 10, a handle without a right to query is recognised only if it
 * can be duplicated with that right. The last error stays as it is. Suspension-safe.
 */
bool own_process_is(HANDLE process);

/*
 * The same, and the handle has these access rights. A call for this process by a handle that lacks
 * a right that Win32 asks for must go to Win32, which refuses it.
 */
bool own_process_is_with(HANDLE process, ACCESS_MASK rights);

#endif
