/*
 * runtime.h: the runtime that a program runs on, as the report describes it.
 */
#ifndef HOSTMEM_RUN_HOST_RUNTIME_H
#define HOSTMEM_RUN_HOST_RUNTIME_H

#include <wchar.h>

struct runtime {
    const char *family;       /* "CoreCLR" or ".NET Framework" */
    const wchar_t *directory; /* absolute */
    const char *directory_utf8;
    const char *version; /* "2.0.0", or "unknown" */
};

#endif
