/*
 * console.h: Ctrl+C, Ctrl+Break and the closing of the console are for the program. hostmem-run
 * stays until the program has ended, and reports.
 */
#ifndef HOSTMEM_RUN_WATCH_CONSOLE_H
#define HOSTMEM_RUN_WATCH_CONSOLE_H

#include <windows.h>

void console_begin(void);

/* For CreateProcess: where hostmem-run has no console, a program must not be given a new one. */
DWORD console_creation_flags(void);

/* The report has been made. */
void console_end(void);

#endif
