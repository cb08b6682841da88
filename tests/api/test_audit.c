/*
 * test_audit.c: the audit finds each difference between the books and Windows, says where it is and
 * how large, and finds nothing else. The tests make the differences with raw Win32 calls and undo
 * them before the manager ends.
 */
#include "support.h"

#include <string.h>

#define MOST_NOTES 16

struct differences {
    HOSTMEM_DIFFERENCE difference[MOST_NOTES];
    unsigned count;
    HRESULT answer; /* what the callback returns */
    HOSTMEM_AUDIT audit;
};

static HRESULT CALLBACK note_difference(void *context, const HOSTMEM_DIFFERENCE *difference)
{
    struct differences *differences = context;

    if (differences->count < MOST_NOTES)
        differences->difference[differences->count] = *difference;
    differences->count++;
    return differences->answer;
}

static HRESULT audit(const struct subject *subject, struct differences *differences)
{
    memset(differences, 0, sizeof(*differences));
    differences->audit.cbSize = sizeof(HOSTMEM_AUDIT);
    return IHostMemInspection_Audit(subject->inspection, &differences->audit, note_difference,
                                    differences);
}

/* The audit finds exactly that many differences. */
static struct differences found_by_audit(const struct subject *subject, unsigned count)
{
    struct differences differences;

    assert_hresult(audit(subject, &differences), S_FALSE);
    assert_figure(differences.audit.Differences, count);
    assert_figure(differences.count, count);
    assert_figure(differences.audit.Busy, 0);
    assert_true(differences.audit.TotalsCompared);
    return differences;
}

static void assert_difference(const HOSTMEM_DIFFERENCE *difference, HOSTMEM_DIFFERENCE_KIND kind,
                              void *region, void *address, ULONGLONG books, ULONGLONG system)
{
    assert_figure(difference->Kind, kind);
    assert_address(difference->Region.Base, region);
    assert_address(difference->Address, address);
    assert_figure(difference->Books, books);
    assert_figure(difference->System, system);
}

static void raw_commit(void *address, SIZE_T size)
{
    assert_address(VirtualAlloc(address, size, MEM_COMMIT, PAGE_READWRITE), address);
}

static void raw_decommit(void *address, SIZE_T size)
{
    assert_true(VirtualFree(address, size, MEM_DECOMMIT));
}

static void raw_reserve(void *address, SIZE_T size)
{
    assert_address(VirtualAlloc(address, size, MEM_RESERVE, PAGE_READWRITE), address);
}

static void raw_release(void *address)
{
    assert_true(VirtualFree(address, 0, MEM_RELEASE));
}

/* ------------------------------------------------------------------------------------------------
 * Nothing to find
 * --------------------------------------------------------------------------------------------- */

static void the_audit_of_an_empty_manager_is_clean(void **state)
{
    struct differences differences;

    assert_hresult(audit(*state, &differences), S_OK);
    assert_figure(differences.count, 0);
    assert_figure(differences.audit.Regions, 0);
    assert_figure(differences.audit.Busy, 0);
    assert_figure(differences.audit.ReservedBytes, 0);
    assert_figure(differences.audit.CommittedBytes, 0);
    assert_figure(differences.audit.Differences, 0);
    assert_true(differences.audit.TotalsCompared);
}

static void the_audit_adds_up_what_windows_says(void **state)
{
    const struct subject *subject = *state;
    char *first = subject_alloc(subject, 40 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    void *second = subject_alloc(subject, 3 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    struct differences differences;

    for (unsigned page = 0; page < 40; page += 3)
        subject_alloc_at(subject, first + page * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    assert_hresult(audit(subject, &differences), S_OK);
    assert_figure(differences.audit.Regions, 2);
    assert_figure(differences.audit.ReservedBytes, 43 * PAGE);
    assert_figure(differences.audit.CommittedBytes, 17 * PAGE);
    subject_release(subject, second);
    subject_release(subject, first);
}

static void the_audit_of_memory_of_every_protection_is_clean(void **state)
{
    static const DWORD protections[] = {
        PAGE_NOACCESS,
        PAGE_READONLY,
        PAGE_READWRITE,
        PAGE_EXECUTE,
        PAGE_EXECUTE_READ,
        PAGE_EXECUTE_READWRITE,
        PAGE_READWRITE | PAGE_GUARD,
        PAGE_READWRITE | PAGE_NOCACHE,
    };
    const struct subject *subject = *state;
    void *regions[COUNT_OF(protections)];

    for (unsigned i = 0; i < COUNT_OF(protections); i++)
        regions[i] = subject_alloc(subject, 4 * PAGE, MEM_RESERVE | MEM_COMMIT, protections[i]);
    assert_clean_audit(subject);
    for (unsigned i = 0; i < COUNT_OF(protections); i++)
        subject_release(subject, regions[i]);
}

static void the_audit_includes_heap_blocks(void **state)
{
    const struct subject *subject = *state;
    struct differences differences;
    IHostMalloc *heap = NULL;
    void *block = NULL;

    assert_hresult(IHostMemoryManager_CreateMalloc(subject->manager, MALLOC_THREADSAFE, &heap),
                   S_OK);
    assert_hresult(IHostMalloc_Alloc(heap, 5 * PAGE, eTaskCritical, &block), S_OK);
    assert_hresult(audit(subject, &differences), S_OK);
    assert_figure(differences.audit.CommittedBytes, statistics_of(subject).Committed.Now);
    assert_at_least(differences.audit.CommittedBytes, 5 * PAGE);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

/* ------------------------------------------------------------------------------------------------
 * Committed pages
 * --------------------------------------------------------------------------------------------- */

static void pages_committed_behind_the_manager_s_back_are_found(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 20 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    struct differences differences;

    raw_commit(region + 7 * PAGE, 3 * PAGE);
    differences = found_by_audit(subject, 1);
    assert_difference(&differences.difference[0], HostMemOnlyInSystem, region, region + 7 * PAGE, 0,
                      3 * PAGE);
    assert_figure(differences.audit.CommittedBytes, 3 * PAGE);
    raw_decommit(region + 7 * PAGE, 3 * PAGE);
    assert_clean_audit(subject);
    subject_release(subject, region);
}

static void pages_decommitted_behind_the_manager_s_back_are_found(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 20 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    struct differences differences;

    raw_decommit(region + 4 * PAGE, 5 * PAGE);
    differences = found_by_audit(subject, 1);
    assert_difference(&differences.difference[0], HostMemOnlyInBooks, region, region + 4 * PAGE,
                      5 * PAGE, 0);
    assert_figure(differences.audit.CommittedBytes, 15 * PAGE);
    raw_commit(region + 4 * PAGE, 5 * PAGE);
    assert_clean_audit(subject);
    subject_release(subject, region);
}

static void a_single_page_at_either_end_is_found(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 33 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    const SIZE_T pages[] = {0, 15, 16, 31, 32};

    for (unsigned i = 0; i < COUNT_OF(pages); i++) {
        char *page = region + pages[i] * PAGE;
        struct differences differences;

        raw_commit(page, PAGE);
        differences = found_by_audit(subject, 1);
        assert_difference(&differences.difference[0], HostMemOnlyInSystem, region, page, 0, PAGE);
        raw_decommit(page, PAGE);
    }
    subject_release(subject, region);
}

static void only_the_pages_that_differ_are_told(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 20 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    struct differences differences;

    subject_alloc_at(subject, region + 5 * PAGE, 5 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    raw_commit(region + 3 * PAGE, 10 * PAGE);
    differences = found_by_audit(subject, 2);
    assert_difference(&differences.difference[0], HostMemOnlyInSystem, region, region + 3 * PAGE, 0,
                      2 * PAGE);
    assert_difference(&differences.difference[1], HostMemOnlyInSystem, region, region + 10 * PAGE,
                      0, 3 * PAGE);
    raw_decommit(region + 3 * PAGE, 2 * PAGE);
    raw_decommit(region + 10 * PAGE, 3 * PAGE);
    subject_release(subject, region);
}

static void differences_of_both_kinds_in_one_region_are_found(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 20 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    struct differences differences;

    subject_alloc_at(subject, region, 6 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    raw_decommit(region + 5 * PAGE, PAGE);
    raw_commit(region + 6 * PAGE, PAGE); /* the same number in all, but not the same pages */
    differences = found_by_audit(subject, 2);
    assert_difference(&differences.difference[0], HostMemOnlyInBooks, region, region + 5 * PAGE,
                      PAGE, 0);
    assert_difference(&differences.difference[1], HostMemOnlyInSystem, region, region + 6 * PAGE, 0,
                      PAGE);
    raw_commit(region + 5 * PAGE, PAGE);
    raw_decommit(region + 6 * PAGE, PAGE);
    subject_release(subject, region);
}

static void a_difference_deep_in_a_huge_region_is_found(void **state)
{
    const SIZE_T size = (SIZE_T)300 << 20;
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, size, MEM_RESERVE, PAGE_READWRITE);
    char *page = region + size / 3 * 2 / PAGE * PAGE;
    struct differences differences;

    raw_commit(page, PAGE);
    differences = found_by_audit(subject, 1);
    assert_difference(&differences.difference[0], HostMemOnlyInSystem, region, page, 0, PAGE);
    raw_decommit(page, PAGE);
    subject_release(subject, region);
}

#ifdef _WIN64
#define HUGE_REGION ((SIZE_T)256 << 30)
#else
#define HUGE_REGION ((SIZE_T)256 << 20)
#endif
#define BUSY_SIZE GRANULE

/* A thread that commits and decommits the same pages until it is told to stop. */
struct busy_thread {
    const struct subject *subject;
    char *pages;
    volatile LONG *stop;
    volatile LONG rounds;
    HRESULT hr; /* the first that was not S_OK */
};

static DWORD WINAPI be_busy(void *context)
{
    struct busy_thread *thread = context;
    IHostMemoryManager *manager = thread->subject->manager;

    while (!*thread->stop) {
        void *memory;
        HRESULT committed = IHostMemoryManager_VirtualAlloc(
            manager, thread->pages, BUSY_SIZE, MEM_COMMIT, PAGE_READWRITE, eTaskCritical, &memory);
        HRESULT decommitted =
            IHostMemoryManager_VirtualFree(manager, thread->pages, BUSY_SIZE, MEM_DECOMMIT);

        if (thread->hr == S_OK)
            thread->hr = committed != S_OK ? committed : decommitted;
        thread->rounds++;
    }
    return 0;
}

/* Each thread has begun, and ended, an operation since. */
static void wait_for_rounds(const struct busy_thread *threads, unsigned count)
{
    LONG before[MOST_THREADS];

    for (unsigned i = 0; i < count; i++)
        before[i] = threads[i].rounds;
    for (unsigned i = 0; i < count; i++) {
        while (threads[i].rounds < before[i] + 2)
            SwitchToThread();
    }
}

/* What threads change all the time is left out, and that alone: a few granules of 256 GiB. */
static void all_but_the_busy_pages_of_a_huge_region_is_compared(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, HUGE_REGION, MEM_RESERVE, PAGE_READWRITE);
    char *pages[] = {region + HUGE_REGION / 4, region + HUGE_REGION / 4 * 3};
    struct busy_thread contexts[2] = {{0}};
    volatile LONG stop = 0;
    struct threads threads;
    struct differences differences;

    for (unsigned i = 0; i < COUNT_OF(contexts); i++)
        contexts[i] = (struct busy_thread){
            .subject = subject, .pages = region + i * (HUGE_REGION / 2), .stop = &stop};
    for (unsigned i = 0; i < COUNT_OF(pages); i++)
        subject_alloc_at(subject, pages[i], 3 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    raw_decommit(pages[0] + PAGE, PAGE);
    raw_commit(pages[1] + 3 * PAGE, PAGE);
    threads_start(&threads, COUNT_OF(contexts), be_busy, contexts, sizeof(contexts[0]));
    for (unsigned round = 0; round < 2; round++) {
        wait_for_rounds(contexts, COUNT_OF(contexts));
        audit(subject, &differences);
        if (differences.count != 2 || differences.audit.BusyBytes > COUNT_OF(contexts) * BUSY_SIZE)
            break;
    }
    stop = 1;
    threads_join(&threads);
    for (unsigned i = 0; i < COUNT_OF(contexts); i++)
        assert_hresult(contexts[i].hr, S_OK);
    assert_figure(differences.count, 2);
    assert_difference(&differences.difference[0], HostMemOnlyInBooks, region, pages[0] + PAGE, PAGE,
                      0);
    assert_difference(&differences.difference[1], HostMemOnlyInSystem, region, pages[1] + 3 * PAGE,
                      0, PAGE);
    assert_figure(differences.audit.Regions, 1);
    assert_between(differences.audit.BusyBytes, 0, COUNT_OF(contexts) * BUSY_SIZE);
    assert_at_least(differences.audit.ReservedBytes, HUGE_REGION - COUNT_OF(contexts) * BUSY_SIZE);
    raw_commit(pages[0] + PAGE, PAGE);
    raw_decommit(pages[1] + 3 * PAGE, PAGE);
    subject_release(subject, region);
}

static void a_difference_tells_all_about_its_region(void **state)
{
    const struct subject *subject = *state;
    char *region = NULL;
    struct differences differences;
    const HOSTMEM_REGION *told = &differences.difference[0].Region;

    subject_release(subject, subject_alloc(subject, PAGE, MEM_RESERVE, PAGE_READWRITE));
    assert_hresult(IHostMemoryManager_VirtualAlloc(subject->manager, NULL, 9 * PAGE,
                                                   MEM_RESERVE | MEM_COMMIT, PAGE_READONLY,
                                                   eProcessCritical, (void **)&region),
                   S_OK);
    raw_decommit(region, PAGE);
    differences = found_by_audit(subject, 1);
    assert_figure(told->Size, 9 * PAGE);
    assert_figure(told->Committed, 9 * PAGE);
    assert_figure(told->AllocationType, MEM_RESERVE | MEM_COMMIT);
    assert_figure(told->Protect, PAGE_READONLY);
    assert_figure(told->CriticalLevel, eProcessCritical);
    assert_figure(told->ThreadId, GetCurrentThreadId());
    assert_figure(told->Sequence, 2);
    raw_commit(region, PAGE);
    subject_release(subject, region);
}

/* ------------------------------------------------------------------------------------------------
 * Whole regions
 * --------------------------------------------------------------------------------------------- */

static void a_region_released_behind_the_manager_s_back_is_found(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 2 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    struct differences differences;

    raw_release(region);
    differences = found_by_audit(subject, 1);
    assert_difference(&differences.difference[0], HostMemRegionMissing, region, region, 2 * GRANULE,
                      0);
    assert_figure(differences.audit.ReservedBytes, 0);
    raw_reserve(region, 2 * GRANULE);
    assert_clean_audit(subject);
    subject_release(subject, region);
}

static void the_committed_pages_of_a_missing_region_are_told_too(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 2 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    struct differences differences;

    subject_alloc_at(subject, region + PAGE, 4 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    raw_release(region);
    differences = found_by_audit(subject, 2);
    assert_difference(&differences.difference[0], HostMemRegionMissing, region, region, 2 * GRANULE,
                      0);
    assert_difference(&differences.difference[1], HostMemOnlyInBooks, region, region + PAGE,
                      4 * PAGE, 0);
    raw_reserve(region, 2 * GRANULE);
    raw_commit(region + PAGE, 4 * PAGE);
    assert_clean_audit(subject);
    subject_release(subject, region);
}

static void a_region_that_is_larger_for_windows_is_found(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 3 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    struct differences differences;

    raw_release(region);
    raw_reserve(region, 10 * PAGE);
    differences = found_by_audit(subject, 1);
    assert_difference(&differences.difference[0], HostMemRegionLarger, region, region + 3 * PAGE, 0,
                      7 * PAGE);
    raw_release(region);
    raw_reserve(region, 3 * PAGE);
    assert_clean_audit(subject);
    subject_release(subject, region);
}

static void a_region_that_is_smaller_for_windows_is_found(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 10 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    struct differences differences;

    raw_release(region);
    raw_reserve(region, 4 * PAGE);
    differences = found_by_audit(subject, 1);
    assert_difference(&differences.difference[0], HostMemRegionMissing, region, region + 4 * PAGE,
                      6 * PAGE, 0);
    assert_figure(differences.audit.ReservedBytes, 4 * PAGE);
    raw_release(region);
    raw_reserve(region, 10 * PAGE);
    assert_clean_audit(subject);
    subject_release(subject, region);
}

static void a_reservation_of_someone_else_in_a_region_s_place_is_not_the_region(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 2 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    struct differences differences;
    ULONGLONG missing = 0;

    raw_release(region);
    raw_reserve(region + GRANULE, GRANULE);
    assert_hresult(audit(subject, &differences), S_FALSE);
    for (unsigned i = 0; i < differences.count; i++) {
        assert_figure(differences.difference[i].Kind, HostMemRegionMissing);
        missing += differences.difference[i].Books;
    }
    assert_figure(missing, 2 * GRANULE);
    raw_release(region + GRANULE);
    raw_reserve(region, 2 * GRANULE);
    assert_clean_audit(subject);
    subject_release(subject, region);
}

static void differences_are_told_of_the_regions_that_differ_and_of_no_other(void **state)
{
    const struct subject *subject = *state;
    char *regions[6];
    struct differences differences;
    unsigned told[6] = {0};

    for (unsigned i = 0; i < 6; i++)
        regions[i] = subject_alloc(subject, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    raw_commit(regions[1], PAGE);
    raw_commit(regions[4], PAGE);
    differences = found_by_audit(subject, 2);
    for (unsigned n = 0; n < 2; n++) {
        for (unsigned i = 0; i < 6; i++)
            told[i] += differences.difference[n].Region.Base == regions[i];
    }
    for (unsigned i = 0; i < 6; i++)
        assert_figure(told[i], i == 1 || i == 4);
    assert_figure(differences.audit.Regions, 6);
    raw_decommit(regions[1], PAGE);
    raw_decommit(regions[4], PAGE);
    for (unsigned i = 0; i < 6; i++)
        subject_release(subject, regions[i]);
}

/* ------------------------------------------------------------------------------------------------
 * Looking changes nothing, and its arguments
 * --------------------------------------------------------------------------------------------- */

static void the_audit_changes_neither_books_nor_memory(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 20 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    HOSTMEM_STATISTICS before, after;
    struct memory_image image;

    subject_alloc_at(subject, region, PAGE, MEM_COMMIT, PAGE_READWRITE);
    raw_commit(region + 5 * PAGE, PAGE);
    before = statistics_of(subject);
    image = memory_image_of(region, PAGE);
    found_by_audit(subject, 1);
    found_by_audit(subject, 1); /* and it is found again */
    after = statistics_of(subject);
    assert_memory_equal(&after, &before, sizeof(before));
    assert_unchanged("the region", &image);
    raw_decommit(region + 5 * PAGE, PAGE);
    subject_release(subject, region);
}

static void a_difference_is_no_contradiction_yet(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 2 * PAGE, MEM_RESERVE, PAGE_READWRITE);

    raw_commit(region, PAGE);
    found_by_audit(subject, 1);
    assert_figure(statistics_of(subject).Status, HostMemStatusOpen);
    raw_decommit(region, PAGE);
    subject_release(subject, region);
}

static void the_audit_without_a_callback_counts(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 20 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    HOSTMEM_AUDIT result = {.cbSize = sizeof(result)};

    for (unsigned page = 0; page < 20; page += 4)
        raw_commit(region + page * PAGE, PAGE);
    assert_hresult(IHostMemInspection_Audit(subject->inspection, &result, NULL, NULL), S_FALSE);
    assert_figure(result.Differences, 5);
    raw_decommit(region, 20 * PAGE);
    subject_release(subject, region);
}

static void the_audit_ends_when_the_callback_says_so(void **state)
{
    static const HRESULT endings[] = {S_FALSE, E_ABORT, E_FAIL, 1234};
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 20 * PAGE, MEM_RESERVE, PAGE_READWRITE);

    raw_commit(region, PAGE);
    raw_commit(region + 2 * PAGE, PAGE);
    for (unsigned i = 0; i < COUNT_OF(endings); i++) {
        struct differences differences = {.answer = endings[i]};

        differences.audit.cbSize = sizeof(HOSTMEM_AUDIT);
        assert_hresult(IHostMemInspection_Audit(subject->inspection, &differences.audit,
                                                note_difference, &differences),
                       endings[i]);
        assert_figure(differences.count, 1);
    }
    raw_decommit(region, 20 * PAGE);
    subject_release(subject, region);
}

static void the_audit_of_an_unknown_size_is_E_INVALIDARG(void **state)
{
    static const DWORD sizes[] = {0, 4, sizeof(HOSTMEM_AUDIT) - 1, sizeof(HOSTMEM_AUDIT) + 1,
                                  0xffffffff};
    const struct subject *subject = *state;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        struct differences differences;

        memset(&differences, 0, sizeof(differences));
        differences.audit.cbSize = sizes[i];
        assert_hresult(IHostMemInspection_Audit(subject->inspection, &differences.audit,
                                                note_difference, &differences),
                       E_INVALIDARG);
        assert_figure(differences.audit.cbSize, sizes[i]);
    }
}

static void the_audit_into_nowhere_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;

    assert_hresult(IHostMemInspection_Audit(subject->inspection, NULL, NULL, NULL), E_POINTER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(the_audit_of_an_empty_manager_is_clean),
        promise(the_audit_adds_up_what_windows_says),
        promise(the_audit_of_memory_of_every_protection_is_clean),
        promise(the_audit_includes_heap_blocks),
        promise(pages_committed_behind_the_manager_s_back_are_found),
        promise(pages_decommitted_behind_the_manager_s_back_are_found),
        promise(a_single_page_at_either_end_is_found),
        promise(only_the_pages_that_differ_are_told),
        promise(differences_of_both_kinds_in_one_region_are_found),
        promise(a_difference_deep_in_a_huge_region_is_found),
        promise(all_but_the_busy_pages_of_a_huge_region_is_compared),
        promise(a_difference_tells_all_about_its_region),
        promise(a_region_released_behind_the_manager_s_back_is_found),
        promise(the_committed_pages_of_a_missing_region_are_told_too),
        promise(a_region_that_is_larger_for_windows_is_found),
        promise(a_region_that_is_smaller_for_windows_is_found),
        promise(a_reservation_of_someone_else_in_a_region_s_place_is_not_the_region),
        promise(differences_are_told_of_the_regions_that_differ_and_of_no_other),
        promise(the_audit_changes_neither_books_nor_memory),
        promise(a_difference_is_no_contradiction_yet),
        promise(the_audit_without_a_callback_counts),
        promise(the_audit_ends_when_the_callback_says_so),
        promise(the_audit_of_an_unknown_size_is_E_INVALIDARG),
        promise(the_audit_into_nowhere_is_E_POINTER),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
