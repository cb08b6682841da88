/*
 * hostfxr_launcher.h: runs a program as the dotnet command, or its own apphost, does: through
 * hostfxr.dll, which reads NAME.runtimeconfig.json and NAME.deps.json, finds the frameworks, and
 * starts the runtime.
 */
#ifndef HOSTMEM_RUN_HOST_HOSTFXR_HOSTFXR_LAUNCHER_H
#define HOSTMEM_RUN_HOST_HOSTFXR_HOSTFXR_LAUNCHER_H

#include "run/host/launch.h"

/* Leaves to coreclr_launcher a program that does not ask for it, and a runtime without a host. */
extern const struct launcher hostfxr_launcher;

#endif
