/*
 * hand_over.h: the hostmem-run of the other bitness does what this one was asked for.
 */
#ifndef HOSTMEM_RUN_WATCH_HAND_OVER_H
#define HOSTMEM_RUN_WATCH_HAND_OVER_H

#include <windows.h>

#include <stdbool.h>
#include <wchar.h>

/*
 * Starts the other program with this one's arguments, and waits for its end. With ends_with_parent
 * it ends when this one does. Sets *exit_code to its exit code. GO_ON, or the exit code of the
 * failure that it has announced.
 */
int hand_over(const wchar_t *other, bool ends_with_parent, DWORD *exit_code);

#endif
