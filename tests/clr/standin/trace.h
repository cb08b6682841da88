/*
 * trace.h: how often the stand-in called each method of its host, for tests to compare with what
 * the host itself counted.
 *
 * Counting takes no lock: threads that are frozen count, too.
 */
#ifndef STANDIN_TRACE_H
#define STANDIN_TRACE_H

#include <windows.h>

enum traced_method {
    TRACED_CONTROL_ADD_REF,
    TRACED_GET_HOST_MANAGER,
    TRACED_CREATE_MALLOC,
    TRACED_VIRTUAL_ALLOC,
    TRACED_VIRTUAL_FREE,
    TRACED_VIRTUAL_QUERY,
    TRACED_VIRTUAL_PROTECT,
    TRACED_GET_MEMORY_LOAD,
    TRACED_REGISTER_CALLBACK,
    TRACED_NEEDS_ADDRESS_SPACE,
    TRACED_ACQUIRED_ADDRESS_SPACE,
    TRACED_RELEASED_ADDRESS_SPACE,
    TRACED_ALLOC,
    TRACED_DEBUG_ALLOC,
    TRACED_FREE,
    TRACED_METHODS /* how many there are */
};

/*
 * Counts a call that returned this HRESULT, and returns it. Anything but S_OK counts as a failure.
 */
HRESULT trace_call(enum traced_method method, HRESULT hr);

/* A manager that the host was asked for. One thread at a time. */
void trace_manager(REFIID iid, BOOL taken);

/*
 * Writes the file that the environment variable STANDIN_TRACE names, if it does: a line
 * "name calls failures" for each method, then one for each manager, in the order asked.
 */
void trace_write(void);

#endif
