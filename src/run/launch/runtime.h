/*
 * runtime.h: which CoreCLR runs the program.
 *
 * A place to look in is a directory that holds coreclr.dll itself, or a dotnet root, which holds
 * runtimes as shared\Microsoft.NETCore.App\VERSION. Only a runtime of hostmem-run's own bitness
 * fits. Where several fit, the newest is taken.
 */
#ifndef HOSTMEM_RUN_LAUNCH_RUNTIME_H
#define HOSTMEM_RUN_LAUNCH_RUNTIME_H

#include <wchar.h>

struct runtime {
    const char *family;       /* "CoreCLR" */
    const wchar_t *directory; /* absolute */
    const char *directory_utf8;
    const char *version; /* "2.0.0", or "unknown" */
};

/* What the runtime in that directory, absolute, is. */
void runtime_describe(struct runtime *runtime, const wchar_t *directory);

/* The place that was asked for: the option's (NULL: not given) or HOSTMEM_RUNTIME's; else NULL. */
const wchar_t *runtime_asked_for(const wchar_t *option);

/*
 * The first of these that has one:
 *   asked (--runtime; may be NULL) and the variable HOSTMEM_RUNTIME: if given, nothing else is
 *     looked at;
 *   DOTNET_ROOT, for 32 bits DOTNET_ROOT(x86) first;
 *   the program's own directory, if coreclr.dll lies there (a self-contained program);
 *   the usual installation places, all together.
 * GO_ON, or the exit code of the failure that it has announced.
 */
int coreclr_find(struct runtime *runtime, const wchar_t *asked, const wchar_t *program_directory);

#endif
