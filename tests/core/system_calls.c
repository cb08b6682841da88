/*
 * system_calls.c: see system_calls.h.
 */
#include "system_calls.h"

uint32_t __real_os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                         void **memory);
uint32_t __wrap_os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                         void **memory);
uint32_t __real_os_free(void *address, size_t size, uint32_t type);
uint32_t __wrap_os_free(void *address, size_t size, uint32_t type);
bool __real_os_query_range(uintptr_t address, struct os_range *range);
bool __wrap_os_query_range(uintptr_t address, struct os_range *range);

static unsigned refusals; /* releases still to be refused */

void refuse_releases(unsigned count)
{
    refusals = count;
}

uint32_t unwatched_os_free(void *address, size_t size, uint32_t type)
{
    return __real_os_free(address, size, type);
}

uint32_t __wrap_os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                         void **memory)
{
    uint32_t error;

    system_call_begins(true);
    error = __real_os_alloc(address, size, type, protect, node, memory);
    system_call_ended();
    return error;
}

uint32_t __wrap_os_free(void *address, size_t size, uint32_t type)
{
    uint32_t error;

    system_call_begins(true);
    if (type == OS_MEM_RELEASE && refusals) {
        refusals--;
        error = RELEASE_REFUSED;
    } else {
        error = __real_os_free(address, size, type);
    }
    system_call_ended();
    return error;
}

bool __wrap_os_query_range(uintptr_t address, struct os_range *range)
{
    bool known;

    system_call_begins(false);
    known = __real_os_query_range(address, range);
    system_call_ended();
    return known;
}
