/*
 * test_released.c: heaps and host controls that are used after their last Release, while their
 * manager lives: each method says so, and changes nothing. And QueryInterface without an interface
 * to ask for.
 */
#include "support.h"

static IHostMalloc *released_heap(const struct subject *subject)
{
    IHostMalloc *heap = subject_heap(subject);

    assert_figure(IHostMalloc_Release(heap), 0);
    return heap;
}

static IHostControl *released_control(const struct subject *subject)
{
    IHostControl *control = make_control(subject->manager, NULL);

    assert_figure(IHostControl_Release(control), 0);
    return control;
}

/* What is left of IUnknown. */
static void assert_has_nothing_left(void *object, REFIID iid)
{
    IUnknown *unknown = object;
    void *face = SOMETHING;

    assert_hresult(IUnknown_QueryInterface(unknown, iid, &face), E_NOINTERFACE);
    assert_address(face, NULL);
    assert_hresult(IUnknown_QueryInterface(unknown, iid, NULL), E_POINTER);
    assert_figure(IUnknown_AddRef(unknown), 0);
    assert_figure(IUnknown_Release(unknown), 0);
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

static void a_released_heap_has_no_interfaces_and_no_references(void **state)
{
    assert_has_nothing_left(released_heap(*state), &IID_IHostMalloc);
}

static void a_released_heap_allocates_nothing(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = released_heap(subject);
    HOSTMEM_STATISTICS before = statistics_of(subject);
    char file[] = "file.cpp";
    void *block = SOMETHING;

    assert_hresult(IHostMalloc_Alloc(heap, 24, eTaskCritical, &block), HOST_E_INVALIDOPERATION);
    assert_address(block, NULL);
    block = SOMETHING;
    assert_hresult(IHostMalloc_DebugAlloc(heap, 24, eTaskCritical, file, 1, &block),
                   HOST_E_INVALIDOPERATION);
    assert_address(block, NULL);
    assert_hresult(IHostMalloc_Alloc(heap, 24, eTaskCritical, NULL), E_POINTER);
    assert_hresult(IHostMalloc_DebugAlloc(heap, 24, eTaskCritical, file, 1, NULL), E_POINTER);
    assert_no_trace(subject, &before);
}

static void a_released_heap_frees_nothing(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *other = subject_heap(subject);
    IHostMalloc *heap = released_heap(subject);
    void *block = heap_block(other, 24);
    ULONGLONG blocks = statistics_of(subject).Blocks.Now;

    assert_hresult(IHostMalloc_Free(heap, block), HOST_E_INVALIDOPERATION);
    assert_hresult(IHostMalloc_Free(heap, NULL), S_OK);
    assert_figure(statistics_of(subject).Blocks.Now, blocks);
    assert_hresult(IHostMalloc_Free(other, block), S_OK);
    IHostMalloc_Release(other);
}

static void calls_to_a_released_heap_are_counted_as_failed(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = released_heap(subject);
    HOSTMEM_STATISTICS before = statistics_of(subject), after;
    void *block;

    IHostMalloc_Alloc(heap, 24, eTaskCritical, &block);
    IHostMalloc_Alloc(heap, 24, eTaskCritical, NULL);
    IHostMalloc_Free(heap, &before);
    after = statistics_of(subject);
    assert_figure(after.Methods[HostMemMallocAlloc].Failures,
                  before.Methods[HostMemMallocAlloc].Failures + 2);
    assert_figure(after.Methods[HostMemMallocFree].Failures,
                  before.Methods[HostMemMallocFree].Failures + 1);
}

/* ------------------------------------------------------------------------------------------------
 * Host controls
 * --------------------------------------------------------------------------------------------- */

static void a_released_control_has_no_interfaces_and_no_references(void **state)
{
    assert_has_nothing_left(released_control(*state), &IID_IHostControl);
}

static void a_released_control_hands_out_no_manager(void **state)
{
    const struct subject *subject = *state;
    IHostControl *control = released_control(subject);
    ULONG references = references_of(subject->manager);
    void *manager = SOMETHING;

    assert_hresult(IHostControl_GetHostManager(control, &IID_IHostMemoryManager, &manager),
                   E_NOINTERFACE);
    assert_address(manager, NULL);
    assert_hresult(IHostControl_GetHostManager(control, &IID_IHostMemoryManager, NULL), E_POINTER);
    assert_hresult(IHostControl_SetAppDomainManager(control, 1, (IUnknown *)subject->manager),
                   HOST_E_INVALIDOPERATION);
    assert_figure(references_of(subject->manager), references);
}

/* ------------------------------------------------------------------------------------------------
 * Live objects
 * --------------------------------------------------------------------------------------------- */

static void asking_for_no_interface_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;
    IHostControl *control = make_control(subject->manager, NULL);
    IHostMalloc *heap = subject_heap(subject);
    IUnknown *const objects[] = {(IUnknown *)subject->manager, (IUnknown *)subject->inspection,
                                 (IUnknown *)control, (IUnknown *)heap};

    for (unsigned i = 0; i < COUNT_OF(objects); i++) {
        ULONG references = references_of(objects[i]);
        void *face = SOMETHING;

        assert_hresult(IUnknown_QueryInterface(objects[i], NULL, &face), E_POINTER);
        assert_address(face, NULL);
        assert_figure(references_of(objects[i]), references);
    }
    IHostMalloc_Release(heap);
    IHostControl_Release(control);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(a_released_heap_has_no_interfaces_and_no_references),
        promise(a_released_heap_allocates_nothing),
        promise(a_released_heap_frees_nothing),
        promise(calls_to_a_released_heap_are_counted_as_failed),
        promise(a_released_control_has_no_interfaces_and_no_references),
        promise(a_released_control_hands_out_no_manager),
        promise(asking_for_no_interface_is_E_POINTER),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
