/*
 * launcher_choose.h: decides whether a program is run by .NET or by .NET Framework.
 */
#ifndef HOSTMEM_RUN_HOST_LAUNCHER_CHOOSE_H
#define HOSTMEM_RUN_HOST_LAUNCHER_CHOOSE_H

#include "run/host/launch.h"

/*
 * Sets launch->launcher by the first of these that applies:
 *   --clr or --call is given: .NET Framework;
 *   --runtime, HOSTMEM_RUNTIME or an option of .NET's host is given: .NET;
 *   NAME.runtimeconfig.json, NAME.deps.json or coreclr.dll is beside the program: .NET;
 *   the program refers to mscorlib and not to System.Runtime: .NET Framework;
 *   else: .NET.
 * GO_ON, or the exit code of the failure that it has announced.
 */
int launcher_choose(struct launch *launch);

#endif
