/*
 * notes.c: see notes.h.
 */
#include "notes.h"

#include <stdio.h>

HRESULT CALLBACK note_region(void *context, const HOSTMEM_REGION *region)
{
    struct region_notes *notes = context;

    if (notes->count < MOST_NOTES)
        notes->region[notes->count] = *region;
    notes->count++;
    return notes->answer;
}

struct region_notes regions_of(const struct subject *subject)
{
    struct region_notes notes = {.answer = S_OK};

    assert_hresult(IHostMemInspection_EnumRegions(subject->inspection, note_region, &notes), S_OK);
    return notes;
}

HRESULT CALLBACK note_range(void *context, const HOSTMEM_MAPPED_RANGE *range)
{
    struct range_notes *notes = context;

    if (notes->count < MOST_NOTES)
        notes->range[notes->count] = *range;
    notes->count++;
    return notes->answer;
}

struct range_notes ranges_of(const struct subject *subject)
{
    struct range_notes notes = {.answer = S_OK};

    assert_hresult(IHostMemInspection_EnumMappedRanges(subject->inspection, note_range, &notes),
                   S_OK);
    return notes;
}

void *range_address(unsigned n)
{
    return (void *)(uintptr_t)(0x20000000 + n * 0x100000);
}

HRESULT CALLBACK note_block(void *context, const HOSTMEM_BLOCK *block)
{
    struct block_notes *notes = context;

    if (notes->count < MOST_NOTES) {
        struct told_block *told = &notes->told[notes->count];

        told->block = *block;
        told->is_named = block->FileName != NULL;
        snprintf(told->file, sizeof(told->file), "%s", block->FileName ? block->FileName : "");
        told->first_byte = *(const unsigned char *)block->Address;
    }
    notes->count++;
    return notes->answer;
}

struct block_notes blocks_of(const struct subject *subject, DWORD heap)
{
    struct block_notes notes = {.answer = S_OK};

    assert_hresult(IHostMemInspection_EnumBlocks(subject->inspection, heap, note_block, &notes),
                   S_OK);
    return notes;
}

static struct callback *impl_from_callback(ICLRMemoryNotificationCallback *iface)
{
    return CONTAINING_RECORD(iface, struct callback, ICLRMemoryNotificationCallback_iface);
}

static HRESULT STDMETHODCALLTYPE callback_QueryInterface(ICLRMemoryNotificationCallback *iface,
                                                         REFIID iid, void **object)
{
    (void)iface;
    (void)iid;
    *object = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE callback_AddRef(ICLRMemoryNotificationCallback *iface)
{
    return (ULONG)InterlockedIncrement(&impl_from_callback(iface)->references);
}

static ULONG STDMETHODCALLTYPE callback_Release(ICLRMemoryNotificationCallback *iface)
{
    return (ULONG)InterlockedDecrement(&impl_from_callback(iface)->references);
}

static HRESULT STDMETHODCALLTYPE
callback_OnMemoryNotification(ICLRMemoryNotificationCallback *iface, EMemoryAvailable available)
{
    struct callback *callback = impl_from_callback(iface);

    if (callback->told)
        callback->told(callback, available);
    return S_OK;
}

static const ICLRMemoryNotificationCallbackVtbl callback_vtbl = {
    callback_QueryInterface,
    callback_AddRef,
    callback_Release,
    callback_OnMemoryNotification,
};

struct callback make_callback(void)
{
    struct callback callback = {{&callback_vtbl}, 1, NULL};

    return callback;
}

HRESULT register_callback(const struct subject *subject, struct callback *callback)
{
    return IHostMemoryManager_RegisterMemoryNotificationCallback(
        subject->manager, callback ? &callback->ICLRMemoryNotificationCallback_iface : NULL);
}
