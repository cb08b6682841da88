/*
 * manager.h: a memory manager: what all its COM interfaces share.
 *
 * A manager is one object with two interfaces, IHostMemoryManager and IHostMemInspection. The
 * IHostMalloc and IHostControl objects that it makes each hold a reference of it. All of them live
 * in the manager's own bookkeeping memory: this project's code calls no heap.
 */
#ifndef HOSTMEM_HOSTING_MANAGER_H
#define HOSTMEM_HOSTING_MANAGER_H

#include "counters/counters.h"
#include "heap/heap.h"
#include "hosting/books.h"
#include "hosting/parts/module_hold.h"
#include "hosting/parts/emergency.h"
#include "hosting/parts/host_callbacks.h"
#include "hosting/parts/limits.h"
#include "hosting/parts/redirected.h"
#include "hosting/parts/status.h"
#include "pages/mapped.h"
#include "pages/pages.h"

#include <hostmem/hostmem.h>

struct manager {
    struct books_header header; /* of the book space, whose start the manager is */
    IHostMemoryManager IHostMemoryManager_iface;
    IHostMemInspection IHostMemInspection_iface;
    _Atomic uint32_t references; /* reference.h */
    struct module_hold module;
    void (*destroy)(struct manager *manager); /* a manager's, or a copy's of books (reader/) */
    struct status status;
    uint64_t born_tick;      /* when it was made */
    struct book_space books; /* where it lies itself, and all its parts */

    struct counters counters;
    struct pages pages;
    struct mapped mapped;
    struct heap_space heaps;
    struct pool mallocs;  /* struct host_malloc */
    struct pool controls; /* struct host_control */
    struct limits limits;
    struct emergency emergency;
    struct redirected redirected;
    struct host_callbacks host;

    HOSTMEM_BLOCK_CALLBACK leak_callback; /* NULL: none */
    void *leak_context;
    HOSTMEM_DAMAGE_CALLBACK damage_callback; /* NULL: none */
    void *damage_context;
};

/* IUnknown of both interfaces. */
HRESULT manager_query_interface(struct manager *manager, REFIID riid, void **object);
ULONG manager_add_ref(struct manager *manager);

/*
 * Releases a reference. The last one ends the manager: the notification callbacks are released,
 * and unless one of them has kept a reference, all is destroyed. *given_back: see RELEASE_ENTRY.
 */
ULONG manager_release_into(struct manager *manager, struct module_hold *given_back);

/* The same inside a call, which returns into the module: it stays loaded if the manager ends. */
ULONG manager_release(struct manager *manager);

/* The manager's own destruction. Nothing calls back. */
void manager_destroy(struct manager *manager);

static inline bool manager_is_open(const struct manager *manager)
{
    return status_is_open(&manager->status);
}

/*
 * Destroys everything but the book space. Memory that was handed out stays: a runtime may be
 * running on it. A part that was never made is all zero, and nothing is done to it.
 */
void manager_destroy_parts(struct manager *manager);

/*
 * pressure_notify.h: to be called when a call is otherwise done. The manager lives until the
 * runtime has been told, whatever the callback releases, and may be gone afterwards.
 */
void manager_update_pressure(struct manager *manager, bool refused);

/* Latches the status, if it is still open. */
void manager_set_status(struct manager *manager, HOSTMEM_STATUS status);

/* Latches HostMemStatusBroken if a call that could not report a contradiction has found one. */
void manager_latch_contradiction(struct manager *manager);

bool guid_is_equal(REFGUID a, REFGUID b);

#endif
