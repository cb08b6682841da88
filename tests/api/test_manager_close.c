/*
 * test_manager_close.c: a manager after Close, or after its books were contradicted: every call
 * returns HOST_E_CLRNOTAVAILABLE, nothing is freed, and the inspection goes on working.
 */
#include "notes.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * The end: Close, and a contradiction
 * --------------------------------------------------------------------------------------------- */

/* Every method of the manager and of the heap, in turn. */
static void assert_every_call_is_unavailable(const struct subject *subject, IHostMalloc *heap,
                                             void *region)
{
    IHostMemoryManager *manager = subject->manager;
    struct callback callback = make_callback();
    MEMORY_BASIC_INFORMATION range = {0};
    char file[] = "closed.c";
    void *out = SOMETHING;
    SIZE_T size = 99;
    DWORD number = 0;

#define assert_unavailable(call) assert_hresult(call, HOST_E_CLRNOTAVAILABLE)
    assert_unavailable(
        IHostMemoryManager_CreateMalloc(manager, MALLOC_THREADSAFE, (IHostMalloc **)&out));
    assert_address(out, NULL);
    out = SOMETHING;
    assert_unavailable(IHostMemoryManager_VirtualAlloc(manager, NULL, PAGE, MEM_RESERVE,
                                                       PAGE_READWRITE, eProcessCritical, &out));
    assert_address(out, NULL);
    assert_unavailable(IHostMemoryManager_VirtualFree(manager, region, 0, MEM_RELEASE));
    assert_unavailable(IHostMemoryManager_VirtualFree(manager, NULL, 0, MEM_RELEASE));
    assert_unavailable(
        IHostMemoryManager_VirtualQuery(manager, &range, &range, sizeof(range), &size));
    assert_figure(size, 0);
    assert_unavailable(
        IHostMemoryManager_VirtualProtect(manager, region, PAGE, PAGE_READONLY, &number));
    assert_unavailable(IHostMemoryManager_GetMemoryLoad(manager, &number, &size));
    assert_unavailable(register_callback(subject, &callback));
    assert_figure(callback.references, 1);
    assert_unavailable(IHostMemoryManager_NeedsVirtualAddressSpace(manager, NULL, PAGE));
    assert_unavailable(
        IHostMemoryManager_AcquiredVirtualAddressSpace(manager, range_address(0), PAGE));
    assert_unavailable(IHostMemoryManager_ReleasedVirtualAddressSpace(manager, range_address(0)));
    out = SOMETHING;
    assert_unavailable(IHostMalloc_Alloc(heap, 10, eProcessCritical, &out));
    assert_address(out, NULL);
    out = SOMETHING;
    assert_unavailable(IHostMalloc_DebugAlloc(heap, 10, eProcessCritical, file, 1, &out));
    assert_address(out, NULL);
    assert_unavailable(IHostMalloc_Free(heap, NULL));
#undef assert_unavailable
}

static void every_call_after_Close_is_HOST_E_CLRNOTAVAILABLE(void **state)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .EmergencyReservation = GRANULE};
    struct subject subject = subject_make(&options);
    IHostMalloc *heap = subject_heap(&subject);
    void *region = subject_alloc(&subject, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    (void)state;
    assert_hresult(IHostMemInspection_Close(subject.inspection), S_OK);
    assert_every_call_is_unavailable(&subject, heap, region);
    IHostMalloc_Release(heap);
    subject_end(&subject);
    assert_true(VirtualFree(region, 0, MEM_RELEASE));
}

static void Close_frees_nothing(void **state)
{
    struct subject subject = subject_make(NULL);
    IHostMalloc *heap = subject_heap(&subject);
    unsigned char *block = heap_block(heap, 100);
    void *region = subject_alloc(&subject, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    struct memory_image region_image, block_image;

    (void)state;
    memset(region, 0x55, GRANULE);
    memset(block, 0x66, 100);
    region_image = memory_image_of(region, GRANULE);
    block_image = memory_image_of(block, 100);
    assert_hresult(IHostMemInspection_Close(subject.inspection), S_OK);
    assert_every_call_is_unavailable(&subject, heap, region);
    assert_hresult(IHostMalloc_Free(heap, block), HOST_E_CLRNOTAVAILABLE);
    assert_unchanged("the region", &region_image);
    assert_unchanged("the block", &block_image);
    IHostMalloc_Release(heap);
    subject_end(&subject);
    assert_true(VirtualFree(region, 0, MEM_RELEASE));
}

static void Close_twice_is_S_OK(void **state)
{
    const struct subject *subject = *state;

    assert_hresult(IHostMemInspection_Close(subject->inspection), S_OK);
    assert_hresult(IHostMemInspection_Close(subject->inspection), S_OK);
    assert_figure(statistics_of(subject).Status, HostMemStatusClosed);
}

static void inspection_goes_on_after_Close(void **state)
{
    struct subject subject = subject_make(NULL);
    IHostMalloc *heap = subject_heap(&subject);
    void *block = heap_block(heap, 10);
    char *region = subject_alloc(&subject, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    HOSTMEM_REGION found;

    (void)state;
    assert_hresult(
        IHostMemoryManager_AcquiredVirtualAddressSpace(subject.manager, range_address(0), PAGE),
        S_OK);
    assert_figure(statistics_of(&subject).Status, HostMemStatusOpen);
    assert_hresult(IHostMemInspection_Close(subject.inspection), S_OK);
    assert_figure(statistics_of(&subject).Status, HostMemStatusClosed);
    assert_figure(statistics_of(&subject).Regions.Now, 2);
    assert_figure(regions_of(&subject).count, 2);
    assert_figure(ranges_of(&subject).count, 1);
    assert_address(blocks_of(&subject, 0).told[0].block.Address, block);
    assert_hresult(IHostMemInspection_FindRegion(subject.inspection, region + PAGE, &found), S_OK);
    assert_address(found.Base, region);
    assert_clean_audit(&subject);
    IHostMalloc_Release(heap);
    subject_end(&subject);
    assert_true(VirtualFree(region, 0, MEM_RELEASE));
}

static void COM_goes_on_after_Close(void **state)
{
    const struct subject *subject = *state;
    IHostControl *control = NULL;
    IUnknown *unknown = NULL;
    void *manager = NULL;

    assert_hresult(HostMemCreateHostControl(subject->manager, NULL, &control), S_OK);
    assert_hresult(IHostMemInspection_Close(subject->inspection), S_OK);
    assert_hresult(
        IHostMemoryManager_QueryInterface(subject->manager, &IID_IUnknown, (void **)&unknown),
        S_OK);
    IUnknown_Release(unknown);
    assert_hresult(IHostControl_GetHostManager(control, &IID_IHostMemoryManager, &manager), S_OK);
    IHostMemoryManager_Release(subject->manager);
    IHostControl_Release(control);
}

static void a_call_after_Close_is_counted_as_a_failure(void **state)
{
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS statistics;

    assert_hresult(IHostMemInspection_Close(subject->inspection), S_OK);
    IHostMemoryManager_VirtualFree(subject->manager, NULL, 0, MEM_RELEASE);
    statistics = statistics_of(subject);
    assert_figure(statistics.Methods[HostMemVirtualFree].Calls, 1);
    assert_figure(statistics.Methods[HostMemVirtualFree].Failures, 1);
    assert_figure(statistics.RefusedFrees, 0);
}

/* A region that was freed by Win32 itself, behind the manager's back. */
static void *region_freed_behind(const struct subject *subject)
{
    void *region = subject_alloc(subject, 2 * GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    assert_true(VirtualFree(region, 0, MEM_RELEASE));
    return region;
}

static void a_release_that_contradicts_the_books_is_E_FAIL(void **state)
{
    struct subject subject = subject_make(NULL);
    void *region = region_freed_behind(&subject);

    (void)state;
    assert_hresult(IHostMemoryManager_VirtualFree(subject.manager, region, 0, MEM_RELEASE), E_FAIL);
    subject_end(&subject);
}

static void every_call_after_E_FAIL_is_HOST_E_CLRNOTAVAILABLE(void **state)
{
    struct subject subject = subject_make(NULL);
    IHostMalloc *heap = subject_heap(&subject);
    void *sound = subject_alloc(&subject, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    void *region = region_freed_behind(&subject);

    (void)state;
    assert_hresult(IHostMemoryManager_VirtualFree(subject.manager, region, 0, MEM_RELEASE), E_FAIL);
    assert_every_call_is_unavailable(&subject, heap, sound);
    assert_every_call_is_unavailable(&subject, heap, region);
    IHostMalloc_Release(heap);
    subject_end(&subject);
    assert_true(VirtualFree(sound, 0, MEM_RELEASE));
}

static void the_status_tells_of_the_contradiction_and_inspection_goes_on(void **state)
{
    struct subject subject = subject_make(NULL);
    void *region = region_freed_behind(&subject);

    (void)state;
    assert_figure(statistics_of(&subject).Status, HostMemStatusOpen);
    assert_hresult(IHostMemoryManager_VirtualFree(subject.manager, region, 0, MEM_RELEASE), E_FAIL);
    assert_figure(statistics_of(&subject).Status, HostMemStatusBroken);
    assert_figure(statistics_of(&subject).RefusedFrees, 0);
    subject_end(&subject);
}

static void a_block_s_Free_that_contradicts_the_books_is_E_FAIL(void **state)
{
    struct subject subject = subject_make(NULL);
    IHostMalloc *heap = subject_heap(&subject);
    void *block = heap_block(heap, 3 * GRANULE);

    (void)state;
    assert_true(VirtualFree(block, 0, MEM_RELEASE));
    assert_hresult(IHostMalloc_Free(heap, block), E_FAIL);
    assert_figure(statistics_of(&subject).Status, HostMemStatusBroken);
    IHostMalloc_Release(heap);
    subject_end(&subject);
}

static void a_contradiction_of_one_manager_is_not_another_s(void **state)
{
    struct subject broken = subject_make(NULL);
    const struct subject *sound = *state;

    assert_hresult(IHostMemoryManager_VirtualFree(broken.manager, region_freed_behind(&broken), 0,
                                                  MEM_RELEASE),
                   E_FAIL);
    subject_release(sound, subject_alloc(sound, PAGE, MEM_RESERVE, PAGE_READWRITE));
    assert_figure(statistics_of(sound).Status, HostMemStatusOpen);
    subject_end(&broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_after_Close_is_HOST_E_CLRNOTAVAILABLE),
        cmocka_unit_test(Close_frees_nothing),
        promise(Close_twice_is_S_OK),
        cmocka_unit_test(inspection_goes_on_after_Close),
        promise(COM_goes_on_after_Close),
        promise(a_call_after_Close_is_counted_as_a_failure),
        cmocka_unit_test(a_release_that_contradicts_the_books_is_E_FAIL),
        cmocka_unit_test(every_call_after_E_FAIL_is_HOST_E_CLRNOTAVAILABLE),
        cmocka_unit_test(the_status_tells_of_the_contradiction_and_inspection_goes_on),
        cmocka_unit_test(a_block_s_Free_that_contradicts_the_books_is_E_FAIL),
        promise(a_contradiction_of_one_manager_is_not_another_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
