/*
 * search_paths.h: where .NET is looked for on this machine: in dotnet roots, which hold the host as
 * host\fxr\VERSION and runtimes as shared\NAME\VERSION.
 */
#ifndef HOSTMEM_RUN_LAUNCH_SEARCH_PATHS_H
#define HOSTMEM_RUN_LAUNCH_SEARCH_PATHS_H

#include <stdbool.h>
#include <wchar.h>

/* root: the absolute path of a directory that need not exist. */
typedef void search_path_callback(void *context, wchar_t *root);

/* What the user asked for: the option, if not NULL, else HOSTMEM_RUNTIME. NULL: nothing. */
const wchar_t *search_path_asked_for(const wchar_t *option);

/* DOTNET_ROOT, for 32 bits DOTNET_ROOT(x86) first; NULL: it is not set. */
wchar_t *search_path_of_variable(void);

/* The usual installation directories, and that of the dotnet command found through PATH. */
void search_paths_installed(search_path_callback *callback, void *context);

/* A directory, then those above it. */
void search_paths_above(const wchar_t *directory, search_path_callback *callback, void *context);

/* version is valid only during the call. */
typedef void search_path_version_callback(void *context, const wchar_t *version);

/* The subdirectories that are named as versions. False: the directory does not exist. */
bool search_path_versions(const wchar_t *directory, search_path_version_callback *callback,
                          void *context);

#endif
