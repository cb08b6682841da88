/*
 * own_process.h: whether a process handle is one of this process.
 */
#ifndef HOSTMEM_REDIRECT_OWN_PROCESS_H
#define HOSTMEM_REDIRECT_OWN_PROCESS_H

#include <stdbool.h>

#include <windows.h>

/* Finds a function that old systems lack. Calls the loader. */
void own_process_prepare(void);

/*
 * True for the pseudo handle and for every handle of this process that can be recognised, whatever
 * its access rights. Before Windows 10, a handle without a right to query is recognised only if it
 * can be duplicated with that right. The last error stays as it is. Suspension-safe.
 */
bool own_process_is(HANDLE process);

#endif
