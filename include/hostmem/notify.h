/*
 * notify.h: what a manager tells its host, and what it asks it: pressure, refusals, requests.
 *
 * A runtime has one callback for pressure, which it registers by RegisterMemoryNotificationCallback
 * ("ICLRMemoryNotificationCallback Interface" in the hosting reference). These are the host's own,
 * beside that one: members of HOSTMEM_OPTIONS. Their wording is this project's.
 *
 * What holds for all of them. The thread that calls the manager calls them; several threads may be
 * in one at once, but for HOSTMEM_PRESSURE_CALLBACK. That thread may have suspended others, if the
 * runtime does so (a collector's thread): then a callback may take no lock that they may hold. It
 * may call any method of the manager and of its heaps, and release them: calls that may call back
 * hold a reference of the manager meanwhile, which stays if the thread is terminated inside. The
 * last error need not be kept. What a callback is given is valid until it returns.
 *
 * hostmem.h includes this header, and says what "suspension-safe" means.
 */
#ifndef HOSTMEM_NOTIFY_H
#define HOSTMEM_NOTIFY_H

#include <hostmem/clrhosting.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * HOSTMEM_OPTIONS.pfnPressure: the memory pressure has become this, or is Low still and requests
 * are refused (once a second). Called just before the runtime's callback is, and also where there
 * is none. Never entered by two threads at once, nor from within itself: changes come in order, and
 * those that cancel each other out meanwhile are not told.
 */
typedef void(CALLBACK *HOSTMEM_PRESSURE_CALLBACK)(void *pContext, EMemoryAvailable Available);

/* What wants memory. */
typedef enum HOSTMEM_REQUEST_KIND {
    HostMemRequestPages = 1, /* VirtualAlloc of the runtime or of a redirected module */
    HostMemRequestHeap = 2,  /* a heap */
    HostMemRequestSection =
        3 /* a redirected module's section: making it, or commits in its views */
} HOSTMEM_REQUEST_KIND;

/*
 * A request for memory that the manager does not hold yet: what would be charged, if it were
 * granted.
 */
typedef struct HOSTMEM_REQUEST {
    HOSTMEM_REQUEST_KIND Kind;
    EMemoryCriticalLevel Level;
    ULONGLONG ReserveBytes; /* address space that it would add to HOSTMEM_STATISTICS.Reserved */
    ULONGLONG CommitBytes;  /* bytes that it would add to HOSTMEM_STATISTICS.Committed, at most */
    void *Address;          /* where pages are to be committed, or a region is wanted; or NULL */
    DWORD Heap;             /* HOSTMEM_HEAP.Number; 0 for the other kinds */
} HOSTMEM_REQUEST;

/*
 * HOSTMEM_OPTIONS.pfnRequest: is the request to be granted? Called before the limits are looked at
 * and before anything is done, so that the callback may change the limits. Called again for the
 * same request, up to eight times, if the limits or the system refuse it and the manager has given
 * back meanwhile what it held without use. Not called where nothing would be charged: most blocks
 * of heaps come out of memory that the heap has, and pages may be committed already.
 * Returns TRUE, or FALSE to deny it: that looks like a refusal by a limit (E_OUTOFMEMORY,
 * ERROR_COMMITMENT_LIMIT), is counted in HOSTMEM_STATISTICS.RefusedRequests, and is told to
 * pfnRefused.
 * The call is under way meanwhile (HOSTMEM_STATISTICS.CallsUnderWay): do not release the region
 * that pages are to be committed in. Requests that the callback makes itself are asked about as
 * well, those too that it makes by a library whose heap is the manager's (redirect.h): let it
 * allocate nothing, or see that it was entered from within itself.
 */
typedef BOOL(CALLBACK *HOSTMEM_REQUEST_CALLBACK)(void *pContext, const HOSTMEM_REQUEST *pRequest);

/* A call that was refused by a limit or denied by pfnRequest. */
typedef struct HOSTMEM_REFUSED {
    HOSTMEM_REQUEST_KIND Kind;
    EMemoryCriticalLevel Level;
    ULONGLONG Bytes; /* the size that the caller asked for */
    DWORD Heap;      /* HOSTMEM_HEAP.Number; 0 for the other kinds */
    BOOL Denied;     /* pfnRequest has denied it */
} HOSTMEM_REFUSED;

/*
 * HOSTMEM_OPTIONS.pfnRefused: once for each that HOSTMEM_STATISTICS.RefusedRequests counts, when
 * the call is otherwise done, before the pressure is looked at.
 */
typedef void(CALLBACK *HOSTMEM_REFUSED_CALLBACK)(void *pContext, const HOSTMEM_REFUSED *pRefused);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
