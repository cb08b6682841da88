/*
 * runtime_version.h: which version of .NET a loaded module is the runtime of.
 *
 * Not suspension-safe: calls the loader. Leaves the last error as it was.
 */
#ifndef HOSTMEM_REDIRECT_RUNTIME_VERSION_H
#define HOSTMEM_REDIRECT_RUNTIME_VERSION_H

#include <limits.h>
#include <windows.h>

#define RUNTIME_NONE 0u          /* the module holds no runtime */
#define RUNTIME_UNKNOWN UINT_MAX /* it does, and does not say of which version */

/*
 * The first number of the runtime's version (2 for 2.0 to 2.2, 10 for 10.0.15), RUNTIME_NONE or
 * RUNTIME_UNKNOWN. A coreclr.dll has a version resource. A single file exports DotNetRuntimeInfo,
 * which says it from .NET 8 on. What NativeAOT has compiled does not say it.
 */
unsigned runtime_version_major(HMODULE module);

#endif
