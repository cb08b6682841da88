/*
 * framework.h: running a program on .NET Framework, through CLRCreateInstance.
 *
 * .NET Framework asks its host for a memory manager by itself: nothing is redirected.
 */
#ifndef HOSTMEM_RUN_FRAMEWORK_H
#define HOSTMEM_RUN_FRAMEWORK_H

#include "launch.h"

extern const struct way framework_way;

#endif
