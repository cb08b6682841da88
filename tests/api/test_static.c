/*
 * test_static.c: libhostmem.a linked into a harness does what the DLL does, without the DLL.
 */
#include "redirected.h"

#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)

static void no_dll_of_hostmem_s_is_loaded(void **state)
{
    HMODULE holder = NULL;

    (void)state;
    assert_null(GetModuleHandleW(L"hostmem.dll"));
    assert_true(GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                       GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                                   (LPCWSTR)(uintptr_t)HostMemCreateManager, &holder));
    assert_address(holder, GetModuleHandleW(NULL));
}

static void the_control_hands_out_a_manager_that_works(void **state)
{
    const struct subject *subject = *state;
    IHostMemoryManager *manager = NULL;
    IHostControl *control = NULL;
    char *memory;

    assert_hresult(HostMemCreateHostControl(subject->manager, NULL, &control), S_OK);
    assert_hresult(IHostControl_GetHostManager(control, &IID_IHostMemoryManager, (void **)&manager),
                   S_OK);
    assert_address(manager, subject->manager);
    memory = subject_alloc(subject, 4 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    subject_alloc_at(subject, memory + GRANULE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    memory[GRANULE] = 1;
    assert_figure(statistics_of(subject).Reserved.Now, 4 * GRANULE);
    assert_figure(statistics_of(subject).Committed.Now, 2 * PAGE);
    assert_clean_audit(subject);
    subject_release(subject, memory);
    assert_hresult(IHostMemoryManager_VirtualFree(manager, memory, 0, MEM_RELEASE),
                   HOST_E_INVALIDOPERATION);
    IHostMemoryManager_Release(manager);
    assert_figure(IHostControl_Release(control), 0);
}

static void a_heap_works(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = NULL;
    void *block = NULL;

    assert_hresult(IHostMemoryManager_CreateMalloc(subject->manager, MALLOC_THREADSAFE, &heap),
                   S_OK);
    assert_hresult(IHostMalloc_Alloc(heap, 1000, eTaskCritical, &block), S_OK);
    memset(block, 0x5a, 1000);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    assert_hresult(IHostMalloc_Free(heap, block), HOST_E_INVALIDOPERATION);
    assert_figure(IHostMalloc_Release(heap), 0);
}

static void a_module_s_imports_are_redirected(void **state)
{
    const struct redirected *redirected = *state;
    void *memory = redirected->calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(memory);
    assert_true(is_owned(&redirected->subject, memory));
    assert_true(redirected->calls->free(memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(&redirected->subject).PassedFrees, 0);
}

/* Redirecting the program would redirect hostmem's own calls. */
static void the_program_that_holds_hostmem_is_refused(void **state)
{
    const struct subject *subject = *state;
    HOSTMEM_REDIRECTION *redirection = NULL;

    assert_hresult(HostMemRedirectModule(subject->manager, GetModuleHandleW(NULL), 0, &redirection),
                   E_INVALIDARG);
    assert_null(redirection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(no_dll_of_hostmem_s_is_loaded),
        promise(the_control_hands_out_a_manager_that_works),
        promise(a_heap_works),
        redirected_promise(a_module_s_imports_are_redirected),
        promise(the_program_that_holds_hostmem_is_refused), /* last: see test_redirect_module.c */
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
