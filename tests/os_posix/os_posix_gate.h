/*
 * os_posix_gate.h: the way into the stand-in for the kernel, and out of it.
 *
 * The mutex behind the gate stands for the locks of Windows' kernel, not for one of hostmem's.
 * So that the tests of the core see no more of it than they would see of a kernel's:
 *  - signals wait while a thread is inside, as SuspendThread waits for the return to user mode. A
 *    test that freezes threads in a signal handler never freezes one that holds the mutex.
 *  - the thread sanitizer is told to take no order from the mutex: two threads that have both asked
 *    the system for something are no more ordered by that than on Windows. The one order that a
 *    system does promise is kept: what was done before an address was freed happens before whatever
 *    is done once it has been handed out again.
 */
#ifndef HOSTMEM_OS_POSIX_GATE_H
#define HOSTMEM_OS_POSIX_GATE_H

#include <stdint.h>

void os_gate_enter(void);
void os_gate_leave(void);

/* To be called inside: the addresses from begin up to end are about to be freed; were handed out.
 */
void os_gate_give(uintptr_t begin, uintptr_t end);
void os_gate_take(uintptr_t begin, uintptr_t end);

#endif
