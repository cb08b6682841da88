/*
 * places.h: where .NET may be installed on this machine: dotnet roots, which hold the host as
 * host\fxr\VERSION and runtimes as shared\NAME\VERSION.
 */
#ifndef HOSTMEM_RUN_LAUNCH_SEARCH_PATHS_H
#define HOSTMEM_RUN_LAUNCH_SEARCH_PATHS_H

#include <wchar.h>

/* root is an absolute path, of a directory that need not be there. */
typedef void place_callback(void *context, wchar_t *root);

/* What DOTNET_ROOT says, for 32 bits DOTNET_ROOT(x86) first; NULL: nothing. */
wchar_t *place_of_variable(void);

/* The usual installation places, and that of the dotnet command of the search path. */
void places_installed(place_callback *callback, void *context);

/* The directories above a directory, itself first. */
void places_above(const wchar_t *directory, place_callback *callback, void *context);

#endif
