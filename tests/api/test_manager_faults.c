/*
 * test_manager_faults.c: invariant I6 when memory runs out: whichever request to the system fails,
 * the call succeeds all the same, or fails with E_OUTOFMEMORY and leaves no trace.
 *
 * A script uses every method of the manager, its heaps, its control and its inspection. It runs
 * again and again, each time with another request (src/os/os.h) made to fail, until there is none
 * left to fail.
 */
#include "redirected.h"

#include "os/os.h"
#include "os/os_fault.h"

#include <stdio.h>
#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)
#define MIB ((SIZE_T)1 << 20)
#define LARGEST_SMALL 32768

/* Covers so many chunks that the ledger's first directory cannot hold them all. */
#ifdef _WIN64
#define HUGE_RESERVATION ((SIZE_T)256 << 30)
#else
#define HUGE_RESERVATION (128 * MIB)
#endif
#define HUGE_RESERVATIONS 2

/* So many that their records need more memory than is committed for the first of them. */
#define MANY_REGIONS 1000
#define MANY_RANGES 2000
#define MANY_NAMES 100
#define FEW 2

/* A limit so high that nothing is refused. What is charged must be exact all the same. */
#define LIMIT_OF_SCRIPT ((ULONGLONG)4 << 30)

#define MOST_REGIONS (MANY_REGIONS + 16)
#define MOST_BLOCKS (MANY_NAMES + 16)

/* The address at which the script claims that ranges are mapped. No memory is there. */
#define RANGE_ADDRESS(i) ((void *)(GRANULE * (1 + (uintptr_t)(i))))

/* Which requests are to fail; 0: none. */
struct faults {
    uint64_t metadata;
    uint64_t pages;
};

/* Whether the things are made of which there can be many. */
enum extent {
    EXTENT_SMALL,
    EXTENT_LARGE
};

struct block {
    IHostMalloc *heap;
    void *memory;
};

struct script {
    struct faults faults;
    unsigned many_regions, many_ranges, many_names;
    struct subject subject;
    IHostControl *control;
    IHostMalloc *heaps[2];
    void *regions[MOST_REGIONS];
    unsigned region_count;
    struct block blocks[MOST_BLOCKS];
    unsigned block_count;
    bool ranges[MANY_RANGES];
    unsigned failures;

    /* About the call that is being made. */
    struct faults before;
    bool succeeded;
};

/* ------------------------------------------------------------------------------------------------
 * Calls that may fail
 * --------------------------------------------------------------------------------------------- */

static bool struck_between(uint64_t at, uint64_t before, uint64_t after)
{
    return before < at && at <= after;
}

static void begin_call(struct script *script)
{
    script->before.metadata = os_fault_requests(OS_FAULT_METADATA);
    script->before.pages = os_fault_requests(OS_FAULT_PAGES);
}

/* True if the call succeeded; it may have failed only for want of memory. */
static bool end_call(struct script *script, HRESULT hr, const char *call)
{
    bool struck = struck_between(script->faults.metadata, script->before.metadata,
                                 os_fault_requests(OS_FAULT_METADATA)) ||
                  struck_between(script->faults.pages, script->before.pages,
                                 os_fault_requests(OS_FAULT_PAGES));

    if (hr == S_OK)
        return true;
    if (!struck || hr != E_OUTOFMEMORY) {
        print_error("with request %u for metadata and request %u for pages failing:\n",
                    (unsigned)script->faults.metadata, (unsigned)script->faults.pages);
        assert_hresult_of(call, hr, struck ? E_OUTOFMEMORY : S_OK);
    }
    script->failures++;
    if (script->subject.inspection)
        assert_clean_audit_of(call, &script->subject);
    return false;
}

#define attempt(script, call) (begin_call(script), end_call((script), (call), #call))

/* The same for a call that makes something; `made` is NULL before and after a failure. */
#define attempt_making(script, call, made)                                                         \
    (begin_call(script), (script)->succeeded = end_call((script), (call), #call),                  \
     check_made((script), (made), #call))

static bool check_made(const struct script *script, const void *made, const char *call)
{
    if (script->succeeded == (made != NULL))
        return made != NULL;
    print_error("%s: %s and gave %p, with requests %u and %u failing\n", call,
                script->succeeded ? "succeeded" : "failed", made, (unsigned)script->faults.metadata,
                (unsigned)script->faults.pages);
    fail();
    return false;
}

/* A garbage pointer, which a failing call must overwrite. */
#define GARBAGE ((void *)(uintptr_t)0x5a5a5a5a)

/* ------------------------------------------------------------------------------------------------
 * The script
 * --------------------------------------------------------------------------------------------- */

static void *alloc_at(struct script *script, void *address, SIZE_T size, DWORD type)
{
    void *memory = GARBAGE;

    attempt_making(script,
                   IHostMemoryManager_VirtualAlloc(script->subject.manager, address, size, type,
                                                   PAGE_READWRITE, eTaskCritical, &memory),
                   memory);
    return memory;
}

static char *make_region(struct script *script, SIZE_T size, DWORD type)
{
    void *memory = alloc_at(script, NULL, size, type);

    if (memory) {
        assert_true(script->region_count < MOST_REGIONS);
        script->regions[script->region_count++] = memory;
    }
    return memory;
}

static void use_pages(struct script *script)
{
    IHostMemoryManager *manager = script->subject.manager;
    char *reserved = make_region(script, 130 * MIB, MEM_RESERVE);
    char *committed = make_region(script, 3 * GRANULE + 1, RESERVE_COMMIT);
    MEMORY_BASIC_INFORMATION information;
    SIZE_T result;
    DWORD old;

    make_region(script, PAGE, MEM_COMMIT);
    make_region(script, GRANULE, RESERVE_COMMIT | MEM_TOP_DOWN);
    make_region(script, GRANULE, MEM_RESERVE | MEM_WRITE_WATCH);
    if (reserved) {
        alloc_at(script, reserved + PAGE, PAGE, MEM_COMMIT);
        alloc_at(script, reserved + PAGE, 3 * PAGE, MEM_COMMIT);
        alloc_at(script, reserved + 30 * MIB, 70 * MIB, MEM_COMMIT); /* two or three chunks */
        attempt(script,
                IHostMemoryManager_VirtualFree(manager, reserved + 31 * MIB, MIB, MEM_DECOMMIT));
        attempt(script, IHostMemoryManager_VirtualQuery(manager, reserved, &information,
                                                        sizeof(information), &result));
    }
    if (committed) {
        alloc_at(script, committed, PAGE, MEM_RESET);
        attempt(script,
                IHostMemoryManager_VirtualProtect(manager, committed, PAGE, PAGE_READONLY, &old));
        attempt(script, IHostMemoryManager_VirtualFree(manager, committed, 0, MEM_DECOMMIT));
    }
}

static void make_many_regions(struct script *script)
{
    for (int i = 0; script->many_regions > FEW && i < HUGE_RESERVATIONS; i++)
        make_region(script, HUGE_RESERVATION, MEM_RESERVE);
    for (unsigned i = 0; i < script->many_regions; i++)
        make_region(script, GRANULE, MEM_RESERVE);
}

static void commit_in_memory_of_someone_else(struct script *script)
{
    void *foreign = VirtualAlloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    assert_non_null(foreign);
    alloc_at(script, foreign, PAGE, MEM_COMMIT);
    assert_true(VirtualFree(foreign, 0, MEM_RELEASE));
}

static void note_block(struct script *script, IHostMalloc *heap, void *memory)
{
    if (!memory)
        return;
    assert_true(script->block_count < MOST_BLOCKS);
    memset(memory, 0x5a, 100);
    script->blocks[script->block_count++] = (struct block){heap, memory};
}

static void *debug_alloc(struct script *script, IHostMalloc *heap, char *file)
{
    void *memory = GARBAGE;

    attempt_making(script, IHostMalloc_DebugAlloc(heap, 100, eTaskCritical, file, 7, &memory),
                   memory);
    return memory;
}

static void use_heap(struct script *script, IHostMalloc *heap)
{
    static const SIZE_T sizes[] = {100, 5000, 100000};
    char file[1000];

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        void *memory = GARBAGE;

        attempt_making(script, IHostMalloc_Alloc(heap, sizes[i], eTaskCritical, &memory), memory);
        note_block(script, heap, memory);
    }
    for (unsigned i = 0; i < script->many_names; i++) {
        memset(file, 'a', sizeof(file));
        snprintf(file + sizeof(file) - 8, 8, "%u.c", i);
        note_block(script, heap, debug_alloc(script, heap, file));
    }
}

static void use_heaps(struct script *script)
{
    static const DWORD types[] = {MALLOC_THREADSAFE, MALLOC_EXECUTABLE};

    for (int i = 0; i < 2; i++) {
        script->heaps[i] = GARBAGE;
        if (attempt_making(script,
                           IHostMemoryManager_CreateMalloc(script->subject.manager, types[i],
                                                           &script->heaps[i]),
                           script->heaps[i]))
            use_heap(script, script->heaps[i]);
        script->many_names = FEW;
    }
}

static HRESULT STDMETHODCALLTYPE callback_query(ICLRMemoryNotificationCallback *self, REFIID riid,
                                                void **object)
{
    (void)self;
    (void)riid;
    *object = NULL;
    return E_NOINTERFACE;
}

static LONG callback_references;

static ULONG STDMETHODCALLTYPE callback_add_ref(ICLRMemoryNotificationCallback *self)
{
    (void)self;
    return (ULONG)InterlockedIncrement(&callback_references);
}

static ULONG STDMETHODCALLTYPE callback_release(ICLRMemoryNotificationCallback *self)
{
    (void)self;
    return (ULONG)InterlockedDecrement(&callback_references);
}

static HRESULT STDMETHODCALLTYPE callback_notify(ICLRMemoryNotificationCallback *self,
                                                 EMemoryAvailable available)
{
    (void)self;
    (void)available;
    return S_OK;
}

static const ICLRMemoryNotificationCallbackVtbl callback_vtbl = {callback_query, callback_add_ref,
                                                                 callback_release, callback_notify};
static ICLRMemoryNotificationCallback callback = {&callback_vtbl};

static void use_the_rest_of_the_manager(struct script *script)
{
    IHostMemoryManager *manager = script->subject.manager;
    SIZE_T available;
    DWORD load;

    attempt(script, IHostMemoryManager_GetMemoryLoad(manager, &load, &available));
    attempt(script, IHostMemoryManager_RegisterMemoryNotificationCallback(manager, &callback));
    attempt(script, IHostMemoryManager_RegisterMemoryNotificationCallback(manager, NULL));
    attempt(script, IHostMemoryManager_NeedsVirtualAddressSpace(manager, NULL, MIB));
    for (unsigned i = 0; i < script->many_ranges; i++)
        script->ranges[i] = attempt(script, IHostMemoryManager_AcquiredVirtualAddressSpace(
                                                manager, RANGE_ADDRESS(i), GRANULE));
}

static void use_control(struct script *script)
{
    IHostMemoryManager *manager = NULL;

    script->control = GARBAGE;
    if (!attempt_making(script,
                        HostMemCreateHostControl(script->subject.manager, NULL, &script->control),
                        script->control))
        return;
    assert_hresult(
        IHostControl_GetHostManager(script->control, &IID_IHostMemoryManager, (void **)&manager),
        S_OK);
    assert_address(manager, script->subject.manager);
    IHostMemoryManager_Release(manager);
    attempt(script, IHostControl_SetAppDomainManager(script->control, 1, NULL));
}

/*
 * Counts the regions that serve no heap. A block may have a region of its own: a large one, or a
 * small one when there is no room for its history in a slab.
 */
static HRESULT CALLBACK count_region(void *context, const HOSTMEM_REGION *region)
{
    if (!region->Heap)
        ++*(unsigned *)context;
    return S_OK;
}

static HRESULT CALLBACK count_range(void *context, const HOSTMEM_MAPPED_RANGE *range)
{
    (void)range;
    ++*(unsigned *)context;
    return S_OK;
}

static HRESULT CALLBACK count_block(void *context, const HOSTMEM_BLOCK *block)
{
    (void)block;
    ++*(unsigned *)context;
    return S_OK;
}

static HRESULT CALLBACK count_heap(void *context, const HOSTMEM_HEAP *heap)
{
    (void)heap;
    ++*(unsigned *)context;
    return S_OK;
}

static HRESULT CALLBACK count_live(void *context, const HOSTMEM_SIZE_CLASS *size_class)
{
    *(unsigned *)context += (unsigned)size_class->Blocks;
    return S_OK;
}

/* The heaps, by the methods that tell of them. */
static void look_at_heaps(struct script *script, unsigned blocks)
{
    IHostMemInspection *inspection = script->subject.inspection;
    unsigned heaps = 0, small = 0;
    HOSTMEM_BLOCK block;
    SIZE_T given;

    assert_hresult(IHostMemInspection_EnumHeaps(inspection, count_heap, &heaps), S_OK);
    assert_figure(heaps, (script->heaps[0] != NULL) + (script->heaps[1] != NULL));
    assert_hresult(IHostMemInspection_EnumSizeClasses(inspection, 0, count_live, &small), S_OK);
    assert_true(small <= blocks);
    for (unsigned i = 0; i < script->block_count; i++)
        assert_hresult(IHostMemInspection_FindBlock(inspection, script->blocks[i].memory, &block),
                       S_OK);
    assert_true(SUCCEEDED(IHostMemInspection_Trim(inspection, &given)));
}

/*
 * Checks that nothing else has changed the limits, then halves them. Half of them still refuses
 * nothing.
 */
static void use_limits(struct script *script)
{
    IHostMemInspection *inspection = script->subject.inspection;
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits)};

    attempt(script, IHostMemInspection_GetLimits(inspection, &limits));
    assert_figure(limits.Committed.Limit, LIMIT_OF_SCRIPT);
    limits.Committed.Limit /= 2;
    attempt(script, IHostMemInspection_SetLimits(inspection, &limits));
    attempt(script, IHostMemInspection_SetRedirectedLevel(inspection, eProcessCritical));
}

/* Everything that was made is shown, and nothing else is but the slabs of small blocks. */
static void look(struct script *script)
{
    IHostMemInspection *inspection = script->subject.inspection;
    unsigned regions = 0, ranges = 0, blocks = 0, ranges_made = 0;
    HOSTMEM_REGION region;

    assert_clean_audit(&script->subject);
    assert_hresult(IHostMemInspection_EnumRegions(inspection, count_region, &regions), S_OK);
    assert_hresult(IHostMemInspection_EnumMappedRanges(inspection, count_range, &ranges), S_OK);
    assert_hresult(IHostMemInspection_EnumBlocks(inspection, 0, count_block, &blocks), S_OK);
    for (unsigned i = 0; i < script->many_ranges; i++)
        ranges_made += script->ranges[i];
    assert_figure(regions, script->region_count);
    assert_figure(ranges, ranges_made);
    assert_figure(blocks, script->block_count);
    look_at_heaps(script, blocks);
    for (unsigned i = 0; i < script->region_count; i++)
        assert_hresult(IHostMemInspection_FindRegion(inspection, script->regions[i], &region),
                       S_OK);
}

static void give_everything_back(struct script *script)
{
    IHostMemoryManager *manager = script->subject.manager;

    for (unsigned i = 0; i < script->block_count; i++)
        assert_hresult(IHostMalloc_Free(script->blocks[i].heap, script->blocks[i].memory), S_OK);
    for (unsigned i = 0; i < script->region_count; i++)
        subject_release(&script->subject, script->regions[i]);
    for (unsigned i = 0; i < script->many_ranges; i++) {
        if (script->ranges[i])
            assert_hresult(
                IHostMemoryManager_ReleasedVirtualAddressSpace(manager, RANGE_ADDRESS(i)), S_OK);
    }
    for (int i = 0; i < 2; i++) {
        if (script->heaps[i])
            assert_figure(IHostMalloc_Release(script->heaps[i]), 0);
    }
    if (script->control)
        assert_figure(IHostControl_Release(script->control), 0);
}

static bool make_manager(struct script *script)
{
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = LIMIT_OF_SCRIPT}};
    HOSTMEM_OPTIONS options = {
        .cbSize = sizeof(options), .EmergencyReservation = 16 * MIB, .pLimits = &limits};

    script->subject.manager = GARBAGE;
    if (!attempt_making(script, HostMemCreateManager(&options, &script->subject.manager),
                        script->subject.manager))
        return false;
    assert_hresult(IHostMemoryManager_QueryInterface(script->subject.manager,
                                                     &IID_IHostMemInspection,
                                                     (void **)&script->subject.inspection),
                   S_OK);
    return true;
}

/* Runs the script; how many calls failed. */
static unsigned run_script(struct faults faults, enum extent extent)
{
    static struct script script;

    script = (struct script){.faults = faults,
                             .many_regions = extent == EXTENT_LARGE ? MANY_REGIONS : FEW,
                             .many_ranges = extent == EXTENT_LARGE ? MANY_RANGES : FEW,
                             .many_names = extent == EXTENT_LARGE ? MANY_NAMES : FEW};
    os_fault_at(OS_FAULT_METADATA, faults.metadata);
    os_fault_at(OS_FAULT_PAGES, faults.pages);
    if (!make_manager(&script))
        return script.failures;
    use_control(&script);
    use_limits(&script);
    use_heaps(&script);
    use_pages(&script);
    make_many_regions(&script);
    commit_in_memory_of_someone_else(&script);
    use_the_rest_of_the_manager(&script);
    look(&script);
    give_everything_back(&script);
    assert_empty_books(&script.subject);
    assert_figure(statistics_of(&script.subject).Heaps.Now, 0);
    assert_figure(statistics_of(&script.subject).RefusedFrees, 0);
    IHostMemInspection_Release(script.subject.inspection);
    assert_figure(IHostMemoryManager_Release(script.subject.manager), 0);
    assert_figure(callback_references, 0);
    return script.failures;
}

/* Runs it and compares the process's memory before and after. */
static unsigned run_and_compare(struct faults faults, enum extent extent)
{
    struct memory_sum before = memory_sum_of_process(), after;
    unsigned failures = run_script(faults, extent);

    after = memory_sum_of_process();
    assert_figure(after.reserved, before.reserved);
    assert_figure(after.committed, before.committed);
    assert_figure(after.reservations, before.reservations);
    return failures;
}

/* ------------------------------------------------------------------------------------------------
 * The promises
 * --------------------------------------------------------------------------------------------- */

static int no_faults(void **state)
{
    (void)state;
    os_fault_at(OS_FAULT_METADATA, 0);
    os_fault_at(OS_FAULT_PAGES, 0);
    return 0;
}

static void without_a_fault_no_call_fails(void **state)
{
    (void)state;
    assert_figure(run_script((struct faults){0, 0}, EXTENT_LARGE), 0);
}

static void any_failing_request_for_metadata_leaves_no_trace(void **state)
{
    uint64_t n = 0;

    (void)state;
    do
        run_and_compare((struct faults){.metadata = ++n}, EXTENT_LARGE);
    while (os_fault_requests(OS_FAULT_METADATA) >= n);
    print_message("             %u requests, each failed in turn\n", (unsigned)n - 1);
    assert_at_least(n, sizeof(void *) == 8 ? 20 : 15);
}

static void any_failing_request_for_pages_leaves_no_trace(void **state)
{
    uint64_t n = 0;

    (void)state;
    do {
        unsigned failures = run_and_compare((struct faults){.pages = ++n}, EXTENT_SMALL);

        assert_figure(failures, os_fault_requests(OS_FAULT_PAGES) >= n ? 1 : 0);
    } while (os_fault_requests(OS_FAULT_PAGES) >= n);
    print_message("             %u requests, each failed in turn\n", (unsigned)n - 1);
    assert_at_least(n, 20);
}

static void any_failing_pair_of_requests_leaves_no_trace(void **state)
{
    struct faults faults = {0, 0};
    unsigned pairs = 0;
    bool struck;

    (void)state;
    do {
        faults.metadata++;
        faults.pages = 0;
        do {
            faults.pages++;
            run_script(faults, EXTENT_SMALL);
            pairs++;
        } while (os_fault_requests(OS_FAULT_PAGES) >= faults.pages);
        struck = os_fault_requests(OS_FAULT_METADATA) >= faults.metadata;
    } while (struck);
    print_message("             %u pairs\n", pairs);
    assert_at_least(pairs, 100);
}

/* Creation alone, so that only the manager's own bookkeeping is involved. */
static void a_manager_that_cannot_be_made_leaves_no_address_space_behind(void **state)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .EmergencyReservation = 16 * MIB};
    uint64_t n = 0;
    HRESULT hr;

    (void)state;
    do {
        struct memory_sum before = memory_sum_of_process(), after;
        IHostMemoryManager *manager = GARBAGE;

        os_fault_at(OS_FAULT_METADATA, ++n);
        hr = HostMemCreateManager(&options, &manager);
        if (hr == S_OK) {
            assert_figure(IHostMemoryManager_Release(manager), 0);
        } else {
            assert_hresult(hr, E_OUTOFMEMORY);
            assert_null(manager);
        }
        after = memory_sum_of_process();
        assert_figure(after.reserved, before.reserved);
        assert_figure(after.committed, before.committed);
        assert_figure(after.reservations, before.reservations);
    } while (hr != S_OK);
    print_message("             %u requests, each failed in turn\n", (unsigned)n - 1);
    assert_at_least(n, 5);
    assert_true(os_fault_requests(OS_FAULT_METADATA) < n);
}

/* A commit for which there are no bits has not been made, neither in the books nor by Win32. */
static void a_commit_that_fails_for_metadata_commits_nothing(void **state)
{
    struct subject subject = subject_make(NULL);
    char *region = subject_alloc(&subject, 130 * MIB, MEM_RESERVE, PAGE_READWRITE);
    void *memory = GARBAGE;
    uint64_t n = 0;
    HRESULT hr;

    (void)state;
    for (;;) {
        os_fault_at(OS_FAULT_METADATA, ++n);
        hr = IHostMemoryManager_VirtualAlloc(subject.manager, region, 130 * MIB, MEM_COMMIT,
                                             PAGE_READWRITE, eTaskCritical, &memory);
        if (hr == S_OK)
            break;
        assert_hresult(hr, E_OUTOFMEMORY);
        assert_null(memory);
        assert_figure(memory_state(region), MEM_RESERVE);
        assert_figure(memory_state(region + 129 * MIB), MEM_RESERVE);
        assert_figure(statistics_of(&subject).Committed.Peak, 0);
    }
    assert_figure(statistics_of(&subject).Committed.Now, 130 * MIB);
    subject_release(&subject, region);
    assert_clean_audit(&subject);
    subject_end(&subject);
}

/* The emergency reservation is held again when it can be; when it cannot, nothing fails. */
static void a_released_range_is_released_though_the_emergency_cannot_be_held_again(void **state)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .EmergencyReservation = 16 * MIB};
    struct subject subject = subject_make(&options);
    IHostMemoryManager *manager = subject.manager;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_hresult(
            IHostMemoryManager_AcquiredVirtualAddressSpace(manager, RANGE_ADDRESS(i), GRANULE),
            S_OK);
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(manager, NULL, 1), S_OK);
    os_fault_at(OS_FAULT_METADATA, 1);
    assert_hresult(IHostMemoryManager_ReleasedVirtualAddressSpace(manager, RANGE_ADDRESS(0)), S_OK);
    assert_figure(os_fault_requests(OS_FAULT_METADATA), 1);
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(manager, NULL, 1), E_OUTOFMEMORY);
    assert_hresult(IHostMemoryManager_ReleasedVirtualAddressSpace(manager, RANGE_ADDRESS(1)), S_OK);
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(manager, NULL, 1), S_OK);
    subject_end(&subject);
}

/* A module is rewritten wholly or not at all. */
static void a_redirection_that_fails_for_metadata_rewrites_nothing(void **state)
{
    struct redirected redirected = {.subject = subject_make(NULL)};
    void *original;
    uint64_t n = 0;
    HRESULT hr;

    (void)state;
    redirected_load(&redirected, L"redirect_target.dll");
    original = *redirected.calls->alloc_entry;
    for (;;) {
        struct memory_sum before = memory_sum_of_process(), after;

        redirected.redirection = GARBAGE;
        os_fault_at(OS_FAULT_METADATA, ++n);
        hr = HostMemRedirectModule(redirected.subject.manager, redirected.module, 0,
                                   &redirected.redirection);
        if (hr == S_OK)
            break;
        assert_hresult(hr, E_OUTOFMEMORY);
        assert_null(redirected.redirection);
        assert_address(*redirected.calls->alloc_entry, original);
        after = memory_sum_of_process();
        assert_figure(after.reserved, before.reserved);
        assert_figure(after.committed, before.committed);
    }
    assert_at_least(n, 2);
    redirected_end(&redirected);
    assert_address(*redirected.calls->alloc_entry, original);
    redirected_unload(&redirected);
    assert_figure(IHostMemInspection_Release(redirected.subject.inspection), 1);
    assert_figure(IHostMemoryManager_Release(redirected.subject.manager), 0);
}

/* When memory runs out inside a hook, the caller sees Win32's error, not an HRESULT. */
static void a_redirected_module_sees_win32_s_error_when_memory_runs_out(void **state)
{
    struct redirected redirected = {.subject = subject_make(NULL)};
    static const enum os_fault_kind kinds[] = {OS_FAULT_METADATA, OS_FAULT_PAGES};

    (void)state;
    redirected_load(&redirected, L"redirect_target.dll");
    redirected_begin(&redirected);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        os_fault_at(kinds[i], 1);
        SetLastError(UNTOUCHED);
        assert_null(redirected.calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE));
        assert_last_error(ERROR_NOT_ENOUGH_MEMORY);
        assert_figure(statistics_of(&redirected.subject).Regions.Peak, 0);
    }
    redirected_end(&redirected);
    redirected_unload(&redirected);
    subject_end(&redirected.subject);
}

#define exhaustion(test) cmocka_unit_test_setup_teardown(test, no_faults, no_faults)

int main(void)
{
    const struct CMUnitTest tests[] = {
        exhaustion(without_a_fault_no_call_fails), /* first: the system's own tables are made */
        exhaustion(any_failing_request_for_metadata_leaves_no_trace),
        exhaustion(any_failing_request_for_pages_leaves_no_trace),
        exhaustion(any_failing_pair_of_requests_leaves_no_trace),
        exhaustion(a_manager_that_cannot_be_made_leaves_no_address_space_behind),
        exhaustion(a_commit_that_fails_for_metadata_commits_nothing),
        exhaustion(a_released_range_is_released_though_the_emergency_cannot_be_held_again),
        exhaustion(a_redirection_that_fails_for_metadata_rewrites_nothing),
        exhaustion(a_redirected_module_sees_win32_s_error_when_memory_runs_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
