/*
 * frame.h: what hostmem-top shows at one moment, written to stdout.
 */
#ifndef HOSTMEM_RUN_TOP_FRAME_H
#define HOSTMEM_RUN_TOP_FRAME_H

#include <windows.h>

#include <stdbool.h>

/* The processes that run under hostmem, a line each. GO_ON. */
int frame_of_all(bool json);

/* The report on one process. GO_ON, or the exit code of the failure that it has announced. */
int frame_of_process(DWORD process, bool json);

#endif
