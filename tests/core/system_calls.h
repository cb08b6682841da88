/*
 * system_calls.h: the linker leads every request to the system (os_alloc, os_free, os_query_range)
 * through system_calls.c (--wrap). A test can run other calls before and after each request, and
 * can have releases refused.
 */
#ifndef HOSTMEM_TESTS_SYSTEM_CALLS_H
#define HOSTMEM_TESTS_SYSTEM_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/os.h"

/* The test program defines these two. They are called before and after each request. */
void system_call_begins(bool changes);
void system_call_ended(void);

/* The next `count` releases fail with RELEASE_REFUSED. */
#define RELEASE_REFUSED OS_ERROR_NO_SYSTEM_RESOURCES
void refuse_releases(unsigned count);

/* os_free without the above. */
uint32_t unwatched_os_free(void *address, size_t size, uint32_t type);

#endif
