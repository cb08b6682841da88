/*
 * coreclr_launcher.h: runs a program on a CoreCLR that hostmem-run hosts itself, through
 * ICLRRuntimeHost2.
 */
#ifndef HOSTMEM_RUN_HOST_CORECLR_CORECLR_LAUNCHER_H
#define HOSTMEM_RUN_HOST_CORECLR_CORECLR_LAUNCHER_H

#include "run/host/launch.h"

extern const struct launcher coreclr_launcher;

#endif
