/*
 * launcher_choose.h: .NET or .NET Framework?
 */
#ifndef HOSTMEM_RUN_LAUNCH_LAUNCHER_CHOOSE_H
#define HOSTMEM_RUN_LAUNCH_LAUNCHER_CHOOSE_H

#include "run/launch/launch.h"

/*
 * Sets launch->way from the command line and the program:
 *   --clr or --call: .NET Framework; --runtime, HOSTMEM_RUNTIME or an option of .NET's host: .NET;
 *   else what lies beside the program (NAME.runtimeconfig.json, NAME.deps.json, coreclr.dll: .NET);
 *   else its references: mscorlib and not System.Runtime is .NET Framework's.
 * GO_ON, or the exit code of the failure that it has announced.
 */
int launcher_choose(struct launch *launch);

#endif
