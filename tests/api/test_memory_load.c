/*
 * test_memory_load.c: GetMemoryLoad: the system's figures without a limit, those of the commit
 * limit where it is tighter, and each bad argument.
 */
#include "heaps.h"

#define PAGES 100 /* of the limit: a page is a percent */

struct load {
    DWORD percent;
    SIZE_T available;
};

static struct load load_of(const struct subject *subject)
{
    struct load load;

    assert_succeeds(
        IHostMemoryManager_GetMemoryLoad(subject->manager, &load.percent, &load.available));
    return load;
}

/* A manager that may commit PAGES pages. */
static struct subject subject_with_limit(void)
{
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = PAGES * PAGE}};
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = &limits};

    return subject_make(&options);
}

static void end(struct subject *subject, char *region)
{
    subject_release(subject, region);
    assert_clean_audit(subject);
    subject_end(subject);
}

static void the_memory_load_is_the_budget_s_when_that_is_tighter(void **state)
{
    struct subject subject = subject_with_limit();
    char *region = subject_alloc(&subject, PAGES * PAGE, MEM_RESERVE, PAGE_NOACCESS);
    MEMORYSTATUSEX system = {.dwLength = sizeof(system)};

    (void)state;
    assert_true(GlobalMemoryStatusEx(&system));
    assert_figure(load_of(&subject).available, PAGES * PAGE);
    for (unsigned pages = 1; pages <= PAGES; pages++) {
        struct load load;

        subject_alloc_at(&subject, region + (pages - 1) * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
        load = load_of(&subject);
        assert_figure(load.available, (PAGES - pages) * PAGE);
        if (pages > system.dwMemoryLoad + 10)
            assert_figure(load.percent, pages);
        else
            assert_at_least(load.percent, pages);
    }
    end(&subject, region);
}

static void a_limit_below_what_is_used_is_a_load_of_100_percent(void **state)
{
    struct subject subject = subject_with_limit();
    char *region = subject_alloc(&subject, 50 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = 5 * PAGE}};

    (void)state;
    assert_succeeds(IHostMemInspection_SetLimits(subject.inspection, &limits));
    assert_figure(load_of(&subject).percent, 100);
    assert_figure(load_of(&subject).available, 0);
    end(&subject, region);
}

/* It would be given back before a request is refused. */
static void what_is_held_without_use_is_no_load(void **state)
{
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = 1000 * PAGE}};
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = &limits};
    struct subject subject = subject_make(&options);
    IHostMalloc *heap = subject_heap(&subject);

    (void)state;
    free_block(heap, heap_block(heap, 100 * PAGE));
    free_block(heap, heap_block(heap, 100));
    assert_at_least(statistics_of(&subject).Committed.Now, 100 * PAGE);
    assert_figure(load_of(&subject).available, 1000 * PAGE);
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

static MEMORYSTATUSEX system_memory(void)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};

    assert_true(GlobalMemoryStatusEx(&status));
    return status;
}

static ULONGLONG as_size(ULONGLONG bytes)
{
    return bytes < SIZE_MAX ? bytes : SIZE_MAX;
}

/* The machine's other programs move the figures while they are compared: an eighth is let pass. */
static void without_a_limit_the_memory_load_is_the_system_s(void **state)
{
    const struct subject *subject = *state;
    MEMORYSTATUSEX before = system_memory(), after;
    ULONGLONG slack = before.ullTotalPhys / 8, least, most;
    struct load load = load_of(subject);

    after = system_memory();
    least = before.ullAvailPhys < after.ullAvailPhys ? before.ullAvailPhys : after.ullAvailPhys;
    most = before.ullAvailPhys > after.ullAvailPhys ? before.ullAvailPhys : after.ullAvailPhys;
    assert_between(load.available, as_size(least > slack ? least - slack : 0),
                   as_size(most + slack));
    assert_between(load.percent + 13, before.dwMemoryLoad, before.dwMemoryLoad + 26);
}

static void GetMemoryLoad_into_nowhere_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;
    DWORD load = 0;
    SIZE_T available = 0;

    assert_hresult(IHostMemoryManager_GetMemoryLoad(subject->manager, NULL, &available), E_POINTER);
    assert_hresult(IHostMemoryManager_GetMemoryLoad(subject->manager, &load, NULL), E_POINTER);
    assert_hresult(IHostMemoryManager_GetMemoryLoad(subject->manager, NULL, NULL), E_POINTER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_memory_load_is_the_budget_s_when_that_is_tighter),
        cmocka_unit_test(a_limit_below_what_is_used_is_a_load_of_100_percent),
        cmocka_unit_test(what_is_held_without_use_is_no_load),
        promise(without_a_limit_the_memory_load_is_the_system_s),
        promise(GetMemoryLoad_into_nowhere_is_E_POINTER),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
