/*
 * notification.c: the callback. It only counts, since a host calls it in the middle of an
 * allocation, from any thread.
 */
#include "notification.h"

#include <stdatomic.h>

/*
 * Indexed by EMemoryAvailable; 0 counts invalid values. The counters order no other data, so
 * relaxed order is enough.
 */
static atomic_uint counts[eMemoryAvailableHigh + 1];

static HRESULT STDMETHODCALLTYPE callback_QueryInterface(ICLRMemoryNotificationCallback *iface,
                                                         REFIID iid, void **object)
{
    *object = NULL;
    if (!IsEqualGUID(iid, &IID_IUnknown) && !IsEqualGUID(iid, &IID_ICLRMemoryNotificationCallback))
        return E_NOINTERFACE;
    *object = iface;
    return S_OK;
}

/* The object is static: references to it need no counting. */
static ULONG STDMETHODCALLTYPE callback_reference(ICLRMemoryNotificationCallback *iface)
{
    (void)iface;
    return 1;
}

static HRESULT STDMETHODCALLTYPE
callback_OnMemoryNotification(ICLRMemoryNotificationCallback *iface, EMemoryAvailable available)
{
    const int state =
        available >= eMemoryAvailableLow && available <= eMemoryAvailableHigh ? (int)available : 0;

    (void)iface;
    atomic_fetch_add_explicit(&counts[state], 1, memory_order_relaxed);
    return S_OK;
}

static const ICLRMemoryNotificationCallbackVtbl callback_vtbl = {
    callback_QueryInterface,
    callback_reference,
    callback_reference,
    callback_OnMemoryNotification,
};

static ICLRMemoryNotificationCallback callback = {&callback_vtbl};

ICLRMemoryNotificationCallback *notification_callback(void)
{
    return &callback;
}

unsigned notification_count(EMemoryAvailable available)
{
    return atomic_load_explicit(&counts[available], memory_order_relaxed);
}
