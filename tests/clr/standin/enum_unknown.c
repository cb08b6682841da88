/*
 * enum_unknown.c: IEnumUnknown.
 */
#include "enum_unknown.h"

struct enum_unknown {
    IEnumUnknown IEnumUnknown_iface;
    LONG references;
    unsigned next, count;
    IUnknown *items[MOST_RUNTIMES];
};

static struct enum_unknown *impl_from_IEnumUnknown(IEnumUnknown *iface)
{
    return CONTAINING_RECORD(iface, struct enum_unknown, IEnumUnknown_iface);
}

static HRESULT STDMETHODCALLTYPE enum_QueryInterface(IEnumUnknown *iface, REFIID iid, void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!IsEqualGUID(iid, &IID_IUnknown) && !IsEqualGUID(iid, &IID_IEnumUnknown))
        return E_NOINTERFACE;
    iface->lpVtbl->AddRef(iface);
    *object = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE enum_AddRef(IEnumUnknown *iface)
{
    return (ULONG)InterlockedIncrement(&impl_from_IEnumUnknown(iface)->references);
}

static ULONG STDMETHODCALLTYPE enum_Release(IEnumUnknown *iface)
{
    struct enum_unknown *enumeration = impl_from_IEnumUnknown(iface);
    const LONG references = InterlockedDecrement(&enumeration->references);

    if (references == 0)
        HeapFree(GetProcessHeap(), 0, enumeration);
    return (ULONG)references;
}

static HRESULT STDMETHODCALLTYPE enum_Next(IEnumUnknown *iface, ULONG wanted, IUnknown **items,
                                           ULONG *fetched)
{
    struct enum_unknown *enumeration = impl_from_IEnumUnknown(iface);
    ULONG given = 0;

    if (!items || (!fetched && wanted != 1))
        return E_POINTER;
    while (given < wanted && enumeration->next < enumeration->count) {
        items[given] = enumeration->items[enumeration->next++];
        items[given]->lpVtbl->AddRef(items[given]);
        given++;
    }
    if (fetched)
        *fetched = given;
    return given == wanted ? S_OK : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE enum_Skip(IEnumUnknown *iface, ULONG wanted)
{
    struct enum_unknown *enumeration = impl_from_IEnumUnknown(iface);
    const ULONG left = enumeration->count - enumeration->next;

    enumeration->next += wanted < left ? wanted : left;
    return wanted <= left ? S_OK : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE enum_Reset(IEnumUnknown *iface)
{
    impl_from_IEnumUnknown(iface)->next = 0;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE enum_Clone(IEnumUnknown *iface, IEnumUnknown **clone)
{
    const struct enum_unknown *enumeration = impl_from_IEnumUnknown(iface);
    HRESULT hr =
        clone ? enum_unknown_make(enumeration->items, enumeration->count, clone) : E_POINTER;

    if (hr == S_OK)
        impl_from_IEnumUnknown(*clone)->next = enumeration->next;
    return hr;
}

static const IEnumUnknownVtbl enum_vtbl = {
    enum_QueryInterface, enum_AddRef, enum_Release, enum_Next, enum_Skip, enum_Reset, enum_Clone,
};

HRESULT enum_unknown_make(IUnknown *const *items, unsigned count, IEnumUnknown **enumeration)
{
    struct enum_unknown *made = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*made));

    *enumeration = NULL;
    if (!made)
        return E_OUTOFMEMORY;
    made->IEnumUnknown_iface.lpVtbl = &enum_vtbl;
    made->references = 1;
    made->count = count;
    for (unsigned i = 0; i < count; i++)
        made->items[i] = items[i]; /* they are static: no reference is needed */
    *enumeration = &made->IEnumUnknown_iface;
    return S_OK;
}
