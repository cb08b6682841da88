/*
 * framework_find.h: which installed version of .NET Framework runs the program.
 */
#ifndef HOSTMEM_RUN_HOST_FRAMEWORK_FRAMEWORK_FIND_H
#define HOSTMEM_RUN_HOST_FRAMEWORK_FRAMEWORK_FIND_H

#include "run/host/framework_hosting.h"
#include "run/host/launch.h"

/*
 * The version that --clr names, else the one in the program's metadata. Fills in launch->runtime.
 * GO_ON, or the exit code of the failure that it has announced.
 */
int framework_find(struct launch *launch, ICLRRuntimeInfo **info);

#endif
