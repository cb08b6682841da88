/*
 * os_fault.h: the fault points of the seam. In a build for tests each request of the seam asks
 * whether it shall fail; otherwise the question is the constant false.
 */
#ifndef HOSTMEM_OS_OS_FAULT_H
#define HOSTMEM_OS_OS_FAULT_H

#include "os/os.h"

#ifdef HOSTMEM_TESTING
bool os_fault_strikes(enum os_fault_kind kind);
#define OS_FAULT_STRIKES(kind) os_fault_strikes(kind)
#else
#define OS_FAULT_STRIKES(kind) false
#endif

#endif
