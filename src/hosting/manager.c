/*
 * manager.c: see manager.h.
 */
#include "hosting/manager.h"

#include "hosting/parts/reference.h"
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

void manager_destroy(struct manager *manager)
{
    struct book_space space = manager->books;
    const struct metadata *metadata = &manager->pages.metadata;
    char *written = metadata->span.base;

    manager_destroy_parts(manager);
    if (!books_end(&manager->header) && !space.is_own) {
        /* While a manager is made, nothing of its spans but metadata is written to. */
        os_fill(written, 0, atomic_load_explicit(&metadata->used, memory_order_relaxed));
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
    return reference_add(&manager->references);
}

ULONG manager_release_into(struct manager *manager, struct module_hold *given_back)
{
    struct module_hold module = manager->module;
    uint32_t left = reference_release(&manager->references);

    if (left)
        return left;
    reference_begin_end(&manager->references);
    pressure_notify_forget(&manager->limits.notify);
    left = reference_kept(&manager->references);
    if (left)
        return left;
    manager->destroy(manager);
    *given_back = module;
    return 0;
}

ULONG manager_release(struct manager *manager)
{
    struct module_hold kept_for_ever;

    return manager_release_into(manager, &kept_for_ever);
}

void manager_update_pressure(struct manager *manager, bool refused)
{
    struct pressure_turn turn;

    if (!pressure_notify_begin(&manager->limits.notify, refused, &turn))
        return;
    manager_add_ref(manager);
    pressure_notify_tell(&manager->limits.notify, &turn);
    manager_release(manager);
    SetLastError(turn.last_error);
}
