/*
 * test_module_lifetime.c: hostmem.dll stays loaded while any object of it lives, and can be
 * unloaded afterwards, whoever gives up his reference first. The program loads it as a plug-in
 * would: it does not import it.
 */
#include "support.h"

#include <stdio.h>

#define DLL L"hostmem.dll"

/* support.c refers to these. Defined here, they keep the program from importing hostmem.dll. */
HRESULT STDMETHODCALLTYPE HostMemCreateManager(const HOSTMEM_OPTIONS *options,
                                               IHostMemoryManager **manager)
{
    (void)options;
    *manager = NULL;
    return E_NOTIMPL;
}

HRESULT STDMETHODCALLTYPE HostMemCreateHostControl(IHostMemoryManager *manager, IHostControl *inner,
                                                   IHostControl **control)
{
    (void)manager;
    (void)inner;
    *control = NULL;
    return E_NOTIMPL;
}

/* The functions of a loaded hostmem.dll. */
struct library {
    HMODULE module;
    HRESULT(STDMETHODCALLTYPE *create_manager)(const HOSTMEM_OPTIONS *, IHostMemoryManager **);
    HRESULT(STDMETHODCALLTYPE *create_control)
    (IHostMemoryManager *, IHostControl *, IHostControl **);
    SIZE_T(STDMETHODCALLTYPE *books_size)(void);
    HRESULT(STDMETHODCALLTYPE *read_books)(const void *, SIZE_T, IHostMemInspection **);
};

static FARPROC function_of(HMODULE module, const char *name)
{
    FARPROC function = GetProcAddress(module, name);

    assert_non_null(function);
    return function;
}

static struct library load(void)
{
    struct library library = {.module = LoadLibraryW(DLL)};

    assert_non_null(library.module);
#define FIND(member, name)                                                                         \
    library.member = (__typeof__(library.member))(void (*)(void))function_of(library.module, name)
    FIND(create_manager, "HostMemCreateManager");
    FIND(create_control, "HostMemCreateHostControl");
    FIND(books_size, "HostMemGetBooksSize");
    FIND(read_books, "HostMemReadBooks");
#undef FIND
    return library;
}

static bool is_loaded(void)
{
    return GetModuleHandleW(DLL) != NULL;
}

static IHostMemoryManager *make_manager(const struct library *library,
                                        const HOSTMEM_OPTIONS *options)
{
    IHostMemoryManager *manager = NULL;

    assert_hresult(library->create_manager(options, &manager), S_OK);
    return manager;
}

static int nothing_is_loaded(void **state)
{
    (void)state;
    return is_loaded() ? 1 : 0;
}

/* A test that begins and ends without the DLL. */
#define unloading(test) cmocka_unit_test_setup_teardown(test, nothing_is_loaded, nothing_is_loaded)

/* ------------------------------------------------------------------------------------------------
 * Each object in turn is the last one
 * --------------------------------------------------------------------------------------------- */

static void a_living_manager_keeps_its_code(void **state)
{
    struct library library = load();
    IHostMemoryManager *manager = make_manager(&library, NULL);
    void *memory = NULL;

    (void)state;
    assert_true(FreeLibrary(library.module));
    assert_true(is_loaded());
    assert_hresult(IHostMemoryManager_VirtualAlloc(manager, NULL, PAGE, MEM_RESERVE | MEM_COMMIT,
                                                   PAGE_READWRITE, eTaskCritical, &memory),
                   S_OK);
    assert_hresult(IHostMemoryManager_VirtualFree(manager, memory, 0, MEM_RELEASE), S_OK);
    assert_figure(IHostMemoryManager_Release(manager), 0);
    assert_false(is_loaded());
}

static void a_module_whose_objects_are_gone_can_be_unloaded(void **state)
{
    struct library library = load();
    IHostMemoryManager *manager = make_manager(&library, NULL);

    (void)state;
    assert_figure(IHostMemoryManager_Release(manager), 0);
    assert_true(is_loaded());
    assert_true(FreeLibrary(library.module));
    assert_false(is_loaded());
}

static void a_living_inspection_keeps_its_code(void **state)
{
    struct library library = load();
    IHostMemoryManager *manager = make_manager(&library, NULL);
    IHostMemInspection *inspection = NULL;
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};

    (void)state;
    assert_hresult(
        IHostMemoryManager_QueryInterface(manager, &IID_IHostMemInspection, (void **)&inspection),
        S_OK);
    FreeLibrary(library.module);
    assert_figure(IHostMemoryManager_Release(manager), 1);
    assert_hresult(IHostMemInspection_GetStatistics(inspection, &statistics), S_OK);
    assert_figure(IHostMemInspection_Release(inspection), 0);
    assert_false(is_loaded());
}

static void a_living_heap_keeps_its_code(void **state)
{
    struct library library = load();
    IHostMemoryManager *manager = make_manager(&library, NULL);
    IHostMalloc *heap = NULL;
    void *block = NULL;

    (void)state;
    assert_hresult(IHostMemoryManager_CreateMalloc(manager, MALLOC_THREADSAFE, &heap), S_OK);
    FreeLibrary(library.module);
    assert_figure(IHostMemoryManager_Release(manager), 1);
    assert_hresult(IHostMalloc_Alloc(heap, 100, eTaskCritical, &block), S_OK);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    assert_figure(IHostMalloc_Release(heap), 0);
    assert_false(is_loaded());
}

static void a_living_control_keeps_its_code(void **state)
{
    struct library library = load();
    IHostMemoryManager *manager = make_manager(&library, NULL);
    IHostControl *control = NULL;

    (void)state;
    assert_hresult(library.create_control(manager, NULL, &control), S_OK);
    FreeLibrary(library.module);
    assert_figure(IHostMemoryManager_Release(manager), 1);
    assert_hresult(IHostControl_SetAppDomainManager(control, 1, NULL), S_OK);
    assert_figure(IHostControl_Release(control), 0);
    assert_false(is_loaded());
}

static void books_that_were_read_keep_their_code(void **state)
{
    struct library library = load();
    SIZE_T size = library.books_size();
    void *memory = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_READWRITE);
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pBooks = memory, .cbBooks = size};
    IHostMemoryManager *manager = make_manager(&library, &options);
    IHostMemInspection *books = NULL;
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};

    (void)state;
    assert_hresult(library.read_books(memory, size, &books), S_OK);
    assert_figure(IHostMemoryManager_Release(manager), 0);
    FreeLibrary(library.module);
    assert_true(is_loaded());
    assert_hresult(IHostMemInspection_GetStatistics(books, &statistics), S_OK);
    assert_figure(IHostMemInspection_Release(books), 0);
    assert_false(is_loaded());
    VirtualFree(memory, 0, MEM_RELEASE);
}

/* ------------------------------------------------------------------------------------------------
 * Several managers, and none
 * --------------------------------------------------------------------------------------------- */

static void the_last_of_several_managers_lets_the_module_go(void **state)
{
    struct library library = load();
    IHostMemoryManager *managers[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        managers[i] = make_manager(&library, NULL);
    FreeLibrary(library.module);
    for (int i = 0; i < 3; i++) {
        assert_true(is_loaded());
        assert_figure(IHostMemoryManager_Release(managers[i]), 0);
    }
    assert_false(is_loaded());
}

static void a_manager_that_cannot_be_made_keeps_nothing(void **state)
{
    HOSTMEM_LIMITS limits = {.cbSize = 1};
    HOSTMEM_OPTIONS bad[] = {
        {.cbSize = 1},
        {.cbSize = sizeof(HOSTMEM_OPTIONS), .pLimits = &limits},
        {.cbSize = sizeof(HOSTMEM_OPTIONS), .EmergencyReservation = MORE_THAN_THERE_IS},
    };
    struct library library = load();
    IHostMemInspection *books = SOMETHING;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        IHostMemoryManager *manager = SOMETHING;

        assert_true(FAILED(library.create_manager(&bad[i], &manager)));
        assert_null(manager);
    }
    assert_true(FAILED(library.read_books(&limits, 1, &books)));
    FreeLibrary(library.module);
    assert_false(is_loaded());
}

/* ------------------------------------------------------------------------------------------------
 * A manager that ends inside a call of its own
 * --------------------------------------------------------------------------------------------- */

static HRESULT CALLBACK release_in_enumeration(void *context, const HOSTMEM_REGION *region)
{
    IHostMemoryManager **manager = context;

    (void)region;
    if (*manager)
        IHostMemoryManager_Release(*manager);
    *manager = NULL;
    return S_OK;
}

/* The call has to return into the module, so nobody can unload it any more. */
static void a_manager_that_ends_in_a_callback_leaves_the_module_loaded(void **state)
{
    struct library library = load();
    IHostMemoryManager *manager = make_manager(&library, NULL);
    IHostMemInspection *inspection = NULL;
    void *memory = NULL;

    (void)state;
    assert_hresult(IHostMemoryManager_VirtualAlloc(manager, NULL, PAGE, MEM_RESERVE | MEM_COMMIT,
                                                   PAGE_READWRITE, eTaskCritical, &memory),
                   S_OK);
    assert_hresult(
        IHostMemoryManager_QueryInterface(manager, &IID_IHostMemInspection, (void **)&inspection),
        S_OK);
    FreeLibrary(library.module);
    IHostMemInspection_Release(inspection);
    assert_hresult(IHostMemInspection_EnumRegions(inspection, release_in_enumeration, &manager),
                   S_OK);
    assert_null(manager);
    assert_true(is_loaded());
    VirtualFree(memory, 0, MEM_RELEASE);
}

/* The argument names the one test to run: a fault ends the program. */
int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        unloading(a_living_manager_keeps_its_code),
        unloading(a_module_whose_objects_are_gone_can_be_unloaded),
        unloading(a_living_inspection_keeps_its_code),
        unloading(a_living_heap_keeps_its_code),
        unloading(a_living_control_keeps_its_code),
        unloading(books_that_were_read_keep_their_code),
        unloading(the_last_of_several_managers_lets_the_module_go),
        unloading(a_manager_that_cannot_be_made_keeps_nothing),
        /* The last one: what it loads stays. */
        cmocka_unit_test(a_manager_that_ends_in_a_callback_leaves_the_module_loaded),
    };

    if (count > 1)
        cmocka_set_test_filter(arguments[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
