/*
 * search_paths.h: where .NET may be installed on this machine: dotnet roots, which hold the host as
 * host\fxr\VERSION and runtimes as shared\NAME\VERSION.
 */
#ifndef HOSTMEM_RUN_LAUNCH_SEARCH_PATHS_H
#define HOSTMEM_RUN_LAUNCH_SEARCH_PATHS_H

#include <wchar.h>

/* root is an absolute path, of a directory that need not be there. */
typedef void search_path_callback(void *context, wchar_t *root);

/* What DOTNET_ROOT says, for 32 bits DOTNET_ROOT(x86) first; NULL: nothing. */
wchar_t *search_path_of_variable(void);

/* The usual installation places, and that of the dotnet command of the search path. */
void search_paths_installed(search_path_callback *callback, void *context);

/* The directories above a directory, itself first. */
void search_paths_above(const wchar_t *directory, search_path_callback *callback, void *context);

#endif
