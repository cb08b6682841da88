/*
 * manager.c: see manager.h.
 */
#include "hosting/manager.h"

#include "os/os.h"

bool guid_is_equal(REFGUID a, REFGUID b)
{
    bool equal = a->Data1 == b->Data1 && a->Data2 == b->Data2 && a->Data3 == b->Data3;

    for (int i = 0; i < 8; i++)
        equal = equal && a->Data4[i] == b->Data4[i];
    return equal;
}

void manager_set_status(struct manager *manager, HOSTMEM_STATUS status)
{
    if (status_latch(&manager->status, status))
        pressure_notify_end(&manager->limits.notify);
}

void manager_latch_contradiction(struct manager *manager)
{
    if (counter_read(&manager->counters.contradictions))
        manager_set_status(manager, HostMemStatusBroken);
}

void manager_destroy_parts(struct manager *manager)
{
    pressure_notify_destroy(&manager->limits.notify);
    emergency_destroy(&manager->emergency);
    pool_destroy(&manager->controls);
    pool_destroy(&manager->mallocs);
    heap_space_destroy(&manager->heaps);
    mapped_destroy(&manager->mapped);
    pages_destroy(&manager->pages);
}

static void destroy(struct manager *manager)
{
    struct book_space space = manager->books;
    struct metadata *metadata = &manager->pages.metadata;

    manager_destroy_parts(manager);
    if (!books_end(&manager->header)) {
        /* While a manager is made, nothing of its spans but metadata is written to. */
        os_fill(metadata->span.base, 0,
                atomic_load_explicit(&metadata->used, memory_order_relaxed));
        books_wipe(&manager->header);
    }
    book_space_release(&space);
}

HRESULT manager_query_interface(struct manager *manager, REFIID riid, void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!riid)
        return E_POINTER;
    if (guid_is_equal(riid, &IID_IUnknown) || guid_is_equal(riid, &IID_IHostMemoryManager))
        *object = &manager->IHostMemoryManager_iface;
    else if (guid_is_equal(riid, &IID_IHostMemInspection))
        *object = &manager->IHostMemInspection_iface;
    else
        return E_NOINTERFACE;
    manager_add_ref(manager);
    return S_OK;
}

ULONG manager_add_ref(struct manager *manager)
{
    return atomic_fetch_add_explicit(&manager->references, 1, memory_order_relaxed) + 1;
}

ULONG manager_release(struct manager *manager)
{
    uint32_t left = atomic_fetch_sub_explicit(&manager->references, 1, memory_order_acq_rel) - 1;

    if (left == 0)
        destroy(manager);
    return left;
}
