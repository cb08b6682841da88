/*
 * top_arguments.h: hostmem-top's command line.
 */
#ifndef HOSTMEM_RUN_TOP_TOP_ARGUMENTS_H
#define HOSTMEM_RUN_TOP_TOP_ARGUMENTS_H

#include <windows.h>

#include <stdbool.h>
#include <wchar.h>

struct top_arguments {
    DWORD process; /* 0: all */
    bool once;
    bool json;
    unsigned interval; /* seconds */
    bool help;
    bool version;
};

/* GO_ON, or the exit code of the failure that it has announced. */
int top_arguments_read(struct top_arguments *arguments, int argc, wchar_t **argv);

extern const char top_arguments_help[];

#endif
