/*
 * framework_launcher.h: runs a program on .NET Framework, through CLRCreateInstance.
 *
 * .NET Framework asks its host for a memory manager, so nothing is redirected.
 */
#ifndef HOSTMEM_RUN_HOST_FRAMEWORK_FRAMEWORK_LAUNCHER_H
#define HOSTMEM_RUN_HOST_FRAMEWORK_FRAMEWORK_LAUNCHER_H

#include "run/host/launch.h"

extern const struct launcher framework_launcher;

#endif
