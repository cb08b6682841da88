/*
 * ended_thread.h: whether a thread has ended, by TerminateThread for one: then it will never undo
 * what it has begun.
 */
#ifndef HOSTMEM_HOSTING_PARTS_ENDED_THREAD_H
#define HOSTMEM_HOSTING_PARTS_ENDED_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True if no living thread of this process has the id. If the system cannot tell, it lives. The
 * last error stays as it is. A few system calls. Suspension-safe.
 */
bool ended_thread_is(uint32_t id);

#endif
