/*
 * test_error_info.c: HostMemGetErrorInfo names the argument of every call that answers
 * E_INVALIDARG, and HostMemErrorText has words for every HRESULT that hostmem answers.
 */
#include "support.h"

#include <string.h>

static HOSTMEM_ERROR_INFO info_now(void)
{
    HOSTMEM_ERROR_INFO info = {.cbSize = sizeof(info)};

    assert_succeeds(HostMemGetErrorInfo(&info));
    return info;
}

/* The call is refused for that argument, and the last error is not that of asking why. */
#define assert_refused(call, function, argument, value)                                            \
    do {                                                                                           \
        HOSTMEM_ERROR_INFO info_of_call;                                                           \
        assert_hresult(call, E_INVALIDARG);                                                        \
        info_of_call = info_now();                                                                 \
        if (!strstr(info_of_call.pszFunction, function))                                           \
            fail_msg("%s names the function %s", #call, info_of_call.pszFunction);                 \
        if (strcmp(info_of_call.pszArgument, argument) != 0)                                       \
            fail_msg("%s names the argument %s", #call, info_of_call.pszArgument);                 \
        assert_true(strlen(info_of_call.pszSentence) > 3);                                         \
        assert_figure_of(#call, info_of_call.Value, value);                                        \
    } while (0)

/* ------------------------------------------------------------------------------------------------
 * Making
 * --------------------------------------------------------------------------------------------- */

static HRESULT make(const HOSTMEM_OPTIONS *options)
{
    IHostMemoryManager *manager = NULL;

    return HostMemCreateManager(options, &manager);
}

#define OPTIONS(...) (&(const HOSTMEM_OPTIONS){.cbSize = sizeof(HOSTMEM_OPTIONS), __VA_ARGS__})
#define LIMITS(...) (&(const HOSTMEM_LIMITS){.cbSize = sizeof(HOSTMEM_LIMITS), __VA_ARGS__})
#define MAKE "HostMemCreateManager"

static void a_bad_option_is_named(void **state)
{
    char books[16];

    (void)state;
    assert_refused(make(&(const HOSTMEM_OPTIONS){.cbSize = 12}), MAKE, "HOSTMEM_OPTIONS.cbSize",
                   12);
    assert_refused(make(OPTIONS(.dwFlags = 0x40000000 | HOSTMEM_TRACK_BLOCKS)), MAKE,
                   "HOSTMEM_OPTIONS.dwFlags", 0x40000000);
    assert_refused(make(OPTIONS(.cbBooks = 7)), MAKE, "HOSTMEM_OPTIONS.cbBooks", 7);
    assert_refused(make(OPTIONS(.pBooks = books, .cbBooks = 16)), MAKE, "HOSTMEM_OPTIONS.pBooks",
                   (uintptr_t)books);
    assert_refused(make(OPTIONS(.pLimits = &(const HOSTMEM_LIMITS){.cbSize = 3})), MAKE,
                   "HOSTMEM_LIMITS.cbSize", 3);
    assert_refused(make(OPTIONS(.pLimits = LIMITS(.Unused = 5))), MAKE, "HOSTMEM_LIMITS.Unused", 5);
    assert_refused(make(OPTIONS(.pLimits = LIMITS(.LowPercent = 101))), MAKE,
                   "HOSTMEM_LIMITS.LowPercent", 101);
    assert_refused(make(OPTIONS(.pLimits = LIMITS(.HighPercent = 95))), MAKE,
                   "HOSTMEM_LIMITS.HighPercent", 95);
}

static void books_that_are_taken_are_named(void **state)
{
    SIZE_T size = HostMemGetBooksSize();
    void *memory = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_READWRITE);
    const HOSTMEM_OPTIONS *options = OPTIONS(.pBooks = memory, .cbBooks = size);
    struct subject subject = subject_make(options);

    (void)state;
    assert_refused(make(options), MAKE, "HOSTMEM_OPTIONS.pBooks", (uintptr_t)memory);
    subject_end(&subject);
    VirtualFree(memory, 0, MEM_RELEASE);
}

static const void *no_manager[4];

static void a_bad_argument_of_the_other_factories_is_named(void **state)
{
    const struct subject *subject = *state;
    IHostMemoryManager *other = (IHostMemoryManager *)no_manager;
    HMODULE own = GetModuleHandleW(NULL);
    HOSTMEM_REDIRECTION *redirection = NULL;
    IHostControl *control = NULL;

    assert_refused(HostMemCreateHostControl(other, NULL, &control), "HostMemCreateHostControl",
                   "pManager", (uintptr_t)other);
    assert_refused(HostMemRedirectModule(other, own, 0, &redirection), "HostMemRedirectModule",
                   "pManager", (uintptr_t)other);
    assert_refused(HostMemRedirectModule(subject->manager, NULL, 0, &redirection),
                   "HostMemRedirectModule", "hModule", 0);
    assert_refused(HostMemRedirectModule(subject->manager, (HMODULE)SOMETHING, 0, &redirection),
                   "HostMemRedirectModule", "hModule", (uintptr_t)SOMETHING);
    assert_refused(
        HostMemRedirectModule(subject->manager, GetModuleHandleW(L"ntdll.dll"), 0, &redirection),
        "HostMemRedirectModule", "hModule", (uintptr_t)GetModuleHandleW(L"ntdll.dll"));
    assert_refused(HostMemRedirectModule(subject->manager, own, 0x40000000, &redirection),
                   "HostMemRedirectModule", "dwFlags", 0x40000000);
    assert_refused(HostMemFollowModule(NULL), "HostMemFollowModule", "hModule", 0);
    assert_refused(HostMemRemoveRedirection((HOSTMEM_REDIRECTION *)(void *)no_manager),
                   "HostMemRemoveRedirection", "pRedirection", (uintptr_t)no_manager);
}

/* ------------------------------------------------------------------------------------------------
 * Methods
 * --------------------------------------------------------------------------------------------- */

static void a_bad_argument_of_an_inspection_is_named(void **state)
{
    IHostMemInspection *inspection = ((const struct subject *)*state)->inspection;
    HOSTMEM_STATISTICS statistics = {.cbSize = 1};
    HOSTMEM_LIMITS limits = {.cbSize = 2};
    HOSTMEM_AUDIT audit = {.cbSize = 3};

    assert_refused(IHostMemInspection_GetStatistics(inspection, &statistics), "GetStatistics",
                   "HOSTMEM_STATISTICS.cbSize", 1);
    assert_refused(IHostMemInspection_GetLimits(inspection, &limits), "GetLimits",
                   "HOSTMEM_LIMITS.cbSize", 2);
    assert_refused(IHostMemInspection_SetLimits(inspection, &limits), "SetLimits",
                   "HOSTMEM_LIMITS.cbSize", 2);
    assert_refused(IHostMemInspection_Audit(inspection, &audit, NULL, NULL), "Audit",
                   "HOSTMEM_AUDIT.cbSize", 3);
    assert_refused(IHostMemInspection_SetRedirectedLevel(inspection, no_levels[0]),
                   "SetRedirectedLevel", "level", (uint32_t)no_levels[0]);
}

static HRESULT alloc(IHostMemoryManager *manager, SIZE_T size, DWORD type, DWORD protect,
                     EMemoryCriticalLevel level)
{
    void *memory = NULL;

    return IHostMemoryManager_VirtualAlloc(manager, NULL, size, type, protect, level, &memory);
}

static void a_bad_argument_of_a_manager_is_named(void **state)
{
    const struct subject *subject = *state;
    IHostMemoryManager *manager = subject->manager;
    void *region = subject_alloc(subject, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    IHostMalloc *heap = NULL;
    void *memory = NULL;
    DWORD old;

    assert_refused(IHostMemoryManager_CreateMalloc(manager, 0x100 | MALLOC_THREADSAFE, &heap),
                   "CreateMalloc", "dwMallocType", 0x100);
    assert_refused(alloc(manager, PAGE, MEM_RESERVE, PAGE_READWRITE, no_levels[0]), "VirtualAlloc",
                   "eCriticalLevel", (uint32_t)no_levels[0]);
    assert_refused(alloc(manager, 0, MEM_RESERVE, PAGE_READWRITE, eTaskCritical), "VirtualAlloc",
                   "dwSize", 0);
    assert_refused(alloc(manager, PAGE, MEM_TOP_DOWN, PAGE_READWRITE, eTaskCritical),
                   "VirtualAlloc", "flAllocationType", MEM_TOP_DOWN);
    assert_refused(alloc(manager, PAGE, MEM_RESERVE, 3, eTaskCritical), "VirtualAlloc", "flProtect",
                   3);
    assert_refused(IHostMemoryManager_VirtualFree(manager, region, PAGE, MEM_RELEASE),
                   "VirtualFree", "dwSize", PAGE);
    assert_refused(IHostMemoryManager_VirtualFree(manager, region, 0, 0x5), "VirtualFree",
                   "dwFreeType", 0x5);
    assert_refused(IHostMemoryManager_VirtualProtect(manager, region, PAGE, 3, &old),
                   "VirtualProtect", "flNewProtect", 3);
    assert_refused(IHostMemoryManager_AcquiredVirtualAddressSpace(manager, NULL, 5),
                   "AcquiredVirtualAddressSpace", "startAddress", 0);
    assert_refused(IHostMemoryManager_AcquiredVirtualAddressSpace(manager, region, 0),
                   "AcquiredVirtualAddressSpace", "size", 0);
    subject_release(subject, region);
    heap = subject_heap(subject);
    assert_refused(IHostMalloc_Alloc(heap, 1, no_levels[0], &memory), "IHostMalloc::Alloc",
                   "eCriticalLevel", (uint32_t)no_levels[0]);
    IHostMalloc_Release(heap);
}

/* ------------------------------------------------------------------------------------------------
 * Whose, and how long
 * --------------------------------------------------------------------------------------------- */

static void a_call_that_succeeds_or_fails_otherwise_changes_nothing(void **state)
{
    const struct subject *subject = *state;

    assert_hresult(make(OPTIONS(.cbBooks = 7)), E_INVALIDARG);
    subject_release(subject, subject_alloc(subject, PAGE, MEM_RESERVE, PAGE_READWRITE));
    assert_hresult(IHostMemoryManager_VirtualFree(subject->manager, NULL, 0, MEM_RELEASE),
                   HOST_E_INVALIDOPERATION);
    assert_hresult(HostMemCreateManager(NULL, NULL), E_POINTER);
    assert_string_equal(info_now().pszArgument, "HOSTMEM_OPTIONS.cbBooks");
}

struct asked {
    HRESULT result;
    HOSTMEM_ERROR_INFO info;
};

static DWORD WINAPI ask(void *context)
{
    struct asked *asked = context;

    asked->info.cbSize = sizeof(asked->info);
    asked->result = HostMemGetErrorInfo(&asked->info);
    return 0;
}

static void another_thread_is_told_nothing(void **state)
{
    struct asked asked = {.info.Value = 5};
    struct threads threads = {0};

    (void)state;
    assert_hresult(make(OPTIONS(.cbBooks = 7)), E_INVALIDARG);
    threads_start(&threads, 1, ask, &asked, sizeof(asked));
    threads_join(&threads);
    assert_hresult(asked.result, S_FALSE);
    assert_null(asked.info.pszArgument);
    assert_figure(asked.info.Value, 0);
}

static void what_it_takes_itself_is_checked(void **state)
{
    HOSTMEM_ERROR_INFO info = {.cbSize = 1};

    (void)state;
    assert_hresult(HostMemGetErrorInfo(NULL), E_POINTER);
    assert_hresult(HostMemGetErrorInfo(&info), E_INVALIDARG);
}

/* ------------------------------------------------------------------------------------------------
 * Texts
 * --------------------------------------------------------------------------------------------- */

static void every_HRESULT_that_hostmem_answers_has_a_name_and_a_sentence(void **state)
{
    static const struct {
        HRESULT hr;
        const char *name;
    } known[] = {
        {S_OK, "S_OK: "},
        {S_FALSE, "S_FALSE: "},
        {E_POINTER, "E_POINTER: "},
        {E_INVALIDARG, "E_INVALIDARG: "},
        {E_OUTOFMEMORY, "E_OUTOFMEMORY: "},
        {E_FAIL, "E_FAIL: "},
        {E_NOINTERFACE, "E_NOINTERFACE: "},
        {HOST_E_INVALIDOPERATION, "HOST_E_INVALIDOPERATION: "},
        {HOST_E_CLRNOTAVAILABLE, "HOST_E_CLRNOTAVAILABLE: "},
        {HOST_E_TIMEOUT, "HOST_E_TIMEOUT: "},
        {HOST_E_NOT_OWNER, "HOST_E_NOT_OWNER: "},
        {HOST_E_ABANDONED, "HOST_E_ABANDONED: "},
        {HRESULT_FROM_WIN32(ERROR_INVALID_ADDRESS), "ERROR_INVALID_ADDRESS: "},
        {HRESULT_FROM_WIN32(ERROR_BAD_EXE_FORMAT), "ERROR_BAD_EXE_FORMAT: "},
        {HRESULT_FROM_WIN32(ERROR_BUSY), "ERROR_BUSY: "},
        {HRESULT_FROM_WIN32(ERROR_NOT_READY), "ERROR_NOT_READY: "},
        {HRESULT_FROM_WIN32(ERROR_REVISION_MISMATCH), "ERROR_REVISION_MISMATCH: "},
        {HRESULT_FROM_WIN32(ERROR_INVALID_DATA), "ERROR_INVALID_DATA: "},
        {HRESULT_FROM_WIN32(ERROR_ALREADY_INITIALIZED), "ERROR_ALREADY_INITIALIZED: "},
        {HRESULT_FROM_WIN32(ERROR_ALREADY_EXISTS), "ERROR_ALREADY_EXISTS: "},
        {(HRESULT)0x80131522, "COR_E_TYPELOAD: "},
        {(HRESULT)0x80008096, "FrameworkMissingFailure: "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        const char *text = HostMemErrorText(known[i].hr);

        assert_non_null(text);
        assert_memory_equal(text, known[i].name, strlen(known[i].name));
        assert_true(strlen(text) > strlen(known[i].name) + 10);
        assert_int_equal(text[strlen(text) - 1], '.');
    }
    assert_null(HostMemErrorText((HRESULT)0x8badf00d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_option_is_named),
        cmocka_unit_test(books_that_are_taken_are_named),
        promise(a_bad_argument_of_the_other_factories_is_named),
        promise(a_bad_argument_of_an_inspection_is_named),
        promise(a_bad_argument_of_a_manager_is_named),
        promise(a_call_that_succeeds_or_fails_otherwise_changes_nothing),
        cmocka_unit_test(another_thread_is_told_nothing),
        cmocka_unit_test(what_it_takes_itself_is_checked),
        cmocka_unit_test(every_HRESULT_that_hostmem_answers_has_a_name_and_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
