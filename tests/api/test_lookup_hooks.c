/*
 * test_lookup_hooks.c: a module whose look-ups by GetProcAddress reach a manager
 * (src/redirect/hooks/lookup_hooks.c): what it gets for its flags, and that what it got stays good
 * after the redirection (src/redirect/binding.c).
 */
#include "looked_up.h"

#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)

/* The flags under which a function is redirected; the module has them all in turn. */
enum rule {
    ALWAYS,
    WITH_HEAP,
    WITHOUT_NO_STATUS,
    WITH_FOLLOW,
    WITH_ENDINGS
};

static const struct {
    enum rule rule;
    const char *function;
} functions[] = {
    {ALWAYS, "GetProcAddress"},
    {ALWAYS, "VirtualAlloc"},
    {ALWAYS, "VirtualAllocEx"},
    {ALWAYS, "VirtualAllocExNuma"},
    {ALWAYS, "VirtualFree"},
    {ALWAYS, "VirtualFreeEx"},
    {ALWAYS, "VirtualQuery"},
    {ALWAYS, "VirtualProtect"},
    {ALWAYS, "MapViewOfFile"},
    {ALWAYS, "MapViewOfFileEx"},
    {ALWAYS, "MapViewOfFileExNuma"},
    {ALWAYS, "UnmapViewOfFile"},
    {ALWAYS, "UnmapViewOfFileEx"},
    {ALWAYS, "VirtualAlloc2"},
    {ALWAYS, "VirtualAllocFromApp"},
    {ALWAYS, "MapViewOfFile3"},
    {ALWAYS, "MapViewOfFileFromApp"},
    {ALWAYS, "UnmapViewOfFile2"},
    {WITH_HEAP, "HeapAlloc"},
    {WITH_HEAP, "HeapReAlloc"},
    {WITH_HEAP, "HeapFree"},
    {WITH_HEAP, "HeapSize"},
    {WITH_HEAP, "HeapValidate"},
    {WITH_HEAP, "HeapCreate"},
    {WITH_HEAP, "HeapDestroy"},
    {WITH_HEAP, "LocalAlloc"},
    {WITH_HEAP, "LocalReAlloc"},
    {WITH_HEAP, "LocalFree"},
    {WITH_HEAP, "LocalSize"},
    {WITH_HEAP, "LocalLock"},
    {WITH_HEAP, "LocalUnlock"},
    {WITH_HEAP, "LocalHandle"},
    {WITH_HEAP, "LocalFlags"},
    {WITH_HEAP, "GlobalAlloc"},
    {WITH_HEAP, "GlobalReAlloc"},
    {WITH_HEAP, "GlobalFree"},
    {WITH_HEAP, "GlobalSize"},
    {WITH_HEAP, "GlobalLock"},
    {WITH_HEAP, "GlobalUnlock"},
    {WITH_HEAP, "GlobalHandle"},
    {WITH_HEAP, "GlobalFlags"},
    {WITHOUT_NO_STATUS, "GlobalMemoryStatusEx"},
    {WITHOUT_NO_STATUS, "CreateMemoryResourceNotification"},
    {WITHOUT_NO_STATUS, "QueryMemoryResourceNotification"},
    {WITH_FOLLOW, "LoadLibraryA"},
    {WITH_FOLLOW, "LoadLibraryW"},
    {WITH_FOLLOW, "LoadLibraryExA"},
    {WITH_FOLLOW, "LoadLibraryExW"},
    {WITH_ENDINGS, "ExitProcess"},
    {WITH_ENDINGS, "TerminateProcess"},
    {WITH_ENDINGS, "RaiseFailFastException"},
    {WITH_ENDINGS, "SetUnhandledExceptionFilter"},
};

static bool is_redirected(enum rule rule, DWORD flags)
{
    switch (rule) {
    case WITH_HEAP:
        return flags & HOSTMEM_REDIRECT_HEAP;
    case WITHOUT_NO_STATUS:
        return !(flags & HOSTMEM_REDIRECT_NO_STATUS);
    case WITH_FOLLOW:
        return flags & HOSTMEM_REDIRECT_FOLLOW;
    case WITH_ENDINGS:
        return flags & HOSTMEM_REDIRECT_ENDINGS;
    default:
        return true;
    }
}

/* The module that a function lies in. */
static HMODULE holder_at(const void *address)
{
    HMODULE holder = NULL;

    assert_true(GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                       GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                                   (LPCWSTR)address, &holder));
    return holder;
}

static HMODULE holder_of(any_function *function)
{
    return holder_at((const void *)(uintptr_t)function);
}

static HMODULE hostmem(const struct looker *looker)
{
    return holder_at(looker->subject.manager->lpVtbl);
}

static any_function *look_up_in(const struct looker *looker, HMODULE module, const char *function)
{
    return (any_function *)looker->calls->look_up(module, function);
}

/* ------------------------------------------------------------------------------------------------
 * What the module gets
 * --------------------------------------------------------------------------------------------- */

static void a_module_that_imports_nothing_else_is_redirected(void **state)
{
    struct looker *looker = *state;
    HOSTMEM_REDIRECTION *again;
    void *redirected = *looker->calls->look_up_entry;

    looker_end(looker);
    assert_true(*looker->calls->look_up_entry != redirected);
    looker_begin(looker);
    assert_address(*looker->calls->look_up_entry, redirected);
    assert_hresult(HostMemRedirectModule(looker->subject.manager, looker->module, 0, &again),
                   S_FALSE);
}

/* For each library that exports the function, and each set of flags. */
static void the_flags_decide_what_is_looked_up(void **state)
{
    struct looker *looker = *state;
    const HMODULE libraries[] = {GetModuleHandleW(L"kernel32.dll"),
                                 GetModuleHandleW(L"kernelbase.dll")};
    unsigned looked_up = 0;

    for (DWORD flags = 0; flags < 16; flags++) {
        looker_end(looker);
        looker->flags = flags;
        looker_begin(looker);
        for (size_t i = 0; i < 2 * COUNT_OF(functions); i++) {
            const char *name = functions[i / 2].function;
            any_function *given = look_up_in(looker, libraries[i % 2], name);
            any_function *real = (any_function *)GetProcAddress(libraries[i % 2], name);

            if (!real) {
                assert_true(given == NULL);
                continue;
            }
            assert_figure_of(name, holder_of(given) == hostmem(looker),
                             is_redirected(functions[i / 2].rule, flags));
            if (!is_redirected(functions[i / 2].rule, flags))
                assert_true(given == real);
            looked_up++;
        }
    }
    assert_between(looked_up, 16 * COUNT_OF(functions), 16 * 2 * COUNT_OF(functions));
}

static const IMAGE_EXPORT_DIRECTORY *exports_of(const char *base)
{
    const IMAGE_NT_HEADERS *nt =
        (const void *)(base + ((const IMAGE_DOS_HEADER *)(const void *)base)->e_lfanew);

    return (const void *)(base + nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT]
                                     .VirtualAddress);
}

/* The ordinal that a module exports a name by; 0: it does not. */
static WORD ordinal_of(HMODULE module, const char *name)
{
    const char *base = (const char *)module;
    const IMAGE_EXPORT_DIRECTORY *exports = exports_of(base);
    const DWORD *names = (const void *)(base + exports->AddressOfNames);
    const WORD *ordinals = (const void *)(base + exports->AddressOfNameOrdinals);

    for (DWORD i = 0; i < exports->NumberOfNames; i++) {
        if (strcmp(base + names[i], name) == 0)
            return (WORD)(ordinals[i] + exports->Base);
    }
    return 0;
}

static void an_ordinal_is_as_good_as_a_name(void **state)
{
    const struct looker *looker = *state;
    HMODULE kernel32 = GetModuleHandleW(L"kernel32.dll");

    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        const char *name = functions[i].function;
        WORD ordinal = ordinal_of(kernel32, name);

        if (ordinal)
            assert_true(look_up_in(looker, kernel32, (LPCSTR)(uintptr_t)ordinal) ==
                        look_up_in(looker, kernel32, name));
    }
    assert_true(ordinal_of(kernel32, "VirtualAlloc") != 0);
}

static void functions_of_others_are_left_alone(void **state)
{
    const struct looker *looker = *state;
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    static const char *const native[] = {"RtlCreateHeap", "RtlWalkHeap", "NtAllocateVirtualMemory",
                                         "RtlExitUserProcess"};

    assert_true(holder_of(look_up_in(looker, looker->module, "VirtualAlloc")) == looker->module);
    assert_true(look_up(looker, "GetTickCount") == win32("GetTickCount"));
    for (size_t i = 0; i < COUNT_OF(native); i++)
        assert_true(look_up_in(looker, ntdll, native[i]) ==
                    (any_function *)GetProcAddress(ntdll, native[i]));
    assert_true(holder_of(look_up_in(looker, ntdll, "NtTerminateProcess")) == hostmem(looker));
}

static void what_is_not_there_is_not_found_as_in_win32(void **state)
{
    const struct looker *looker = *state;
    HMODULE kernel32 = GetModuleHandleW(L"kernel32.dll");
    DWORD ours;

    SetLastError(UNTOUCHED);
    assert_true(look_up_in(looker, kernel32, "NoSuchFunction") == NULL);
    ours = GetLastError();
    SetLastError(UNTOUCHED);
    assert_true(GetProcAddress(kernel32, "NoSuchFunction") == NULL);
    assert_figure(ours, GetLastError());
    SetLastError(UNTOUCHED);
    assert_true(look_up_in(looker, kernel32, "VirtualAlloc") != NULL);
    assert_last_error(UNTOUCHED);
}

/* As a program's platform invocation of GetProcAddress does. */
static void GetProcAddress_that_was_looked_up_looks_up_likewise(void **state)
{
    const struct looker *looker = *state;
    look_up_t *found = (look_up_t *)look_up(looker, "GetProcAddress");

    assert_true((any_function *)found(GetModuleHandleW(L"kernel32.dll"), "LocalAlloc") ==
                look_up(looker, "LocalAlloc"));
}

static void memory_by_looked_up_functions_is_in_the_books(void **state)
{
    const struct looker *looker = *state;
    const struct subject *subject = &looker->subject;
    void *memory = LOOKED_UP(looker, VirtualAlloc)(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    void *block = LOOKED_UP(looker, HeapAlloc)(GetProcessHeap(), 0, 100);
    HOSTMEM_BLOCK found;

    assert_non_null(memory);
    assert_figure(statistics_of(subject).Methods[HostMemVirtualAlloc].Calls, 1);
    assert_hresult(IHostMemInspection_FindBlock(subject->inspection, block, &found), S_OK);
    assert_true(LOOKED_UP(looker, HeapFree)(GetProcessHeap(), 0, block));
    assert_true(LOOKED_UP(looker, VirtualFree)(memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(subject).Blocks.Now, 0);
    assert_figure(statistics_of(subject).PassedFrees, 0);
}

/* ntdll's names for the functions of heaps, to which others pass Win32's blocks. */
static void ntdlls_functions_of_heaps_take_the_managers_blocks(void **state)
{
    const struct looker *looker = *state;
    const struct subject *subject = &looker->subject;
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    __typeof__(HeapReAlloc) *resize =
        (__typeof__(HeapReAlloc) *)look_up_in(looker, ntdll, "RtlReAllocateHeap");
    __typeof__(HeapSize) *size = (__typeof__(HeapSize) *)look_up_in(looker, ntdll, "RtlSizeHeap");
    BOOLEAN(WINAPI * release)
    (HANDLE, DWORD, void *) =
        (BOOLEAN(WINAPI *)(HANDLE, DWORD, void *))look_up_in(looker, ntdll, "RtlFreeHeap");
    BOOLEAN(WINAPI * validate)
    (HANDLE, DWORD, const void *) = (BOOLEAN(WINAPI *)(HANDLE, DWORD, const void *))look_up_in(
        looker, ntdll, "RtlValidateHeap");
    HANDLE(WINAPI * destroy)
    (HANDLE) = (HANDLE(WINAPI *)(HANDLE))look_up_in(looker, ntdll, "RtlDestroyHeap");
    HANDLE heap = LOOKED_UP(looker, HeapCreate)(0, 0, 0);
    void *block = LOOKED_UP(looker, HeapAlloc)(heap, 0, 100);
    HOSTMEM_BLOCK found;

    block = resize(heap, 0, block, 200);
    assert_hresult(IHostMemInspection_FindBlock(subject->inspection, block, &found), S_OK);
    assert_figure(size(heap, 0, block), 200);
    assert_true(validate(heap, 0, block));
    assert_true(release(heap, 0, block));
    assert_figure(statistics_of(subject).Blocks.Now, 0);
    assert_figure(statistics_of(subject).PassedHeapCalls, 0);
    block = HeapAlloc(heap, 0, 100);
    assert_true(release(heap, 0, block));
    assert_figure(statistics_of(subject).PassedFrees, 1);
    assert_non_null(LOOKED_UP(looker, HeapAlloc)(heap, 0, 100));
    assert_null(destroy(heap));
    assert_figure(statistics_of(subject).Blocks.Now, 0);
    assert_figure(statistics_of(subject).LeakedBlocks, 0);
}

/* It may be given to a function of ntdll's that has no hook, such as RtlFreeUnicodeString. */
static void a_block_of_RtlAllocateHeap_stays_ntdlls(void **state)
{
    const struct looker *looker = *state;
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    __typeof__(HeapAlloc) *alloc =
        (__typeof__(HeapAlloc) *)look_up_in(looker, ntdll, "RtlAllocateHeap");
    void *block = alloc(GetProcessHeap(), 0, 100);

    assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
    assert_figure(statistics_of(&looker->subject).PassedHeapCalls, 1);
    assert_figure(statistics_of(&looker->subject).PassedHeapBytes, 100);
    assert_figure(HeapSize(GetProcessHeap(), 0, block), 100);
    assert_true(HeapFree(GetProcessHeap(), 0, block));
}

/* What goes with them is ntdll's to keep: HEAP_SETTABLE_USER_VALUE and the user flags. */
static void a_block_with_flags_or_a_value_of_the_callers_is_left_to_win32(void **state)
{
    const struct looker *looker = *state;

    for (DWORD flag = 0x100; flag <= 0x800; flag *= 2) {
        void *block = LOOKED_UP(looker, HeapAlloc)(GetProcessHeap(), flag, 100);

        assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
        assert_true(HeapFree(GetProcessHeap(), 0, block));
    }
    assert_figure(statistics_of(&looker->subject).PassedHeapCalls, 4);
}

static void GlobalMemoryStatusEx_that_was_looked_up_tells_the_limit(void **state)
{
    struct looker *looker = *state;
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = 64 << 20}};
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = &limits};
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};

    looker_restart(looker, &options);
    assert_true(LOOKED_UP(looker, GlobalMemoryStatusEx)(&status));
    assert_figure(status.ullTotalPhys, 64 << 20);
}

/* ------------------------------------------------------------------------------------------------
 * Twice
 * --------------------------------------------------------------------------------------------- */

static void assert_looks_up(const struct looker *looker, bool pages, bool status, bool heap)
{
    assert_figure(look_up(looker, "VirtualAlloc") != win32("VirtualAlloc"), pages);
    assert_figure(look_up(looker, "GlobalMemoryStatusEx") != win32("GlobalMemoryStatusEx"), status);
    assert_figure(look_up(looker, "LocalAlloc") != win32("LocalAlloc"), heap);
}

/* In either order of removal the entry is Win32's again at the end. */
static void two_redirections_look_up_what_either_redirects(void **state)
{
    struct looker *looker = *state;
    void *win32_s;

    looker_end(looker);
    win32_s = *looker->calls->look_up_entry;
    for (int order = 0; order < 2; order++) {
        HOSTMEM_REDIRECTION *with_heap, *first, *second;

        looker_begin(looker);
        assert_looks_up(looker, true, true, false);
        assert_hresult(HostMemRedirectModule(looker->subject.manager, looker->module,
                                             HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_NO_STATUS,
                                             &with_heap),
                       S_OK);
        assert_looks_up(looker, true, true, true);
        first = order ? with_heap : looker->redirection;
        second = order ? looker->redirection : with_heap;
        assert_hresult(HostMemRemoveRedirection(first), S_OK);
        assert_looks_up(looker, true, true, order == 0);
        assert_hresult(HostMemRemoveRedirection(second), S_OK);
        assert_address(*looker->calls->look_up_entry, win32_s);
        assert_looks_up(looker, false, false, false);
    }
    looker_begin(looker);
}

static FARPROC WINAPI look_up_of_someone_else(HMODULE module, LPCSTR name)
{
    return GetProcAddress(module, name);
}

static void an_entry_that_someone_else_rewrote_is_redirected_already(void **state)
{
    struct looker *looker = *state;
    void *volatile *entry = looker->calls->look_up_entry;
    void *theirs = (void *)(uintptr_t)look_up_of_someone_else, *ours = *entry;
    HOSTMEM_REDIRECTION *again;
    DWORD protect;

    assert_true(VirtualProtect((void *)(uintptr_t)entry, sizeof(*entry), PAGE_READWRITE, &protect));
    *entry = theirs;
    assert_hresult(
        HostMemRedirectModule(looker->subject.manager, looker->module, looker->flags, &again),
        S_FALSE);
    assert_address(*entry, theirs);
    *entry = ours;
    assert_true(VirtualProtect((void *)(uintptr_t)entry, sizeof(*entry), protect, &protect));
}

/* ------------------------------------------------------------------------------------------------
 * After the redirection
 * --------------------------------------------------------------------------------------------- */

static void a_look_up_after_removal_finds_win32_s(void **state)
{
    struct looker *looker = *state;
    look_up_t *kept = (look_up_t *)look_up(looker, "GetProcAddress");

    looker_end(looker);
    assert_true((any_function *)kept(GetModuleHandleW(L"kernel32.dll"), "VirtualAlloc") ==
                win32("VirtualAlloc"));
}

static void new_requests_after_removal_are_win32_s(void **state)
{
    struct looker *looker = *state;
    __typeof__(VirtualAlloc) *alloc = LOOKED_UP(looker, VirtualAlloc);
    __typeof__(VirtualFree) *free_pages = LOOKED_UP(looker, VirtualFree);
    __typeof__(LocalAlloc) *local_alloc = LOOKED_UP(looker, LocalAlloc);
    void *memory, *block;

    looker_end(looker);
    memory = alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    block = local_alloc(LMEM_FIXED, 100);
    assert_non_null(memory);
    assert_true(HeapValidate(GetProcessHeap(), 0, block));
    assert_figure(statistics_of(&looker->subject).Regions.Peak, 0);
    assert_figure(statistics_of(&looker->subject).Blocks.Peak, 0);
    assert_true(free_pages(memory, 0, MEM_RELEASE));
    assert_null(LocalFree(block));
}

static void pages_held_at_removal_can_be_committed_and_freed(void **state)
{
    struct looker *looker = *state;
    const struct subject *subject = &looker->subject;
    __typeof__(VirtualAlloc) *alloc = LOOKED_UP(looker, VirtualAlloc);
    __typeof__(VirtualFree) *free_pages = LOOKED_UP(looker, VirtualFree);
    char *memory = alloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    looker_end(looker);
    assert_address(alloc(memory, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE), memory);
    assert_figure(statistics_of(subject).Committed.Now, 2 * PAGE);
    assert_true(free_pages(memory, PAGE, MEM_DECOMMIT));
    assert_figure(statistics_of(subject).Committed.Now, PAGE);
    assert_false(free_pages(memory + PAGE, 0, MEM_RELEASE));
    assert_true(free_pages(memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(subject).Regions.Now, 0);
    assert_figure(memory_state(memory), MEM_FREE);
}

static void a_view_held_at_removal_can_be_unmapped(void **state)
{
    struct looker *looker = *state;
    HANDLE mapping =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRANULE, NULL);
    __typeof__(UnmapViewOfFile) *unmap = LOOKED_UP(looker, UnmapViewOfFile);
    void *view = LOOKED_UP(looker, MapViewOfFile)(mapping, FILE_MAP_READ, 0, 0, 0);

    assert_figure(statistics_of(&looker->subject).MappedRanges.Now, 1);
    looker_end(looker);
    assert_true(unmap(view));
    assert_figure(statistics_of(&looker->subject).MappedRanges.Now, 0);
    CloseHandle(mapping);
}

static void blocks_held_at_removal_can_be_resized_and_freed(void **state)
{
    struct looker *looker = *state;
    __typeof__(HeapFree) *heap_free = LOOKED_UP(looker, HeapFree);
    __typeof__(HeapReAlloc) *heap_realloc = LOOKED_UP(looker, HeapReAlloc);
    __typeof__(HeapSize) *heap_size = LOOKED_UP(looker, HeapSize);
    __typeof__(HeapDestroy) *heap_destroy = LOOKED_UP(looker, HeapDestroy);
    __typeof__(LocalFree) *local_free = LOOKED_UP(looker, LocalFree);
    HANDLE heap = LOOKED_UP(looker, HeapCreate)(0, 0, 0);
    void *local = LOOKED_UP(looker, LocalAlloc)(LMEM_FIXED, 100);
    char *block = LOOKED_UP(looker, HeapAlloc)(GetProcessHeap(), 0, 100000);

    assert_non_null(LOOKED_UP(looker, HeapAlloc)(heap, 0, 50));
    memset(block, 0x5a, 100000);
    looker_end(looker);
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 3);
    block = heap_realloc(GetProcessHeap(), 0, block, 200000);
    assert_non_null(block);
    assert_figure(block[99999], 0x5a);
    assert_figure(heap_size(GetProcessHeap(), 0, block), 200000);
    assert_true(heap_free(GetProcessHeap(), 0, block));
    assert_false(heap_free(GetProcessHeap(), 0, block));
    assert_null(local_free(local));
    assert_true(heap_destroy(heap));
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
}

/* The host has released the manager: what the module holds keeps it alive. */
static void memory_of_a_manager_that_the_host_has_released_can_be_freed(void **state)
{
    struct looker *looker = *state;
    __typeof__(VirtualFree) *free_pages = LOOKED_UP(looker, VirtualFree);
    __typeof__(LocalFree) *local_free = LOOKED_UP(looker, LocalFree);
    __typeof__(LocalAlloc) *local_alloc = LOOKED_UP(looker, LocalAlloc);
    void *memory = LOOKED_UP(looker, VirtualAlloc)(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    void *block = local_alloc(LMEM_FIXED, 100), *second = local_alloc(LMEM_FIXED, 100), *third;

    looker_restart(looker, NULL); /* to a second manager */
    assert_null(local_free(block));
    third = local_alloc(LMEM_FIXED, 100);
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 1);
    looker_end(looker);
    assert_null(local_free(second));
    assert_true(free_pages(memory, 0, MEM_RELEASE));
    assert_figure(memory_state(memory), MEM_FREE);
    assert_null(local_free(third));
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
    assert_figure(statistics_of(&looker->subject).PassedFrees, 0);
    assert_figure(statistics_of(&looker->subject).RefusedFrees, 0);
}

static void a_manager_that_holds_nothing_at_removal_is_released(void **state)
{
    struct looker *looker = *state;
    ULONG without = references_of(looker->subject.manager) - 2; /* binding, and its heap */
    void *block = LOOKED_UP(looker, LocalAlloc)(LMEM_FIXED, 100);

    assert_null(LOOKED_UP(looker, LocalFree)(block));
    looker_end(looker);
    assert_figure(references_of(looker->subject.manager), without);
}

/* ------------------------------------------------------------------------------------------------
 * While threads are inside
 * --------------------------------------------------------------------------------------------- */

/* What a callback that runs inside of a hook does: it must not assert anything. */
static struct {
    struct looker *looker;
    __typeof__(LocalFree) *free;
    void *block;
    HRESULT removed;
    void *freed;
} inside;

static void CALLBACK remove_and_free(void *context, const HOSTMEM_ENDING *ending)
{
    (void)context;
    (void)ending;
    inside.removed = HostMemRemoveRedirection(inside.looker->redirection);
    inside.freed = inside.free(inside.block);
}

/* Win32 refuses the handle, so that the hook tells of an end that does not come. */
static void a_block_is_known_while_a_hook_keeps_its_manager_from_going(void **state)
{
    struct looker *looker = *state;
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pfnEnding = remove_and_free};
    HANDLE self = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, GetCurrentProcessId());

    looker_restart(looker, &options);
    inside.looker = looker;
    inside.free = LOOKED_UP(looker, LocalFree);
    inside.block = LOOKED_UP(looker, LocalAlloc)(LMEM_FIXED, 100);
    inside.removed = E_FAIL;
    assert_false(LOOKED_UP(looker, TerminateProcess)(self, 1));
    looker->redirection = NULL;
    assert_hresult(inside.removed, S_OK);
    assert_null(inside.freed);
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
    assert_figure(statistics_of(&looker->subject).RefusedFrees, 0);
    looker_begin(looker); /* lets the manager of the first redirection go */
    CloseHandle(self);
}

struct user {
    __typeof__(LocalAlloc) *alloc;
    __typeof__(LocalFree) *free;
    volatile LONG *stop;
    volatile LONG rounds;
    ULONGLONG failures;
};

static DWORD WINAPI use_memory(void *context)
{
    struct user *user = context;
    void *held[8] = {NULL};

    while (!*user->stop) {
        void **slot = &held[user->rounds++ % COUNT_OF(held)];

        user->failures += *slot && user->free(*slot) != NULL;
        *slot = user->alloc(LMEM_FIXED, 200);
        user->failures += !*slot;
    }
    for (size_t i = 0; i < COUNT_OF(held); i++)
        user->failures += held[i] && user->free(held[i]) != NULL;
    return 0;
}

static bool have_all_begun(const struct user *users, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (users[i].rounds < 1000)
            return false;
    }
    return true;
}

/* Of each block somebody knows whose it is, whatever happens to the redirection meanwhile. */
static void redirections_come_and_go_while_threads_use_what_they_looked_up(void **state)
{
    struct looker *looker = *state;
    volatile LONG stop = 0;
    struct user users[3];
    struct threads threads;

    for (size_t i = 0; i < COUNT_OF(users); i++)
        users[i] =
            (struct user){LOOKED_UP(looker, LocalAlloc), LOOKED_UP(looker, LocalFree), &stop, 0, 0};
    threads_start(&threads, COUNT_OF(users), use_memory, users, sizeof(users[0]));
    for (int round = 0; round < 300 || !have_all_begun(users, COUNT_OF(users)); round++) {
        looker_end(looker);
        looker_begin(looker);
    }
    stop = 1;
    threads_join(&threads);
    for (size_t i = 0; i < COUNT_OF(users); i++)
        assert_figure(users[i].failures, 0);
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
    assert_figure(statistics_of(&looker->subject).RefusedFrees, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: nothing has been looked up in this process that a manager must be kept for. */
        looker_promise(a_module_that_imports_nothing_else_is_redirected),
        looker_promise(the_flags_decide_what_is_looked_up),
        looker_promise_all(an_ordinal_is_as_good_as_a_name),
        looker_promise_all(functions_of_others_are_left_alone),
        looker_promise_all(what_is_not_there_is_not_found_as_in_win32),
        looker_promise_all(GetProcAddress_that_was_looked_up_looks_up_likewise),
        looker_promise_all(memory_by_looked_up_functions_is_in_the_books),
        looker_promise_all(ntdlls_functions_of_heaps_take_the_managers_blocks),
        looker_promise_all(a_block_of_RtlAllocateHeap_stays_ntdlls),
        looker_promise_all(a_block_with_flags_or_a_value_of_the_callers_is_left_to_win32),
        looker_promise(GlobalMemoryStatusEx_that_was_looked_up_tells_the_limit),
        looker_promise(two_redirections_look_up_what_either_redirects),
        looker_promise(an_entry_that_someone_else_rewrote_is_redirected_already),
        looker_promise(a_look_up_after_removal_finds_win32_s),
        looker_promise_all(new_requests_after_removal_are_win32_s),
        looker_promise(pages_held_at_removal_can_be_committed_and_freed),
        looker_promise(a_view_held_at_removal_can_be_unmapped),
        looker_promise_all(blocks_held_at_removal_can_be_resized_and_freed),
        looker_promise_all(memory_of_a_manager_that_the_host_has_released_can_be_freed),
        looker_promise_all(a_manager_that_holds_nothing_at_removal_is_released),
        looker_promise_all(a_block_is_known_while_a_hook_keeps_its_manager_from_going),
        looker_promise_all(redirections_come_and_go_while_threads_use_what_they_looked_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
