/*
 * manager.h: a memory manager: what all its COM faces share.
 *
 * One object with two faces of its own (IHostMemoryManager, IHostMemInspection) and two kinds of
 * satellites (IHostMalloc, IHostControl) that keep it alive. It lives in one piece of bookkeeping
 * memory, as do its satellites: the project's code calls no heap at all.
 */
#ifndef HOSTMEM_HOSTING_MANAGER_H
#define HOSTMEM_HOSTING_MANAGER_H

#include "budget/pressure.h"
#include "heap/heap.h"
#include "pages/mapped.h"
#include "pages/pages.h"
#include "counters/counters.h"

#include <hostmem/hostmem.h>

struct manager;

/*
 * Told of each pressure notification besides the CLR's callback, and of PRESSURE_NEUTRAL when the
 * manager serves no more. False: nobody heard it.
 */
typedef bool manager_listener(const struct manager *manager, enum pressure_state state);

struct manager {
    IHostMemoryManager IHostMemoryManager_iface;
    IHostMemInspection IHostMemInspection_iface;
    _Atomic uint32_t references;

    /*
     * HOSTMEM_STATUS. Only ever leaves HostMemStatusOpen, once, by compare-and-swap. Read relaxed:
     * a call that overlaps with the change may be served still.
     */
    _Atomic uint32_t status;

    struct counters counters;
    struct pages pages;
    struct mapped mapped;
    struct heap_space heaps;
    struct pool mallocs;  /* struct host_malloc */
    struct pool controls; /* struct host_control */

    /*
     * Every callback that was ever registered, with its reference, until the manager dies: another
     * thread may be inside it. `callback` is the one to call, or NULL.
     */
    struct pool callbacks; /* struct manager_callback */
    _Atomic(ICLRMemoryNotificationCallback *) callback;

    /* limits.h */
    struct pressure pressure;
    _Atomic(manager_listener *) listener;
    _Atomic(HANDLE) watch; /* the system's low-memory notification; NULL: not watched */
    _Atomic uint64_t watched_tick;
    _Atomic uint32_t redirected_level; /* EMemoryCriticalLevel */
    _Atomic bool collector_refused;    /* redirect/collector.h */
    uint64_t born_tick;

    /* emergency.h */
    _Atomic(void *) emergency;
    _Atomic uint64_t emergency_tick; /* when it was given last */
    size_t emergency_size;

    HOSTMEM_BLOCK_CALLBACK leak_callback;
    void *leak_context;
    HOSTMEM_DAMAGE_CALLBACK damage_callback;
    void *damage_context;
    HOSTMEM_MODULE_CALLBACK module_callback; /* redirect/follow.c */
    void *module_context;
};

struct manager_callback {
    struct pool_link link;
    _Atomic(ICLRMemoryNotificationCallback *) callback;
};

extern const IHostMemoryManagerVtbl host_memory_manager_vtbl;
extern const IHostMemInspectionVtbl inspection_vtbl;

/* The manager behind an interface pointer; NULL if it is not hostmem's. */
struct manager *manager_from_interface(IHostMemoryManager *iface);

HRESULT manager_query_interface(struct manager *manager, REFIID riid, void **object);
ULONG manager_add_ref(struct manager *manager);
ULONG manager_release(struct manager *manager);

/* Latches the status, if it is open still. */
void manager_set_status(struct manager *manager, HOSTMEM_STATUS status);
static inline bool manager_is_open(const struct manager *manager)
{
    return atomic_load_explicit(&manager->status, memory_order_relaxed) == HostMemStatusOpen;
}

/* How critical what redirected modules ask for is: IHostMemInspection::SetRedirectedLevel. */
static inline EMemoryCriticalLevel manager_redirected_level(const struct manager *manager)
{
    return (EMemoryCriticalLevel)atomic_load_explicit(&manager->redirected_level,
                                                      memory_order_relaxed);
}

/* IHostMemoryManager::VirtualAlloc, with a NUMA node (OS_ANY_NODE: none preferred). */
HRESULT manager_virtual_alloc(struct manager *manager, void *address, SIZE_T size, DWORD type,
                              DWORD protect, EMemoryCriticalLevel level, DWORD node, void **memory);

/* Latches HostMemStatusBroken if a call that could not say so has found a contradiction. */
void manager_latch_contradiction(struct manager *manager);

bool guid_is_equal(REFGUID a, REFGUID b);

#endif
