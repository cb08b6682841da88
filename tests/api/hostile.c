/*
 * hostile.c: see hostile.h.
 */
#include "hostile.h"

#include "foreign.h"

#include <inttypes.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * Garbage
 * --------------------------------------------------------------------------------------------- */

static uint64_t below(struct hostile *hostile, uint64_t count)
{
    return next_random(&hostile->random) % count;
}

static bool one_in(struct hostile *hostile, unsigned count)
{
    return below(hostile, count) == 0;
}

/* All bits, few, or one: a set of flags, an enumeration, a size of a structure. */
static DWORD some_bits(struct hostile *hostile)
{
    DWORD bits = (DWORD)next_random(&hostile->random);

    switch (below(hostile, 4)) {
    case 0:
        return bits;
    case 1:
        return bits & (DWORD)next_random(&hostile->random) & (DWORD)next_random(&hostile->random);
    case 2:
        return (DWORD)1 << (bits % 32);
    default:
        return bits % 16;
    }
}

/* One that makes sense, or not. */
static DWORD some_type(struct hostile *hostile)
{
    static const DWORD types[] = {MEM_RESERVE,
                                  MEM_COMMIT,
                                  MEM_RESERVE | MEM_COMMIT,
                                  MEM_RESET,
                                  MEM_RESERVE | MEM_TOP_DOWN,
                                  MEM_RESERVE | MEM_WRITE_WATCH};

    return one_in(hostile, 3) ? some_bits(hostile) : types[below(hostile, COUNT_OF(types))];
}

static DWORD some_protection(struct hostile *hostile)
{
    return one_in(hostile, 3) ? some_bits(hostile) : (DWORD)1 << below(hostile, 8);
}

static EMemoryCriticalLevel some_level(struct hostile *hostile)
{
    return (EMemoryCriticalLevel)(one_in(hostile, 4) ? some_bits(hostile) : below(hostile, 3));
}

/*
 * A small size, or one that is larger than all memory: sizes between would only make the test slow.
 */
static SIZE_T some_size(struct hostile *hostile)
{
    switch (below(hostile, 8)) {
    case 0:
        return 0;
    case 1:
        return (SIZE_T)0 - 1 - (SIZE_T)below(hostile, 3 * GRANULE);
    case 2:
        return MORE_THAN_THERE_IS + (SIZE_T)below(hostile, MORE_THAN_THERE_IS);
    case 3:
        return (SIZE_T)next_random(&hostile->random) | ~(~(SIZE_T)0 >> 1);
    case 4:
        return (SIZE_T)below(hostile, 64) * GRANULE + (SIZE_T)below(hostile, 3) - 1;
    default:
        return 1 + (SIZE_T)below(hostile, 4 * GRANULE);
    }
}

static void *some_region(struct hostile *hostile)
{
    return hostile->region_count ? hostile->regions[below(hostile, hostile->region_count)] : NULL;
}

/*
 * An address in or beside the caller's regions, in the arena, in a hole, or where no memory can be.
 */
static void *some_harmless_address(struct hostile *hostile)
{
    char *region = some_region(hostile);

    switch (below(hostile, 6)) {
    case 0:
        return NULL;
    case 1:
        return hostile->arena + below(hostile, HOSTILE_ARENA);
    case 2:
        return (void *)(KERNEL_ADDRESS + (uintptr_t)below(hostile, GRANULE / 2));
    case 3:
        return (void *)(uintptr_t)below(hostile, GRANULE);
    default:
        return region ? region + below(hostile, 4) * PAGE + below(hostile, 3) : NULL;
    }
}

/* With other threads at work, a wild address must not be that of a region of theirs. */
static void *some_wild_address(struct hostile *hostile)
{
    void *address = (void *)wild_address(&hostile->random, (uintptr_t)hostile->arena);
    HOSTMEM_REGION region;

    if (!hostile->alone &&
        IHostMemInspection_FindRegion(hostile->subject->inspection, address, &region) == S_OK)
        return NULL;
    return address;
}

static void *some_address(struct hostile *hostile)
{
    void *region = some_region(hostile);

    if (region && one_in(hostile, 4))
        return region;
    if (one_in(hostile, 2))
        return some_harmless_address(hostile);
    return some_wild_address(hostile);
}

static const GUID *some_identifier(struct hostile *hostile, GUID *guid)
{
    static const GUID *const known[] = {&IID_IUnknown, &IID_IHostMemoryManager, &IID_IHostMalloc,
                                        &IID_IHostMemInspection};

    if (one_in(hostile, 8))
        return NULL;
    *guid = *known[below(hostile, COUNT_OF(known))];
    guid->Data4[below(hostile, 8)] ^= (unsigned char)below(hostile, 3);
    return guid;
}

/* ------------------------------------------------------------------------------------------------
 * Answers
 * --------------------------------------------------------------------------------------------- */

static void note_wrong(struct hostile *hostile, const char *call, HRESULT hr, const char *wrong)
{
    if (hostile->wrong)
        return;
    hostile->wrong_call = call;
    hostile->wrong_hr = hr;
    hostile->wrong = wrong;
    hostile->wrong_at = hostile->calls;
}

static bool is_documented(HRESULT hr)
{
    return hr == S_OK || hr == S_FALSE || hr == E_POINTER || hr == E_INVALIDARG ||
           hr == E_OUTOFMEMORY || hr == E_NOINTERFACE || hr == HOST_E_INVALIDOPERATION ||
           (HRESULT_FACILITY(hr) == FACILITY_WIN32 && FAILED(hr));
}

/* Every method of the manager and of its heaps ends here. True: it succeeded. */
static bool answered(struct hostile *hostile, const char *call, HRESULT hr)
{
    hostile->calls++;
    if (hostile->closed && hr != HOST_E_CLRNOTAVAILABLE)
        note_wrong(hostile, call, hr, "the manager is closed");
    else if (!hostile->closed && !is_documented(hr))
        note_wrong(hostile, call, hr, "not a documented result");
    hostile->successes += hr == S_OK;
    return hr == S_OK;
}

/* The same for a method that makes something; `made` was SOMETHING, or is NULL for "nowhere". */
static bool answered_making(struct hostile *hostile, const char *call, HRESULT hr,
                            void *const *made)
{
    bool succeeded = answered(hostile, call, hr);

    if (!made && succeeded)
        note_wrong(hostile, call, hr, "success, and nowhere to put it");
    if (made && !succeeded && *made)
        note_wrong(hostile, call, hr, "a failed call must give NULL");
    if (made && succeeded && (!*made || *made == SOMETHING))
        note_wrong(hostile, call, hr, "success must give something");
    return succeeded && made;
}

/* NULL for "nowhere", now and then. */
static void **some_out(struct hostile *hostile, void **made)
{
    *made = SOMETHING;
    return one_in(hostile, 16) ? NULL : made;
}

/* ------------------------------------------------------------------------------------------------
 * IHostMemoryManager
 * --------------------------------------------------------------------------------------------- */

static void forget_region(struct hostile *hostile, const void *base)
{
    for (unsigned i = 0; i < hostile->region_count; i++) {
        if (hostile->regions[i] == base) {
            hostile->regions[i] = hostile->regions[--hostile->region_count];
            return;
        }
    }
    note_wrong(hostile, "VirtualFree", S_OK, "released what was not this caller's");
}

static void release_region(struct hostile *hostile, void *base)
{
    HRESULT hr = IHostMemoryManager_VirtualFree(hostile->subject->manager, base, 0, MEM_RELEASE);

    if (!answered(hostile, "VirtualFree of an owned region", hr))
        note_wrong(hostile, "VirtualFree of an owned region", hr, "must succeed");
    else
        forget_region(hostile, base);
}

/* Notes a new region, or pages that were committed in one that exists. */
static void note_region(struct hostile *hostile, void *memory)
{
    HOSTMEM_REGION region;

    if (IHostMemInspection_FindRegion(hostile->subject->inspection, memory, &region) != S_OK ||
        region.Base != memory)
        return;
    for (unsigned i = 0; i < hostile->region_count; i++) {
        if (hostile->regions[i] == memory)
            return;
    }
    hostile->regions[hostile->region_count++] = memory;
}

static void call_VirtualAlloc(struct hostile *hostile)
{
    void *address = some_harmless_address(hostile);
    DWORD type = some_type(hostile);
    void *memory;
    void **out = some_out(hostile, &memory);
    HRESULT hr;

    if (hostile->region_count == HOSTILE_REGIONS)
        release_region(hostile, some_region(hostile));
    hr = IHostMemoryManager_VirtualAlloc(hostile->subject->manager, address, some_size(hostile),
                                         type, some_protection(hostile), some_level(hostile), out);
    if (answered_making(hostile, "VirtualAlloc", hr, out))
        note_region(hostile, memory);
}

static void call_VirtualFree(struct hostile *hostile)
{
    static const DWORD types[] = {MEM_DECOMMIT, MEM_RELEASE};
    void *address = some_address(hostile);
    DWORD type = one_in(hostile, 4) ? some_bits(hostile) : types[below(hostile, 2)];
    SIZE_T size = one_in(hostile, 2) ? 0 : some_size(hostile);
    HRESULT hr = IHostMemoryManager_VirtualFree(hostile->subject->manager, address, size, type);

    if (answered(hostile, "VirtualFree", hr) && type == MEM_RELEASE)
        forget_region(hostile, (void *)((uintptr_t)address & ~(PAGE - 1)));
}

/*
 * Passes the structure, a buffer too small for it, or NULL. Not a buffer that cannot be written:
 * Wine then answers as Windows does, but keeps its own lock, and the next thread waits for ever.
 */
static void call_VirtualQuery(struct hostile *hostile)
{
    MEMORY_BASIC_INFORMATION information;
    SIZE_T length = one_in(hostile, 2) ? sizeof(information) : some_size(hostile);
    SIZE_T result = 1;
    SIZE_T *out = one_in(hostile, 16) ? NULL : &result;
    void *buffer = one_in(hostile, 16) ? NULL : &information;
    HRESULT hr = IHostMemoryManager_VirtualQuery(hostile->subject->manager, some_address(hostile),
                                                 buffer, length, out);

    if (answered(hostile, "VirtualQuery", hr) != (out && result != 0 && hr == S_OK))
        note_wrong(hostile, "VirtualQuery", hr, "success and length contradict each other");
    if (hr != S_OK && out && result)
        note_wrong(hostile, "VirtualQuery", hr, "a failed call must give 0");
}

static void call_VirtualProtect(struct hostile *hostile)
{
    DWORD old;
    HRESULT hr = IHostMemoryManager_VirtualProtect(
        hostile->subject->manager, some_harmless_address(hostile), some_size(hostile),
        some_protection(hostile), one_in(hostile, 16) ? NULL : &old);

    answered(hostile, "VirtualProtect", hr);
}

static void call_GetMemoryLoad(struct hostile *hostile)
{
    DWORD load = 0;
    SIZE_T available;
    HRESULT hr = IHostMemoryManager_GetMemoryLoad(hostile->subject->manager,
                                                  one_in(hostile, 4) ? NULL : &load,
                                                  one_in(hostile, 4) ? NULL : &available);

    if (answered(hostile, "GetMemoryLoad", hr) && load > 100)
        note_wrong(hostile, "GetMemoryLoad", hr, "a load above 100");
}

static void release_range(struct hostile *hostile, unsigned index)
{
    void *address = hostile->ranges[index];
    HRESULT hr = IHostMemoryManager_ReleasedVirtualAddressSpace(hostile->subject->manager, address);

    if (!answered(hostile, "ReleasedVirtualAddressSpace", hr))
        note_wrong(hostile, "ReleasedVirtualAddressSpace", hr, "a range that was told");
    hostile->ranges[index] = hostile->ranges[--hostile->range_count];
}

static void call_about_address_space(struct hostile *hostile)
{
    IHostMemoryManager *manager = hostile->subject->manager;
    void *address = (void *)wild_address(&hostile->random, (uintptr_t)hostile->arena);

    switch (below(hostile, 4)) {
    case 0:
        answered(hostile, "NeedsVirtualAddressSpace",
                 IHostMemoryManager_NeedsVirtualAddressSpace(manager, address, some_size(hostile)));
        break;
    case 1:
        if (hostile->range_count == HOSTILE_RANGES)
            release_range(hostile, (unsigned)below(hostile, hostile->range_count));
        if (answered(hostile, "AcquiredVirtualAddressSpace",
                     IHostMemoryManager_AcquiredVirtualAddressSpace(manager, address,
                                                                    some_size(hostile))))
            hostile->ranges[hostile->range_count++] = address;
        break;
    case 2:
        if (hostile->range_count)
            release_range(hostile, (unsigned)below(hostile, hostile->range_count));
        break;
    default:
        answered(hostile, "RegisterMemoryNotificationCallback",
                 IHostMemoryManager_RegisterMemoryNotificationCallback(manager, NULL));
        break;
    }
}

static void call_CreateMalloc(struct hostile *hostile)
{
    void *made;
    void **out = some_out(hostile, &made);
    DWORD type = some_bits(hostile);
    HRESULT hr =
        IHostMemoryManager_CreateMalloc(hostile->subject->manager, type, (IHostMalloc **)out);

    if (answered_making(hostile, "CreateMalloc", hr, out))
        IHostMalloc_Release((IHostMalloc *)made);
}

static void call_QueryInterface(struct hostile *hostile)
{
    IUnknown *const objects[] = {(IUnknown *)hostile->subject->manager,
                                 (IUnknown *)hostile->subject->inspection,
                                 (IUnknown *)hostile->heaps[0]};
    GUID guid;
    const GUID *identifier = some_identifier(hostile, &guid);
    void *made;
    void **out = some_out(hostile, &made);
    IUnknown *object = objects[below(hostile, COUNT_OF(objects))];
    HRESULT hr = object->lpVtbl->QueryInterface(object, identifier, out);
    bool closed = hostile->closed;

    hostile->closed = false; /* COM's own methods always work */
    if (answered_making(hostile, "QueryInterface", hr, out))
        ((IUnknown *)made)->lpVtbl->Release(made);
    hostile->closed = closed;
}

/* ------------------------------------------------------------------------------------------------
 * IHostMalloc
 * --------------------------------------------------------------------------------------------- */

static void free_block(struct hostile *hostile, unsigned index)
{
    struct hostile_block block = hostile->blocks[index];
    HRESULT hr = IHostMalloc_Free(hostile->heaps[block.heap], block.memory);

    if (!answered(hostile, "Free of a live block", hr))
        note_wrong(hostile, "Free of a live block", hr, "must succeed");
    else
        hostile->blocks[index] = hostile->blocks[--hostile->block_count];
}

static void note_block(struct hostile *hostile, unsigned heap, void *memory)
{
    hostile->blocks[hostile->block_count++] = (struct hostile_block){memory, heap};
}

static void call_Alloc(struct hostile *hostile)
{
    unsigned heap = (unsigned)below(hostile, HOSTILE_HEAPS);
    IHostMalloc *malloc = hostile->heaps[heap];
    char name[] = "hostile.c";
    void *memory;
    void **out = some_out(hostile, &memory);
    HRESULT hr;

    if (hostile->block_count == HOSTILE_BLOCKS)
        free_block(hostile, (unsigned)below(hostile, hostile->block_count));
    if (one_in(hostile, 4))
        hr = IHostMalloc_DebugAlloc(malloc, some_size(hostile), some_level(hostile),
                                    one_in(hostile, 2) ? NULL : name, (int)some_bits(hostile), out);
    else
        hr = IHostMalloc_Alloc(malloc, some_size(hostile), some_level(hostile), out);
    if (answered_making(hostile, "Alloc", hr, out))
        note_block(hostile, heap, memory);
}

static bool is_live_block(const struct hostile *hostile, const void *address)
{
    for (unsigned i = 0; i < hostile->block_count; i++) {
        if (hostile->blocks[i].memory == address)
            return true;
    }
    return false;
}

/*
 * Frees an address inside a block, beside one, of another heap, or at random. Only free_block frees
 * live blocks.
 */
static void call_Free(struct hostile *hostile)
{
    unsigned heap = (unsigned)below(hostile, HOSTILE_HEAPS);
    char *address = some_address(hostile);
    struct hostile_block block;
    HRESULT hr;

    if (hostile->block_count && one_in(hostile, 2)) {
        block = hostile->blocks[below(hostile, hostile->block_count)];
        address = (char *)block.memory + below(hostile, 65) - 32;
        heap = one_in(hostile, 2) ? block.heap : heap;
    }
    if (is_live_block(hostile, address) || (!hostile->alone && address))
        address = NULL; /* it could be a block of another thread */
    hr = IHostMalloc_Free(hostile->heaps[heap], address);
    if (answered(hostile, "Free", hr) && address)
        note_wrong(hostile, "Free", hr, "freed what is no live block");
}

static void use_control(struct hostile *hostile)
{
    IHostControl *control = NULL;
    void *made;
    GUID guid;
    void **out = some_out(hostile, &made);
    HRESULT hr;

    if (!hostile->alone || hostile->closed ||
        HostMemCreateHostControl(hostile->subject->manager, NULL, &control) != S_OK)
        return;
    hr = IHostControl_GetHostManager(control, some_identifier(hostile, &guid), out);
    if (answered_making(hostile, "GetHostManager", hr, out))
        ((IUnknown *)made)->lpVtbl->Release(made);
    answered(hostile, "SetAppDomainManager",
             IHostControl_SetAppDomainManager(control, some_bits(hostile), NULL));
    if (IHostControl_Release(control) != 0)
        note_wrong(hostile, "Release", S_OK, "the last reference was not the last");
}

/* ------------------------------------------------------------------------------------------------
 * IHostMemInspection
 * --------------------------------------------------------------------------------------------- */

/* Ends the enumeration with a value that is the caller's. */
static HRESULT end_with(void *context)
{
    return one_in(context, 2) ? S_OK : S_FALSE;
}

static HRESULT CALLBACK on_region(void *context, const HOSTMEM_REGION *region)
{
    (void)region;
    return end_with(context);
}

static HRESULT CALLBACK on_range(void *context, const HOSTMEM_MAPPED_RANGE *range)
{
    (void)range;
    return end_with(context);
}

static HRESULT CALLBACK on_block(void *context, const HOSTMEM_BLOCK *block)
{
    (void)block;
    return end_with(context);
}

static HRESULT CALLBACK on_heap(void *context, const HOSTMEM_HEAP *heap)
{
    (void)heap;
    return end_with(context);
}

static HRESULT CALLBACK on_size_class(void *context, const HOSTMEM_SIZE_CLASS *size_class)
{
    (void)size_class;
    return end_with(context);
}

static HRESULT enumerate_garbage(struct hostile *hostile)
{
    IHostMemInspection *inspection = hostile->subject->inspection;
    bool back = !one_in(hostile, 4);
    DWORD number = some_bits(hostile);

    switch (below(hostile, 5)) {
    case 0:
        return IHostMemInspection_EnumRegions(inspection, back ? on_region : NULL, hostile);
    case 1:
        return IHostMemInspection_EnumMappedRanges(inspection, back ? on_range : NULL, hostile);
    case 2:
        return IHostMemInspection_EnumBlocks(inspection, number, back ? on_block : NULL, hostile);
    case 3:
        return IHostMemInspection_EnumHeaps(inspection, back ? on_heap : NULL, hostile);
    default:
        return IHostMemInspection_EnumSizeClasses(inspection, number, back ? on_size_class : NULL,
                                                  hostile);
    }
}

/*
 * Limits that refuse now and then, or that make no sense; limits that were accepted are removed at
 * once.
 */
static HRESULT set_garbage_limits(struct hostile *hostile)
{
    IHostMemInspection *inspection = hostile->subject->inspection;
    HOSTMEM_LIMITS none = {.cbSize = sizeof(none)};
    HOSTMEM_LIMITS limits = {
        .cbSize = one_in(hostile, 2) ? sizeof(limits) : some_bits(hostile),
        .LowPercent = some_bits(hostile),
        .HighPercent = some_bits(hostile),
        .Unused = one_in(hostile, 4),
        .Committed = {next_random(&hostile->random), next_random(&hostile->random), 0},
        .Reserved = {some_size(hostile), next_random(&hostile->random), HOSTMEM_NO_RESERVE},
    };
    HRESULT hr = IHostMemInspection_SetLimits(inspection, one_in(hostile, 8) ? NULL : &limits);

    if (hr == S_OK)
        IHostMemInspection_SetLimits(inspection, &none);
    return hr;
}

static HRESULT inspect_garbage(struct hostile *hostile)
{
    IHostMemInspection *inspection = hostile->subject->inspection;
    HOSTMEM_STATISTICS statistics = {.cbSize = some_bits(hostile)};
    HOSTMEM_LIMITS limits = {.cbSize = some_bits(hostile)};
    HOSTMEM_REGION region;
    HOSTMEM_BLOCK block;
    HOSTMEM_SECTION section;

    switch (below(hostile, 9)) {
    case 0:
        return IHostMemInspection_GetStatistics(inspection,
                                                one_in(hostile, 8) ? NULL : &statistics);
    case 1:
        return IHostMemInspection_FindRegion(inspection, some_address(hostile),
                                             one_in(hostile, 8) ? NULL : &region);
    case 2:
        return IHostMemInspection_FindBlock(inspection, some_address(hostile),
                                            one_in(hostile, 8) ? NULL : &block);
    case 3:
        return IHostMemInspection_GetLimits(inspection, one_in(hostile, 8) ? NULL : &limits);
    case 4:
        return IHostMemInspection_SetRedirectedLevel(inspection, some_level(hostile));
    case 5:
        return hostile->alone ? set_garbage_limits(hostile) : S_OK;
    case 6:
        return IHostMemInspection_Trim(inspection, NULL);
    case 7:
        return IHostMemInspection_FindSection(inspection, some_address(hostile),
                                              one_in(hostile, 8) ? NULL : &section);
    default:
        return enumerate_garbage(hostile);
    }
}

static void call_inspection(struct hostile *hostile)
{
    bool closed = hostile->closed;

    hostile->closed = false; /* inspection goes on */
    answered(hostile, "IHostMemInspection", inspect_garbage(hostile));
    hostile->closed = closed;
}

/* ------------------------------------------------------------------------------------------------
 * The exported functions
 * --------------------------------------------------------------------------------------------- */

static void call_HostMemCreateManager(struct hostile *hostile)
{
    HOSTMEM_LIMITS limits = {.cbSize = some_bits(hostile), .LowPercent = some_bits(hostile)};
    HOSTMEM_OPTIONS options = {
        .cbSize = one_in(hostile, 2) ? sizeof(options) : some_bits(hostile),
        .dwFlags = some_bits(hostile),
        .EmergencyReservation = some_size(hostile),
        .GuardAbove = some_size(hostile),
        .pLimits = one_in(hostile, 2) ? NULL : &limits,
        .pBooks = one_in(hostile, 2) ? NULL : some_address(hostile),
        .cbBooks = one_in(hostile, 2) ? 0 : some_size(hostile),
    };
    void *made;
    void **out = some_out(hostile, &made);
    HRESULT hr = HostMemCreateManager(&options, (IHostMemoryManager **)out);

    if (answered_making(hostile, "HostMemCreateManager", hr, out))
        IHostMemoryManager_Release((IHostMemoryManager *)made);
}

static void call_HostMemReadBooks(struct hostile *hostile)
{
    IHostMemInspection *books = SOMETHING;
    HRESULT hr = HostMemReadBooks(some_address(hostile), some_size(hostile), &books);

    if (answered(hostile, "HostMemReadBooks", hr) || books)
        note_wrong(hostile, "HostMemReadBooks", hr, "of what are no books");
}

/* No module and flag passed here are valid together: the call must never succeed. */
static void call_redirection(struct hostile *hostile)
{
    HMODULE module = GetModuleHandleW(NULL);
    DWORD flags = some_bits(hostile) | 0x80000000;
    HOSTMEM_REDIRECTION *redirection = SOMETHING;
    HRESULT hr;

    if (one_in(hostile, 2)) {
        module = (HMODULE)((uintptr_t)hostile->arena + (uintptr_t)below(hostile, HOSTILE_ARENA));
        flags &= 7;
    }
    hr = HostMemRedirectModule(hostile->subject->manager, module, flags, &redirection);
    if (answered(hostile, "HostMemRedirectModule", hr) || redirection)
        note_wrong(hostile, "HostMemRedirectModule", hr, "of no module, or with no such flag");
    hr = HostMemRemoveRedirection((HOSTMEM_REDIRECTION *)some_address(hostile));
    if (answered(hostile, "HostMemRemoveRedirection", hr))
        note_wrong(hostile, "HostMemRemoveRedirection", hr, "of what is no redirection");
}

static void call_exports(struct hostile *hostile)
{
    IUnknown unknown = *(IUnknown *)hostile->subject->inspection;
    IHostControl *control = SOMETHING;
    bool closed = hostile->closed;

    hostile->closed = false; /* none of these concerns the closed manager */
    if (one_in(hostile, 16))
        call_HostMemCreateManager(hostile);
    else if (one_in(hostile, 16))
        call_HostMemReadBooks(hostile);
    else if (one_in(hostile, 2))
        call_redirection(hostile);
    else if (answered(hostile, "HostMemCreateHostControl",
                      HostMemCreateHostControl((IHostMemoryManager *)&unknown, NULL, &control)) ||
             control)
        note_wrong(hostile, "HostMemCreateHostControl", S_OK, "of what is no manager");
    hostile->closed = closed;
}

/* ------------------------------------------------------------------------------------------------
 * All of them
 * --------------------------------------------------------------------------------------------- */

static void call_something(struct hostile *hostile)
{
    static void (*const calls[])(struct hostile *) = {
        call_VirtualAlloc,  call_VirtualAlloc,
        call_VirtualAlloc,  call_VirtualFree,
        call_VirtualFree,   call_VirtualFree,
        call_VirtualQuery,  call_VirtualProtect,
        call_GetMemoryLoad, call_about_address_space,
        call_CreateMalloc,  call_QueryInterface,
        call_Alloc,         call_Alloc,
        call_Free,          call_Free,
        use_control,        call_inspection,
        call_exports,
    };

    calls[below(hostile, COUNT_OF(calls))](hostile);
}

struct books {
    HOSTMEM_STATISTICS statistics;
    ULONGLONG held;           /* without use: in empty slabs, and of freed large blocks */
    ULONGLONG held_committed; /* the same, and what live large blocks have more than they need */
    ULONGLONG held_regions;
};

/*
 * What is held without use may have been given back before something was refused. All else is the
 * same to the byte: what is reserved and committed besides, and how many regions that is.
 */
static bool has_same_books(const struct books *before, const struct books *after)
{
    const HOSTMEM_STATISTICS *a = &before->statistics, *b = &after->statistics;

    return after->held <= before->held && after->held_committed <= before->held_committed &&
           a->Reserved.Now - before->held == b->Reserved.Now - after->held &&
           a->Committed.Now - before->held_committed == b->Committed.Now - after->held_committed &&
           a->Regions.Now - before->held_regions == b->Regions.Now - after->held_regions &&
           a->Heaps.Now == b->Heaps.Now && a->Blocks.Now == b->Blocks.Now &&
           a->BlockBytes.Now == b->BlockBytes.Now && a->Mapped.Now == b->Mapped.Now &&
           a->MappedRanges.Now == b->MappedRanges.Now && a->Status == b->Status;
}

static HRESULT CALLBACK add_held(void *context, const HOSTMEM_HEAP *heap)
{
    struct books *books = context;

    books->held += heap->SpareBytes;
    books->held_committed += heap->SpareBytes + heap->SpareLargeBytes;
    books->held_regions += heap->SpareBytes / GRANULE;
    return S_OK;
}

static HRESULT CALLBACK add_spare_region(void *context, const HOSTMEM_REGION *region)
{
    struct books *books = context;

    books->held += region->IsSpare ? region->Size : 0;
    books->held_regions += region->IsSpare != 0;
    return S_OK;
}

static struct books books_of(const struct hostile *hostile)
{
    struct books books = {.statistics = {.cbSize = sizeof(books.statistics)}};

    IHostMemInspection_GetStatistics(hostile->subject->inspection, &books.statistics);
    IHostMemInspection_EnumHeaps(hostile->subject->inspection, add_held, &books);
    IHostMemInspection_EnumRegions(hostile->subject->inspection, add_spare_region, &books);
    return books;
}

void hostile_call(struct hostile *hostile, uint64_t calls)
{
    struct books before = books_of(hostile), after;
    uint64_t end = hostile->calls + calls;

    while (hostile->calls < end && !hostile->wrong) {
        uint64_t successes = hostile->successes;

        call_something(hostile);
        if (!hostile->alone)
            continue;
        after = books_of(hostile);
        if (hostile->successes == successes && !has_same_books(&before, &after))
            note_wrong(hostile, "the last call", S_OK, "it failed and changed the books");
        before = after;
    }
}

void hostile_check(const struct hostile *hostile, uint64_t seed)
{
    if (!hostile->wrong)
        return;
    print_error("seed 0x%" PRIx64 ", call %" PRIu64 ": %s answered 0x%08x: %s\n", seed,
                hostile->wrong_at, hostile->wrong_call, (unsigned)hostile->wrong_hr,
                hostile->wrong);
    fail();
}

void hostile_begin(struct hostile *hostile)
{
    hostile->arena = VirtualAlloc(NULL, HOSTILE_ARENA, MEM_RESERVE, PAGE_READWRITE);
    assert_non_null(hostile->arena);
    for (SIZE_T at = 0; at < HOSTILE_ARENA; at += 2 * GRANULE)
        assert_non_null(VirtualAlloc(hostile->arena + at, GRANULE, MEM_COMMIT, PAGE_READWRITE));
    for (unsigned i = 0; i < HOSTILE_HEAPS; i++)
        hostile->heaps[i] = subject_heap(hostile->subject);
}

void hostile_give_back_in_vain(struct hostile *hostile)
{
    IHostMemoryManager *manager = hostile->subject->manager;

    for (unsigned i = 0; i < hostile->block_count; i++)
        answered(
            hostile, "Free of a live block",
            IHostMalloc_Free(hostile->heaps[hostile->blocks[i].heap], hostile->blocks[i].memory));
    for (unsigned i = 0; i < hostile->region_count; i++)
        answered(hostile, "VirtualFree of an owned region",
                 IHostMemoryManager_VirtualFree(manager, hostile->regions[i], 0, MEM_RELEASE));
    for (unsigned i = 0; i < hostile->range_count; i++)
        answered(hostile, "ReleasedVirtualAddressSpace",
                 IHostMemoryManager_ReleasedVirtualAddressSpace(manager, hostile->ranges[i]));
    hostile->block_count = hostile->region_count = hostile->range_count = 0;
}

void hostile_end(struct hostile *hostile)
{
    while (hostile->block_count && !hostile->wrong)
        free_block(hostile, 0);
    while (hostile->region_count && !hostile->wrong)
        release_region(hostile, hostile->regions[0]);
    while (hostile->range_count && !hostile->wrong)
        release_range(hostile, 0);
    for (unsigned i = 0; i < HOSTILE_HEAPS; i++)
        assert_figure(IHostMalloc_Release(hostile->heaps[i]), 0);
    assert_true(VirtualFree(hostile->arena, 0, MEM_RELEASE));
}
