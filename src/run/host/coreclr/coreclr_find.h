/*
 * coreclr_find.h: which CoreCLR runs the program.
 *
 * The search looks in directories that hold coreclr.dll itself, and in dotnet roots, which hold
 * runtimes as shared\Microsoft.NETCore.App\VERSION. Only a runtime of hostmem-run's own bitness
 * fits. Of several in one root, the newest is taken.
 */
#ifndef HOSTMEM_RUN_HOST_CORECLR_CORECLR_FIND_H
#define HOSTMEM_RUN_HOST_CORECLR_CORECLR_FIND_H

#include "run/host/runtime.h"

/*
 * Takes the first of these that holds a runtime:
 *   asked (--runtime; may be NULL) or the variable HOSTMEM_RUNTIME: if one is given, the search
 *     looks nowhere else;
 *   DOTNET_ROOT, for 32 bits DOTNET_ROOT(x86) first;
 *   the program's own directory, if coreclr.dll is there (a self-contained program);
 *   the usual installation directories, of which the newest runtime is taken.
 * GO_ON, or the exit code of the failure that it has announced.
 */
int coreclr_find(struct runtime *runtime, const wchar_t *asked, const wchar_t *program_directory);

/* Describes the runtime in that directory, which is absolute. */
void coreclr_describe(struct runtime *runtime, const wchar_t *directory);

#endif
