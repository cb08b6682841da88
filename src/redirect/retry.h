/*
 * retry.h: refusal comes last (invariant I11), also where Win32 refuses what a hook has passed on:
 * the manager then gives back what it holds without use, and Win32 is asked again.
 *
 *     retry = retry_begin();
 *     do
 *         view = MapViewOfFile(...);
 *     while (!view && retry_helps(&retry, GetLastError()));
 *
 * Each round but the last goes with memory that has gone back to the system meanwhile, by this
 * thread's doing or another's (reclaim.h). Nothing waits. Win32 is asked outside of the binding,
 * because it may raise an exception instead of returning.
 */
#ifndef HOSTMEM_REDIRECT_RETRY_H
#define HOSTMEM_REDIRECT_RETRY_H

#include "hosting/manager.h"

struct retry {
    uint64_t given;   /* by the manager, so far (heap_space.h) */
    DWORD last_error; /* from before the call */
};

/* Before Win32 is asked; the former between binding_enter and binding_leave. NULL: no manager. */
struct retry retry_of(const struct manager *manager);
struct retry retry_begin(void);

/*
 * Win32 has refused, for that reason. True: it was for want of memory or of address space, some has
 * gone back to the system, and Win32 is to be asked again; the last error is what it was before the
 * call. False: the last error is still Win32's.
 */
bool retry_helps(struct retry *retry, DWORD error);

/*
 * The same for a view of that size, at that address if it is not NULL: the manager is asked as a
 * CLR asks its host, and gives up the emergency reservation as well. And if something lies at the
 * address, the manager gives back what it holds there without use.
 */
bool retry_helps_view(struct retry *retry, LPVOID address, SIZE_T size);

#endif
