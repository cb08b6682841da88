/*
 * hostfxr_launcher.h: running a program as the dotnet command, or its own apphost, does: through
 * hostfxr.dll, which reads NAME.runtimeconfig.json and NAME.deps.json, finds the frameworks, and
 * starts the runtime.
 */
#ifndef HOSTMEM_RUN_LAUNCH_HOSTFXR_HOSTFXR_LAUNCHER_H
#define HOSTMEM_RUN_LAUNCH_HOSTFXR_HOSTFXR_LAUNCHER_H

#include "run/launch/launch.h"

/* A program that does not ask for it, or a runtime without a host, is run by coreclr_launcher. */
extern const struct launcher hostfxr_launcher;

#endif
