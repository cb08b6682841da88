/*
 * test_address_space.c: RegisterMemoryNotificationCallback, NeedsVirtualAddressSpace with the
 * emergency reservation (src/hosting/parts/emergency.c), AcquiredVirtualAddressSpace and
 * ReleasedVirtualAddressSpace: each documented result and each bad argument.
 */
#include "notes.h"

/* ------------------------------------------------------------------------------------------------
 * RegisterMemoryNotificationCallback
 * --------------------------------------------------------------------------------------------- */

static void a_registered_callback_is_referenced_until_the_manager_dies(void **state)
{
    struct subject subject = subject_make(NULL);
    struct callback callback = make_callback();

    (void)state;
    assert_succeeds(register_callback(&subject, &callback));
    assert_figure(callback.references, 2);
    IHostMemInspection_Close(subject.inspection);
    assert_figure(callback.references, 2);
    subject_end(&subject);
    assert_figure(callback.references, 1);
}

static void a_replaced_callback_is_referenced_until_the_manager_dies(void **state)
{
    struct subject subject = subject_make(NULL);
    struct callback first = make_callback(), second = make_callback();

    (void)state;
    assert_succeeds(register_callback(&subject, &first));
    assert_succeeds(register_callback(&subject, &second));
    assert_figure(first.references, 2);
    assert_figure(second.references, 2);
    subject_end(&subject);
    assert_figure(first.references, 1);
    assert_figure(second.references, 1);
}

static void an_unregistered_callback_is_referenced_until_the_manager_dies(void **state)
{
    struct subject subject = subject_make(NULL);
    struct callback callback = make_callback();

    (void)state;
    assert_succeeds(register_callback(&subject, &callback));
    assert_succeeds(register_callback(&subject, NULL));
    assert_figure(callback.references, 2);
    subject_end(&subject);
    assert_figure(callback.references, 1);
}

static void registering_NULL_when_there_is_none_is_S_OK(void **state)
{
    const struct subject *subject = *state;

    assert_succeeds(register_callback(subject, NULL));
    assert_succeeds(register_callback(subject, NULL));
}

/* Every reference is given back, and their number does not grow with each registration. */
static void the_same_callback_registered_often_is_referenced_once(void **state)
{
    struct subject subject = subject_make(NULL);
    struct callback first = make_callback(), second = make_callback();

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_succeeds(register_callback(&subject, &first));
        assert_succeeds(register_callback(&subject, &first));
        assert_succeeds(register_callback(&subject, &second));
        assert_succeeds(register_callback(&subject, NULL));
    }
    assert_figure(first.references, 2);
    assert_figure(second.references, 2);
    subject_end(&subject);
    assert_figure(first.references, 1);
    assert_figure(second.references, 1);
}

/* ------------------------------------------------------------------------------------------------
 * NeedsVirtualAddressSpace
 * --------------------------------------------------------------------------------------------- */

#define EMERGENCY ((SIZE_T)48 << 20)

static struct subject subject_with_emergency(void)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .EmergencyReservation = EMERGENCY};

    return subject_make(&options);
}

static void NeedsVirtualAddressSpace_with_nothing_to_give_is_E_OUTOFMEMORY(void **state)
{
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS before = statistics_of(subject);

    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(subject->manager, NULL, GRANULE),
                   E_OUTOFMEMORY);
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(subject->manager, SOMETHING, 0),
                   E_OUTOFMEMORY);
    assert_no_trace(subject, &before);
}

static void NeedsVirtualAddressSpace_gives_the_emergency_reservation_once(void **state)
{
    struct subject subject = subject_with_emergency();
    struct memory_sum before = memory_sum_of_process(), after;

    (void)state;
    assert_succeeds(IHostMemoryManager_NeedsVirtualAddressSpace(subject.manager, NULL, GRANULE));
    after = memory_sum_of_process();
    assert_figure(before.reserved - after.reserved, EMERGENCY);
    assert_figure(before.committed - after.committed, 0);
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(subject.manager, NULL, GRANULE),
                   E_OUTOFMEMORY);
    subject_end(&subject);
}

/* The pages of a freed large block of a hardened heap are gone already. */
static void NeedsVirtualAddressSpace_and_Trim_tell_of_address_space_alone(void **state)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .dwFlags = HOSTMEM_HARDEN};
    struct subject subject = subject_make(&options);
    IHostMalloc *heap = subject_heap(&subject);
    SIZE_T bytes = 1;

    (void)state;
    IHostMemInspection_Trim(subject.inspection, NULL);
    assert_succeeds(IHostMalloc_Free(heap, heap_block(heap, 200000)));
    assert_succeeds(IHostMemoryManager_NeedsVirtualAddressSpace(subject.manager, NULL, GRANULE));
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(subject.manager, NULL, GRANULE),
                   E_OUTOFMEMORY);
    assert_succeeds(IHostMalloc_Free(heap, heap_block(heap, 200000)));
    assert_hresult(IHostMemInspection_Trim(subject.inspection, &bytes), S_OK);
    assert_figure(bytes, 0);
    assert_hresult(IHostMemInspection_Trim(subject.inspection, &bytes), S_FALSE);
    assert_figure(statistics_of(&subject).Regions.Now, 0);
    IHostMalloc_Release(heap);
    subject_end(&subject);
}

static void the_emergency_reservation_is_neither_a_region_nor_charged(void **state)
{
    struct subject subject = subject_with_emergency();

    (void)state;
    assert_figure(statistics_of(&subject).Reserved.Now, 0);
    assert_figure(statistics_of(&subject).Regions.Now, 0);
    assert_clean_audit(&subject);
    subject_end(&subject);
}

static void the_emergency_reservation_is_restored_when_a_mapped_range_is_released(void **state)
{
    struct subject subject = subject_with_emergency();
    struct memory_sum before = memory_sum_of_process();
    void *view = (void *)(uintptr_t)0x12340000;

    (void)state;
    assert_hresult(IHostMemoryManager_AcquiredVirtualAddressSpace(subject.manager, view, GRANULE),
                   S_OK);
    assert_succeeds(IHostMemoryManager_NeedsVirtualAddressSpace(subject.manager, view, GRANULE));
    assert_succeeds(IHostMemoryManager_ReleasedVirtualAddressSpace(subject.manager, view));
    assert_figure(memory_sum_of_process().reserved, before.reserved);
    assert_succeeds(IHostMemoryManager_NeedsVirtualAddressSpace(subject.manager, view, GRANULE));
    assert_figure(before.reserved - memory_sum_of_process().reserved, EMERGENCY);
    subject_end(&subject);
}

/*
 * The thread that asked for the space has a second to use it before a region's release may take it
 * back.
 */
static void the_emergency_reservation_is_restored_when_a_region_is_released_later(void **state)
{
    struct subject subject = subject_with_emergency();
    struct memory_sum before = memory_sum_of_process();
    void *regions[3];
    SIZE_T given;
    ULONGLONG needed;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(regions); i++)
        regions[i] = subject_alloc(&subject, GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    needed = GetTickCount64();
    assert_succeeds(IHostMemoryManager_NeedsVirtualAddressSpace(subject.manager, NULL, GRANULE));
    subject_release(&subject, regions[0]);
    given = before.reserved + 2 * GRANULE - memory_sum_of_process().reserved;
    if (GetTickCount64() - needed < 1000) /* on a slow machine the second may already have passed */
        assert_figure(given, EMERGENCY);
    Sleep(1100);
    subject_release(&subject, regions[1]);
    assert_figure(memory_sum_of_process().reserved, before.reserved + GRANULE);
    subject_release(&subject, regions[2]);
    assert_figure(memory_sum_of_process().reserved, before.reserved);
    subject_end(&subject);
}

static void the_emergency_reservation_is_held_once_however_much_is_released(void **state)
{
    struct subject subject = subject_with_emergency();
    struct memory_sum before = memory_sum_of_process();
    void *view = (void *)(uintptr_t)0x12340000;

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_hresult(
            IHostMemoryManager_AcquiredVirtualAddressSpace(subject.manager, view, GRANULE), S_OK);
        assert_hresult(IHostMemoryManager_ReleasedVirtualAddressSpace(subject.manager, view), S_OK);
    }
    assert_figure(memory_sum_of_process().reserved, before.reserved);
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(subject.manager, NULL, 1), S_OK);
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(subject.manager, NULL, 1),
                   E_OUTOFMEMORY);
    subject_end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * AcquiredVirtualAddressSpace and ReleasedVirtualAddressSpace
 * --------------------------------------------------------------------------------------------- */

static void acquire(const struct subject *subject, unsigned n, SIZE_T size)
{
    assert_succeeds(
        IHostMemoryManager_AcquiredVirtualAddressSpace(subject->manager, range_address(n), size));
}

static void release(const struct subject *subject, unsigned n)
{
    assert_succeeds(
        IHostMemoryManager_ReleasedVirtualAddressSpace(subject->manager, range_address(n)));
}

static void assert_mapped(const struct subject *subject, ULONGLONG bytes, ULONGLONG ranges)
{
    HOSTMEM_STATISTICS statistics = statistics_of(subject);

    assert_figure(statistics.Mapped.Now, bytes);
    assert_figure(statistics.MappedRanges.Now, ranges);
    assert_figure(statistics.Reserved.Now, 0);
    assert_figure(statistics.Committed.Now, 0);
    assert_figure(ranges_of(subject).count, ranges);
}

static void acquired_ranges_are_in_the_books_until_released(void **state)
{
    const struct subject *subject = *state;

    acquire(subject, 0, 0x3000);
    assert_mapped(subject, 0x3000, 1);
    acquire(subject, 1, 0x10000);
    assert_mapped(subject, 0x13000, 2);
    release(subject, 0);
    assert_mapped(subject, 0x10000, 1);
    assert_address(ranges_of(subject).range[0].Base, range_address(1));
    assert_figure(ranges_of(subject).range[0].Size, 0x10000);
    release(subject, 1);
    assert_mapped(subject, 0, 0);
    assert_figure(statistics_of(subject).Mapped.Peak, 0x13000);
    assert_figure(statistics_of(subject).MappedRanges.Peak, 2);
}

static void ranges_may_be_released_in_any_order(void **state)
{
    static const unsigned orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {0, 2, 1}};
    const struct subject *subject = *state;

    for (unsigned i = 0; i < COUNT_OF(orders); i++) {
        for (unsigned n = 0; n < 3; n++)
            acquire(subject, n, (n + 1) * PAGE);
        assert_mapped(subject, 6 * PAGE, 3);
        release(subject, orders[i][0]);
        assert_mapped(subject, (5 - orders[i][0]) * PAGE, 2);
        release(subject, orders[i][1]);
        assert_mapped(subject, (orders[i][2] + 1) * PAGE, 1);
        release(subject, orders[i][2]);
        assert_mapped(subject, 0, 0);
    }
}

/* News of an unmapping may come after that of the next mapping at the same base. */
static void of_ranges_with_the_same_base_the_oldest_is_released_first(void **state)
{
    const struct subject *subject = *state;

    acquire(subject, 0, PAGE);
    acquire(subject, 0, 2 * PAGE);
    acquire(subject, 0, 4 * PAGE);
    assert_mapped(subject, 7 * PAGE, 3);
    release(subject, 0);
    assert_mapped(subject, 6 * PAGE, 2);
    release(subject, 0);
    assert_mapped(subject, 4 * PAGE, 1);
    assert_figure(ranges_of(subject).range[0].Size, 4 * PAGE);
    release(subject, 0);
    assert_mapped(subject, 0, 0);
}

static void releasing_an_unknown_base_is_HOST_E_INVALIDOPERATION(void **state)
{
    const struct subject *subject = *state;
    void *strangers[] = {NULL,
                         range_address(1),
                         (char *)range_address(0) + PAGE,
                         (char *)range_address(0) + 1,
                         (char *)range_address(0) - 1,
                         (void *)KERNEL_ADDRESS};

    acquire(subject, 0, 4 * PAGE);
    for (unsigned i = 0; i < COUNT_OF(strangers); i++)
        assert_hresult(
            IHostMemoryManager_ReleasedVirtualAddressSpace(subject->manager, strangers[i]),
            HOST_E_INVALIDOPERATION);
    assert_mapped(subject, 4 * PAGE, 1);
    release(subject, 0);
    assert_hresult(
        IHostMemoryManager_ReleasedVirtualAddressSpace(subject->manager, range_address(0)),
        HOST_E_INVALIDOPERATION);
    assert_mapped(subject, 0, 0);
}

static void releasing_an_unknown_base_is_not_a_refused_free(void **state)
{
    const struct subject *subject = *state;

    IHostMemoryManager_ReleasedVirtualAddressSpace(subject->manager, range_address(0));
    assert_figure(statistics_of(subject).RefusedFrees, 0);
    assert_figure(statistics_of(subject).Methods[HostMemReleasedVirtualAddressSpace].Failures, 1);
}

static void acquiring_no_range_is_E_INVALIDARG(void **state)
{
    const struct subject *subject = *state;
    IHostMemoryManager *manager = subject->manager;
    char *address = range_address(0);

    assert_result(IHostMemoryManager_AcquiredVirtualAddressSpace(manager, address, 0), E_INVALIDARG,
                  ERROR_INVALID_PARAMETER);
    assert_result(IHostMemoryManager_AcquiredVirtualAddressSpace(manager, NULL, PAGE), E_INVALIDARG,
                  ERROR_INVALID_PARAMETER);
    assert_result(IHostMemoryManager_AcquiredVirtualAddressSpace(manager, NULL, 0), E_INVALIDARG,
                  ERROR_INVALID_PARAMETER);
    assert_result(IHostMemoryManager_AcquiredVirtualAddressSpace(manager, address, SIZE_MAX),
                  E_INVALIDARG, ERROR_INVALID_PARAMETER);
    assert_result(IHostMemoryManager_AcquiredVirtualAddressSpace(manager, address,
                                                                 SIZE_MAX - (uintptr_t)address + 2),
                  E_INVALIDARG, ERROR_INVALID_PARAMETER);
    assert_mapped(subject, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registered_callback_is_referenced_until_the_manager_dies),
        cmocka_unit_test(a_replaced_callback_is_referenced_until_the_manager_dies),
        cmocka_unit_test(an_unregistered_callback_is_referenced_until_the_manager_dies),
        promise(registering_NULL_when_there_is_none_is_S_OK),
        cmocka_unit_test(the_same_callback_registered_often_is_referenced_once),
        promise(NeedsVirtualAddressSpace_with_nothing_to_give_is_E_OUTOFMEMORY),
        cmocka_unit_test(NeedsVirtualAddressSpace_gives_the_emergency_reservation_once),
        cmocka_unit_test(NeedsVirtualAddressSpace_and_Trim_tell_of_address_space_alone),
        cmocka_unit_test(the_emergency_reservation_is_neither_a_region_nor_charged),
        cmocka_unit_test(the_emergency_reservation_is_restored_when_a_mapped_range_is_released),
        cmocka_unit_test(the_emergency_reservation_is_restored_when_a_region_is_released_later),
        cmocka_unit_test(the_emergency_reservation_is_held_once_however_much_is_released),
        promise(acquired_ranges_are_in_the_books_until_released),
        promise(ranges_may_be_released_in_any_order),
        promise(of_ranges_with_the_same_base_the_oldest_is_released_first),
        promise(releasing_an_unknown_base_is_HOST_E_INVALIDOPERATION),
        promise(releasing_an_unknown_base_is_not_a_refused_free),
        promise(acquiring_no_range_is_E_INVALIDARG),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
