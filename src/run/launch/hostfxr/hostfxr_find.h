/*
 * hostfxr_place.h: which hostfxr.dll, the host that the dotnet command and apphosts load, starts
 * the program.
 */
#ifndef HOSTMEM_RUN_LAUNCH_HOSTFXR_HOSTFXR_FIND_H
#define HOSTMEM_RUN_LAUNCH_HOSTFXR_HOSTFXR_FIND_H

#include "run/launch/program.h"

#include <stdbool.h>

struct hostfxr_place {
    const wchar_t *hostfxr; /* its path; NULL: there is none that fits */
    const wchar_t *root;    /* the dotnet root that it is of; the program's directory if it is
                               self-contained */
    bool is_self_contained; /* the program brings its own host and runtime */
};

/*
 * Looks for the newest host of hostmem-run's bitness in the first place that has one:
 *   asked, if not NULL, and nowhere else;
 *   the program's directory, if the program is self-contained;
 *   DOTNET_ROOT, for 32 bits DOTNET_ROOT(x86) first; the directories above the program; the usual
 *   installation places.
 */
struct hostfxr_place hostfxr_find(const struct program *program, const wchar_t *asked);

/* The program says by a file beside it, NAME.runtimeconfig.json, what it is to be run by. */
bool hostfxr_is_wanted(const struct program *program);

#endif
