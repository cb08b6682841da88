/*
 * test_retry.c: refusal comes last (invariant I11) where a hook passes a request on to Win32
 * (src/redirect/retry.c), and where bookkeeping cannot be had: what the manager holds without
 * use is given back first. Win32's functions are replaced by such as refuse for want of memory, in
 * this program's own imports, through which the hooks call.
 */
#include "heaps.h"
#include "looked_up.h"
#include "notes.h"
#include "replaced.h"

#include "os/os_fault.h"

#define MAPPING_SIZE (4 * GRANULE)

/* ------------------------------------------------------------------------------------------------
 * A Win32 that refuses
 * --------------------------------------------------------------------------------------------- */

enum shortage_kind {
    NEVER,
    WHILE_HELD, /* as long as the manager holds something without use */
    FOR_EVER
};

static struct {
    const struct subject *subject;
    enum shortage_kind kind;
    DWORD error;
    ULONGLONG committed; /* by the manager, with what it holds without use */
    unsigned refused;
    DWORD last_flags;
    struct replaced replaced;
} shortage;

#define ORIGINAL(function) ORIGINAL_OF(shortage.replaced, function)

static bool is_held(void)
{
    return statistics_of(shortage.subject).Committed.Now == shortage.committed;
}

static bool refuses(void)
{
    DWORD last_error = GetLastError();

    if (shortage.kind == NEVER || (shortage.kind == WHILE_HELD && !is_held())) {
        SetLastError(last_error);
        return false;
    }
    shortage.refused++;
    SetLastError(shortage.error);
    return true;
}

static LPVOID WINAPI short_MapViewOfFileEx(HANDLE mapping, DWORD access, DWORD high, DWORD low,
                                           SIZE_T size, LPVOID address)
{
    return refuses() ? NULL : ORIGINAL(MapViewOfFileEx)(mapping, access, high, low, size, address);
}

static LPVOID WINAPI short_MapViewOfFileExNuma(HANDLE mapping, DWORD access, DWORD high, DWORD low,
                                               SIZE_T size, LPVOID address, DWORD node)
{
    return refuses()
               ? NULL
               : ORIGINAL(MapViewOfFileExNuma)(mapping, access, high, low, size, address, node);
}

static HANDLE WINAPI short_HeapCreate(DWORD options, SIZE_T initial, SIZE_T maximum)
{
    return refuses() ? NULL : ORIGINAL(HeapCreate)(options, initial, maximum);
}

static LPVOID WINAPI short_HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size)
{
    shortage.last_flags = flags;
    return refuses() ? NULL : ORIGINAL(HeapAlloc)(heap, flags, size);
}

static LPVOID WINAPI short_HeapReAlloc(HANDLE heap, DWORD flags, LPVOID memory, SIZE_T size)
{
    shortage.last_flags = flags;
    return refuses() ? NULL : ORIGINAL(HeapReAlloc)(heap, flags, memory, size);
}

static HLOCAL WINAPI short_LocalAlloc(UINT flags, SIZE_T size)
{
    return refuses() ? NULL : ORIGINAL(LocalAlloc)(flags, size);
}

static HLOCAL WINAPI short_LocalReAlloc(HLOCAL memory, SIZE_T size, UINT flags)
{
    return refuses() ? NULL : ORIGINAL(LocalReAlloc)(memory, size, flags);
}

static HGLOBAL WINAPI short_GlobalAlloc(UINT flags, SIZE_T size)
{
    return refuses() ? NULL : ORIGINAL(GlobalAlloc)(flags, size);
}

static HGLOBAL WINAPI short_GlobalReAlloc(HGLOBAL memory, SIZE_T size, UINT flags)
{
    return refuses() ? NULL : ORIGINAL(GlobalReAlloc)(memory, size, flags);
}

static BOOL WINAPI short_VirtualProtect(LPVOID address, SIZE_T size, DWORD protect, PDWORD old)
{
    return !refuses() && ORIGINAL(VirtualProtect)(address, size, protect, old);
}

/* ------------------------------------------------------------------------------------------------
 * What a module asks for
 * --------------------------------------------------------------------------------------------- */

/* What the requests need; it is made before Win32 refuses. */
static struct {
    HANDLE mapping;
    HANDLE win32_heap; /* with a maximum: the hooks leave it to Win32 */
    void *win32_block;
    HLOCAL moveable;
    HGLOBAL global;
} things;

static void make_things(const struct looker *looker)
{
    things.mapping =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, MAPPING_SIZE, NULL);
    things.win32_heap = LOOKED_UP(looker, HeapCreate)(0, 0, 64 * GRANULE);
    things.win32_block = LOOKED_UP(looker, HeapAlloc)(things.win32_heap, 0, 100);
    things.moveable = LOOKED_UP(looker, LocalAlloc)(LMEM_MOVEABLE, 100);
    things.global = LOOKED_UP(looker, GlobalAlloc)(GMEM_MOVEABLE, 100);
    assert_true(things.mapping && things.win32_heap && things.win32_block && things.moveable &&
                things.global);
}

static void end_things(const struct looker *looker)
{
    LocalFree(things.moveable);
    GlobalFree(things.global);
    assert_true(LOOKED_UP(looker, HeapDestroy)(things.win32_heap));
    CloseHandle(things.mapping);
}

static bool unmap(const struct looker *looker, void *view)
{
    return view && LOOKED_UP(looker, UnmapViewOfFile)(view);
}

static bool map(const struct looker *looker)
{
    return unmap(looker, LOOKED_UP(looker, MapViewOfFile)(things.mapping, FILE_MAP_READ, 0, 0,
                                                          MAPPING_SIZE));
}

static bool map_ex(const struct looker *looker)
{
    return unmap(looker, LOOKED_UP(looker, MapViewOfFileEx)(things.mapping, FILE_MAP_READ, 0, 0,
                                                            MAPPING_SIZE, NULL));
}

static bool map_ex_numa(const struct looker *looker)
{
    return unmap(looker, LOOKED_UP(looker, MapViewOfFileExNuma)(things.mapping, FILE_MAP_READ, 0, 0,
                                                                MAPPING_SIZE, NULL,
                                                                NUMA_NO_PREFERRED_NODE));
}

static bool create_heap(const struct looker *looker)
{
    HANDLE heap = LOOKED_UP(looker, HeapCreate)(0, 0, 0);

    return heap && LOOKED_UP(looker, HeapDestroy)(heap);
}

static bool alloc_in_heap(const struct looker *looker)
{
    void *block = LOOKED_UP(looker, HeapAlloc)(things.win32_heap, 0, 100);

    return block && LOOKED_UP(looker, HeapFree)(things.win32_heap, 0, block);
}

static bool realloc_in_heap(const struct looker *looker)
{
    void *block = LOOKED_UP(looker, HeapReAlloc)(things.win32_heap, 0, things.win32_block, 5000);

    return block && (things.win32_block = block);
}

static bool alloc_local(const struct looker *looker)
{
    HLOCAL memory = LOOKED_UP(looker, LocalAlloc)(LMEM_MOVEABLE, 100);

    return memory && !LocalFree(memory);
}

static bool realloc_local(const struct looker *looker)
{
    HLOCAL memory = LOOKED_UP(looker, LocalReAlloc)(things.moveable, 5000, LMEM_MOVEABLE);

    return memory && (things.moveable = memory);
}

static bool alloc_global(const struct looker *looker)
{
    HGLOBAL memory = LOOKED_UP(looker, GlobalAlloc)(GMEM_MOVEABLE, 100);

    return memory && !GlobalFree(memory);
}

static bool realloc_global(const struct looker *looker)
{
    HGLOBAL memory = LOOKED_UP(looker, GlobalReAlloc)(things.global, 5000, GMEM_MOVEABLE);

    return memory && (things.global = memory);
}

static bool protect_view(const struct looker *looker)
{
    void *view = LOOKED_UP(looker, MapViewOfFile)(things.mapping, FILE_MAP_COPY, 0, 0, 0);
    DWORD old;
    bool done = LOOKED_UP(looker, VirtualProtect)(view, PAGE, PAGE_WRITECOPY, &old);
    DWORD error = GetLastError();

    unmap(looker, view);
    SetLastError(error);
    return done;
}

#define REFUSED_BY_SHORTAGE(function) #function, (void *)(uintptr_t)short_##function

static const struct request {
    const char *replaced;
    void *replacement;
    bool (*ask)(const struct looker *looker); /* undoes it, and leaves the last error */
    bool is_heap;                             /* Win32's heaps tell no reason */
} requests[] = {
    {REFUSED_BY_SHORTAGE(MapViewOfFileEx), map, false},
    {REFUSED_BY_SHORTAGE(MapViewOfFileEx), map_ex, false},
    {REFUSED_BY_SHORTAGE(MapViewOfFileExNuma), map_ex_numa, false},
    {REFUSED_BY_SHORTAGE(HeapCreate), create_heap, false},
    {REFUSED_BY_SHORTAGE(HeapAlloc), alloc_in_heap, true},
    {REFUSED_BY_SHORTAGE(HeapReAlloc), realloc_in_heap, true},
    {REFUSED_BY_SHORTAGE(LocalAlloc), alloc_local, false},
    {REFUSED_BY_SHORTAGE(LocalReAlloc), realloc_local, false},
    {REFUSED_BY_SHORTAGE(GlobalAlloc), alloc_global, false},
    {REFUSED_BY_SHORTAGE(GlobalReAlloc), realloc_global, false},
    {REFUSED_BY_SHORTAGE(VirtualProtect), protect_view, false},
};

/* ------------------------------------------------------------------------------------------------
 * Asking
 * --------------------------------------------------------------------------------------------- */

/* An empty slab, held without use. */
static void hold_something(IHostMalloc *heap)
{
    free_block(heap, heap_block(heap, 100));
    shortage.committed = statistics_of(shortage.subject).Committed.Now;
}

/* Asks while Win32 refuses so. The last error is the request's; before it, it was UNTOUCHED. */
static bool ask(const struct looker *looker, const struct request *request, enum shortage_kind kind,
                DWORD error)
{
    bool done;

    replace_import(&shortage.replaced, request->replaced, request->replacement);
    shortage.kind = kind;
    shortage.error = error;
    shortage.refused = 0;
    SetLastError(UNTOUCHED);
    done = request->ask(looker);
    error = GetLastError();
    shortage.kind = NEVER;
    put_import_back(&shortage.replaced);
    SetLastError(error);
    return done;
}

typedef void request_test(const struct looker *looker, const struct request *request);

static void for_each_request(const struct looker *looker, request_test *test)
{
    IHostMalloc *heap = subject_heap(&looker->subject);

    shortage.subject = &looker->subject;
    make_things(looker);
    for (unsigned i = 0; i < COUNT_OF(requests); i++) {
        hold_something(heap);
        test(looker, &requests[i]);
    }
    end_things(looker);
    IHostMalloc_Release(heap);
}

/* Windows' errors for a want of memory, address space or page file. */
static const DWORD wants[] = {ERROR_NOT_ENOUGH_MEMORY,   ERROR_OUTOFMEMORY,
                              ERROR_NO_SYSTEM_RESOURCES, ERROR_WORKING_SET_QUOTA,
                              ERROR_COMMITMENT_LIMIT,    ERROR_PAGEFILE_QUOTA,
                              ERROR_NOT_ENOUGH_QUOTA};

static void succeeds_after_each_want(const struct looker *looker, const struct request *request)
{
    IHostMalloc *heap = subject_heap(&looker->subject);

    for (unsigned i = 0; i < COUNT_OF(wants); i++) {
        hold_something(heap);
        assert_figure_of(request->replaced, ask(looker, request, WHILE_HELD, wants[i]), true);
        assert_last_error(UNTOUCHED);
        assert_figure_of(request->replaced, shortage.refused, 1);
    }
    IHostMalloc_Release(heap);
}

static void what_is_held_without_use_is_given_back_before_win32_refuses(void **state)
{
    for_each_request(*state, succeeds_after_each_want);
}

static void fails_as_win32(const struct looker *looker, const struct request *request)
{
    assert_figure_of(request->replaced, ask(looker, request, FOR_EVER, ERROR_COMMITMENT_LIMIT),
                     false);
    assert_last_error(ERROR_COMMITMENT_LIMIT);
    assert_figure_of(request->replaced, shortage.refused, 2);
    assert_figure_of(request->replaced, is_held(), false);
}

static void if_that_does_not_help_win32_s_refusal_stands(void **state)
{
    for_each_request(*state, fails_as_win32);
}

static void fails_at_once(const struct looker *looker, const struct request *request)
{
    if (request->is_heap)
        return;
    assert_figure_of(request->replaced, ask(looker, request, FOR_EVER, ERROR_ACCESS_DENIED), false);
    assert_last_error(ERROR_ACCESS_DENIED);
    assert_figure_of(request->replaced, shortage.refused, 1);
    assert_figure_of(request->replaced, is_held(), true);
}

static void what_win32_refuses_for_another_reason_gives_nothing_back(void **state)
{
    for_each_request(*state, fails_at_once);
}

/* ------------------------------------------------------------------------------------------------
 * Further ways to ask
 * --------------------------------------------------------------------------------------------- */

static bool alloc_or_raise(const struct looker *looker)
{
    return LOOKED_UP(looker, HeapAlloc)(things.win32_heap, HEAP_GENERATE_EXCEPTIONS, 100) != NULL;
}

static bool realloc_or_raise(const struct looker *looker)
{
    return LOOKED_UP(looker, HeapReAlloc)(things.win32_heap, HEAP_GENERATE_EXCEPTIONS,
                                          things.win32_block, 9000) != NULL;
}

/* Win32 is told to raise an exception only by the last call, after which nothing comes. */
static void an_exception_of_win32_s_heap_comes_last(void **state)
{
    static const struct request raising[] = {
        {REFUSED_BY_SHORTAGE(HeapAlloc), alloc_or_raise, true},
        {REFUSED_BY_SHORTAGE(HeapReAlloc), realloc_or_raise, true},
    };
    const struct looker *looker = *state;
    IHostMalloc *heap = subject_heap(&looker->subject);

    shortage.subject = &looker->subject;
    make_things(looker);
    for (unsigned i = 0; i < COUNT_OF(raising); i++) {
        hold_something(heap);
        assert_false(ask(looker, &raising[i], FOR_EVER, ERROR_NOT_ENOUGH_MEMORY));
        assert_figure(shortage.refused, 3);
        assert_figure(shortage.last_flags, HEAP_GENERATE_EXCEPTIONS);
        assert_false(is_held());
    }
    end_things(looker);
    IHostMalloc_Release(heap);
}

static bool realloc_in_place(const struct looker *looker)
{
    return LOOKED_UP(looker, HeapReAlloc)(things.win32_heap, HEAP_REALLOC_IN_PLACE_ONLY,
                                          things.win32_block, 9000) != NULL;
}

static void a_block_that_may_not_move_is_no_want_of_memory(void **state)
{
    static const struct request in_place = {REFUSED_BY_SHORTAGE(HeapReAlloc), realloc_in_place,
                                            true};
    const struct looker *looker = *state;
    IHostMalloc *heap = subject_heap(&looker->subject);

    shortage.subject = &looker->subject;
    make_things(looker);
    hold_something(heap);
    assert_false(ask(looker, &in_place, FOR_EVER, ERROR_NOT_ENOUGH_MEMORY));
    assert_figure(shortage.refused, 1);
    assert_true(is_held());
    end_things(looker);
    IHostMalloc_Release(heap);
}

typedef LPVOID WINAPI alloc2_t(HANDLE process, LPVOID address, SIZE_T size, ULONG type,
                               ULONG protect, MEM_EXTENDED_PARAMETER *parameters, ULONG count);

/* With an alignment: such requests pass to Win32, through no import that could be replaced. */
static void VirtualAlloc2_that_passes_to_win32_gives_back_first(void **state)
{
    const struct looker *looker = *state;
    alloc2_t *alloc2 = (alloc2_t *)look_up(looker, "VirtualAlloc2");
    MEM_ADDRESS_REQUIREMENTS aligned = {.Alignment = 16 * GRANULE};
    MEM_EXTENDED_PARAMETER parameter = {.Pointer = &aligned};
    IHostMalloc *heap;

    if (!alloc2) {
        print_message("this system has no VirtualAlloc2\n");
        skip();
    }
    parameter.Type = 1; /* MemExtendedParameterAddressRequirements */
    shortage.subject = &looker->subject;
    heap = subject_heap(&looker->subject);
    hold_something(heap);
    assert_null(alloc2(NULL, NULL, MORE_THAN_THERE_IS, MEM_RESERVE, PAGE_NOACCESS, &parameter, 1));
    assert_last_error(ERROR_NOT_ENOUGH_MEMORY);
    assert_false(is_held());
    IHostMalloc_Release(heap);
}

/* ------------------------------------------------------------------------------------------------
 * Bookkeeping
 * --------------------------------------------------------------------------------------------- */

static HRESULT make_heap(const struct looker *looker)
{
    IHostMalloc *heap; /* kept, so that each needs a record of its own */

    return IHostMemoryManager_CreateMalloc(looker->subject.manager, 0, &heap);
}

static HRESULT make_host_control(const struct looker *looker)
{
    IHostControl *control;

    return HostMemCreateHostControl(looker->subject.manager, NULL, &control);
}

static HRESULT acquire_range(const struct looker *looker)
{
    static char *address = (char *)0x10000000;

    return IHostMemoryManager_AcquiredVirtualAddressSpace(looker->subject.manager,
                                                          address += GRANULE, PAGE);
}

static HRESULT register_another(const struct looker *looker)
{
    static struct callback callbacks[4000];
    static unsigned count;

    callbacks[count] = make_callback();
    return register_callback(&looker->subject, &callbacks[count++]);
}

static HRESULT redirect_another(const struct looker *looker)
{
    HMODULE module = LoadLibraryW(L"redirect_target.dll");
    HOSTMEM_REDIRECTION *redirection;
    HRESULT hr = HostMemRedirectModule(looker->subject.manager, module, 0, &redirection);

    if (hr == S_OK)
        hr = HostMemRemoveRedirection(redirection);
    FreeLibrary(module);
    return hr;
}

static const struct {
    const char *name;
    HRESULT (*make)(const struct looker *looker);
} makers[] = {
    {"CreateMalloc", make_heap},
    {"HostMemCreateHostControl", make_host_control},
    {"AcquiredVirtualAddressSpace", acquire_range},
    {"RegisterMemoryNotificationCallback", register_another},
    {"HostMemRedirectModule", redirect_another},
};

/* Each is made again and again, until a request for bookkeeping memory has failed. */
static void what_is_held_is_given_back_before_bookkeeping_is_refused(void **state)
{
    const struct looker *looker = *state;
    IHostMalloc *heap = subject_heap(&looker->subject);

    shortage.subject = &looker->subject;
    for (unsigned i = 0; i < COUNT_OF(makers); i++) {
        unsigned made = 0;

        hold_something(heap);
        os_fault_at(OS_FAULT_METADATA, 1);
        while (!os_fault_requests(OS_FAULT_METADATA) && made++ < 4000)
            assert_hresult_of(makers[i].name, makers[i].make(looker), S_OK);
        assert_figure_of(makers[i].name, os_fault_requests(OS_FAULT_METADATA) > 0, true);
        assert_figure_of(makers[i].name, is_held(), false);
    }
    os_fault_at(OS_FAULT_METADATA, 0);
    IHostMalloc_Release(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        looker_promise_all(what_is_held_without_use_is_given_back_before_win32_refuses),
        looker_promise_all(if_that_does_not_help_win32_s_refusal_stands),
        looker_promise_all(what_win32_refuses_for_another_reason_gives_nothing_back),
        looker_promise_all(an_exception_of_win32_s_heap_comes_last),
        looker_promise_all(a_block_that_may_not_move_is_no_want_of_memory),
        looker_promise_all(VirtualAlloc2_that_passes_to_win32_gives_back_first),
        looker_promise_all(what_is_held_is_given_back_before_bookkeeping_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
