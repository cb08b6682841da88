/*
 * hostfxr_find.h: which hostfxr.dll starts the program: the host that the dotnet command and
 * apphosts load.
 */
#ifndef HOSTMEM_RUN_HOST_HOSTFXR_HOSTFXR_FIND_H
#define HOSTMEM_RUN_HOST_HOSTFXR_HOSTFXR_FIND_H

#include "run/launch/program.h"

#include <stdbool.h>

struct hostfxr_place {
    const wchar_t *hostfxr; /* its path; NULL: there is none that fits */
    const wchar_t *root; /* its dotnet root; of a self-contained program, the program's directory */
    bool is_self_contained; /* the program brings its own host and runtime */
};

/*
 * Looks for the newest host of hostmem-run's bitness, in the first of these that has one:
 *   asked, if not NULL, and nowhere else;
 *   the program's directory, if the program is self-contained, and nowhere else;
 *   DOTNET_ROOT, for 32 bits DOTNET_ROOT(x86) first;
 *   the program's directory and those above it;
 *   the usual installation directories.
 */
struct hostfxr_place hostfxr_find(const struct program *program, const wchar_t *asked);

/* The file beside the program that says what it runs on, NAME.runtimeconfig.json, exists. */
bool hostfxr_is_wanted(const struct program *program);

#endif
