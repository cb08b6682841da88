/*
 * test_limits.c: limits on what a manager hands out: which request is refused, with which answer,
 * and at which byte.
 */
#include "support.h"

#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)
#define MIB ((ULONGLONG)1 << 20)
#define LIMIT (64 * PAGE)

/* ------------------------------------------------------------------------------------------------
 * Managers with limits
 * --------------------------------------------------------------------------------------------- */

static const HOSTMEM_LIMITS no_limits = {.cbSize = sizeof(no_limits)};

static HOSTMEM_LIMITS committed_limit(ULONGLONG limit)
{
    HOSTMEM_LIMITS limits = no_limits;

    limits.Committed.Limit = limit;
    return limits;
}

static HOSTMEM_LIMITS reserved_limit(ULONGLONG limit)
{
    HOSTMEM_LIMITS limits = no_limits;

    limits.Reserved.Limit = limit;
    return limits;
}

static struct subject make_limited(const HOSTMEM_LIMITS *limits)
{
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = limits};

    return subject_make(&options);
}

static void end(struct subject *subject)
{
    assert_clean_audit(subject);
    subject_end(subject);
}

static HRESULT try_alloc(const struct subject *subject, SIZE_T size, DWORD type,
                         EMemoryCriticalLevel level, void **memory)
{
    *memory = SOMETHING;
    return IHostMemoryManager_VirtualAlloc(subject->manager, NULL, size, type, PAGE_READWRITE,
                                           level, memory);
}

static HRESULT commit(const struct subject *subject, char *address, SIZE_T size)
{
    void *memory = SOMETHING;

    return IHostMemoryManager_VirtualAlloc(subject->manager, address, size, MEM_COMMIT,
                                           PAGE_READWRITE, eTaskCritical, &memory);
}

static void *get(const struct subject *subject, SIZE_T size, EMemoryCriticalLevel level)
{
    void *memory;

    assert_succeeds(try_alloc(subject, size, RESERVE_COMMIT, level, &memory));
    return memory;
}

static ULONGLONG refusals(const struct subject *subject, EMemoryCriticalLevel level)
{
    return statistics_of(subject).RefusedRequests[level].Count;
}

/*
 * Checks that the limits refuse the request: with the right answer, counted, and without a trace.
 */
static void check_refused(const struct subject *subject, SIZE_T size, DWORD type,
                          EMemoryCriticalLevel level)
{
    HOSTMEM_STATISTICS before = statistics_of(subject), after;
    void *memory;

    assert_result(try_alloc(subject, size, type, level, &memory), E_OUTOFMEMORY,
                  ERROR_COMMITMENT_LIMIT);
    assert_null(memory);
    after = statistics_of(subject);
    assert_figure(after.RefusedRequests[level].Count, before.RefusedRequests[level].Count + 1);
    assert_true(after.RefusedRequests[level].FirstOrder > 0);
    assert_no_trace(subject, &before);
}

#define assert_refused(subject, size, level)                                                       \
    check_refused((subject), (size), RESERVE_COMMIT, (level))

static void set_limits(const struct subject *subject, HOSTMEM_LIMITS limits)
{
    assert_succeeds(IHostMemInspection_SetLimits(subject->inspection, &limits));
}

/* ------------------------------------------------------------------------------------------------
 * The boundary
 * --------------------------------------------------------------------------------------------- */

static void the_limit_itself_is_granted_and_a_page_more_is_not(void **state)
{
    const HOSTMEM_LIMITS limits = committed_limit(LIMIT);
    struct subject subject = make_limited(&limits);
    void *memory;

    (void)state;
    assert_refused(&subject, LIMIT + 1, eTaskCritical);
    assert_refused(&subject, LIMIT + PAGE, eTaskCritical);
    memory = get(&subject, LIMIT, eTaskCritical);
    assert_refused(&subject, 1, eTaskCritical);
    subject_release(&subject, memory);
    memory = get(&subject, LIMIT - PAGE, eTaskCritical);
    assert_refused(&subject, PAGE + 1, eTaskCritical);
    subject_release(&subject, get(&subject, PAGE, eTaskCritical));
    subject_release(&subject, memory);
    assert_figure(statistics_of(&subject).Committed.Peak, LIMIT);
    end(&subject);
}

static void what_a_request_costs_is_rounded_as_windows_rounds_it(void **state)
{
    const HOSTMEM_LIMITS limits = committed_limit(3 * PAGE);
    struct subject subject = make_limited(&limits);
    void *first, *second;

    (void)state;
    first = get(&subject, 1, eTaskCritical);
    second = get(&subject, PAGE + 1, eTaskCritical);
    assert_figure(statistics_of(&subject).Committed.Now, 3 * PAGE);
    assert_refused(&subject, 1, eTaskCritical);
    subject_release(&subject, first);
    subject_release(&subject, second);
    end(&subject);
}

static void a_limit_that_is_no_multiple_of_a_page_is_rounded_down(void **state)
{
    const HOSTMEM_LIMITS limits = committed_limit(3 * PAGE - 1);
    struct subject subject = make_limited(&limits);

    (void)state;
    assert_refused(&subject, 2 * PAGE + 1, eTaskCritical);
    subject_release(&subject, get(&subject, 2 * PAGE, eTaskCritical));
    end(&subject);
}

/* Whether the budget or Win32 refuses the request, nothing is charged for it afterwards. */
static void sizes_that_nothing_can_hold_fail_and_cost_nothing(void **state)
{
    static const SIZE_T sizes[] = {(SIZE_T)-1, (SIZE_T)-1 - PAGE, ((SIZE_T)-1) / 2,
                                   ((SIZE_T)-1) / 2 + 1, MORE_THAN_THERE_IS};
    const HOSTMEM_LIMITS limits = committed_limit(LIMIT);
    struct subject subject = make_limited(&limits);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        HOSTMEM_STATISTICS before = statistics_of(&subject);
        void *memory;
        HRESULT result = try_alloc(&subject, sizes[i], RESERVE_COMMIT, eTaskCritical, &memory);

        assert_true(FAILED(result));
        assert_null(memory);
        assert_no_trace(&subject, &before);
    }
    subject_release(&subject, get(&subject, LIMIT, eTaskCritical));
    end(&subject);
}

static void a_request_that_win32_refuses_leaves_no_charge(void **state)
{
    const HOSTMEM_LIMITS limits = committed_limit(LIMIT);
    struct subject subject = make_limited(&limits);
    void *memory, *taken = get(&subject, PAGE, eTaskCritical);

    (void)state;
    for (int i = 0; i < 100; i++) {
        memory = SOMETHING;
        assert_result(IHostMemoryManager_VirtualAlloc(subject.manager, taken, LIMIT - PAGE,
                                                      RESERVE_COMMIT, PAGE_READWRITE, eTaskCritical,
                                                      &memory),
                      HRESULT_FROM_WIN32(ERROR_INVALID_ADDRESS), ERROR_INVALID_ADDRESS);
        assert_null(memory);
    }
    assert_figure(refusals(&subject, eTaskCritical), 0);
    subject_release(&subject, get(&subject, LIMIT - PAGE, eTaskCritical));
    subject_release(&subject, taken);
    taken = subject_alloc(&subject, LIMIT, MEM_RESERVE, PAGE_NOACCESS);
    for (int i = 0; i < 100; i++) {
        memory = SOMETHING;
        assert_result(IHostMemoryManager_VirtualAlloc(subject.manager, taken, LIMIT, MEM_COMMIT,
                                                      0xbad, eTaskCritical, &memory),
                      E_INVALIDARG, ERROR_INVALID_PARAMETER);
        assert_null(memory);
    }
    assert_succeeds(commit(&subject, taken, LIMIT));
    subject_release(&subject, taken);
    end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * What counts
 * --------------------------------------------------------------------------------------------- */

static void only_committed_pages_count_against_the_limit_on_committed_bytes(void **state)
{
    const HOSTMEM_LIMITS limits = committed_limit(4 * PAGE);
    struct subject subject = make_limited(&limits);
    char *region = subject_alloc(&subject, 64 * MIB, MEM_RESERVE, PAGE_NOACCESS);

    (void)state;
    assert_succeeds(commit(&subject, region, 3 * PAGE));
    assert_result(commit(&subject, region + 8 * PAGE, 2 * PAGE), E_OUTOFMEMORY,
                  ERROR_COMMITMENT_LIMIT);
    assert_figure(memory_state(region + 8 * PAGE), MEM_RESERVE);
    assert_succeeds(commit(&subject, region + 8 * PAGE, PAGE));
    subject_release(&subject, region);
    end(&subject);
}

static void committing_again_costs_nothing_and_decommitting_gives_back(void **state)
{
    const HOSTMEM_LIMITS limits = committed_limit(4 * PAGE);
    struct subject subject = make_limited(&limits);
    char *region = subject_alloc(&subject, MIB, MEM_RESERVE, PAGE_NOACCESS);

    (void)state;
    assert_succeeds(commit(&subject, region, 4 * PAGE));
    assert_succeeds(commit(&subject, region, 4 * PAGE));
    assert_succeeds(commit(&subject, region + PAGE, PAGE));
    assert_result(commit(&subject, region, 5 * PAGE), E_OUTOFMEMORY, ERROR_COMMITMENT_LIMIT);
    assert_succeeds(
        IHostMemoryManager_VirtualFree(subject.manager, region + PAGE, PAGE, MEM_DECOMMIT));
    assert_result(commit(&subject, region, 5 * PAGE + 1), E_OUTOFMEMORY, ERROR_COMMITMENT_LIMIT);
    assert_succeeds(commit(&subject, region + 7 * PAGE, PAGE));
    assert_result(commit(&subject, region + PAGE, 1), E_OUTOFMEMORY, ERROR_COMMITMENT_LIMIT);
    subject_release(&subject, region);
    assert_figure(statistics_of(&subject).Committed.Peak, 4 * PAGE);
    end(&subject);
}

static void address_space_has_a_limit_of_its_own(void **state)
{
    const HOSTMEM_LIMITS limits = reserved_limit(4 * GRANULE);
    struct subject subject = make_limited(&limits);
    char *region = subject_alloc(&subject, 3 * GRANULE, MEM_RESERVE, PAGE_NOACCESS);

    (void)state;
    check_refused(&subject, GRANULE + 1, MEM_RESERVE, eTaskCritical);
    check_refused(&subject, 2 * GRANULE, RESERVE_COMMIT, eTaskCritical);
    assert_succeeds(commit(&subject, region, 3 * GRANULE));
    subject_release(&subject, get(&subject, GRANULE, eTaskCritical));
    subject_release(&subject, region);
    assert_figure(statistics_of(&subject).Reserved.Peak, 4 * GRANULE);
    end(&subject);
}

static void a_request_that_breaks_either_limit_is_refused_and_charges_neither(void **state)
{
    HOSTMEM_LIMITS limits = committed_limit(2 * PAGE);
    struct subject subject;

    (void)state;
    limits.Reserved.Limit = 4 * PAGE;
    subject = make_limited(&limits);
    for (int i = 0; i < 100; i++) {
        assert_refused(&subject, 3 * PAGE, eTaskCritical);
        check_refused(&subject, 5 * PAGE, MEM_RESERVE, eTaskCritical);
    }
    subject_release(&subject, get(&subject, 2 * PAGE, eTaskCritical));
    subject_release(&subject, subject_alloc(&subject, 4 * PAGE, MEM_RESERVE, PAGE_NOACCESS));
    end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * Criticality
 * --------------------------------------------------------------------------------------------- */

/* How many pages requests of each level get, one by one, when nothing else is committed. */
static unsigned pages_for(const struct subject *subject, EMemoryCriticalLevel level, unsigned most)
{
    void *pages[256];
    unsigned count = 0;

    while (count < most && count < COUNT_OF(pages) &&
           try_alloc(subject, PAGE, RESERVE_COMMIT, level, &pages[count]) == S_OK)
        count++;
    for (unsigned i = 0; i < count; i++)
        subject_release(subject, pages[i]);
    return count;
}

static void each_level_goes_as_far_as_its_reserve(void **state)
{
    enum {
        ENDLESS = 200 /* more than any limit here */
    };
    static const struct {
        ULONGLONG limit, app_domain, process;
        unsigned expected[3];
    } cases[] = {
        {10, 0, HOSTMEM_NO_RESERVE, {10, 10, 10}},
        {10, 5, HOSTMEM_NO_RESERVE, {10, 15, 15}},
        {10, 0, 7, {10, 10, 17}},
        {10, 5, 7, {10, 15, 22}},
        {10, 5, 0, {10, 15, ENDLESS}},
        {0, 5, 7, {ENDLESS, ENDLESS, ENDLESS}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ULONGLONG process = cases[i].process;
        HOSTMEM_LIMITS limits = committed_limit(cases[i].limit * PAGE);
        struct subject subject;

        limits.Committed.AppDomainReserve = cases[i].app_domain * PAGE;
        limits.Committed.ProcessReserve = process == HOSTMEM_NO_RESERVE ? process : process * PAGE;
        subject = make_limited(&limits);
        for (int level = eTaskCritical; level <= eProcessCritical; level++)
            assert_figure(pages_for(&subject, (EMemoryCriticalLevel)level, ENDLESS),
                          cases[i].expected[level]);
        end(&subject);
    }
}

static void refusals_are_counted_by_level_with_their_order(void **state)
{
    HOSTMEM_LIMITS limits = committed_limit(PAGE);
    HOSTMEM_STATISTICS statistics;
    struct subject subject;

    (void)state;
    limits.Committed.ProcessReserve = HOSTMEM_NO_RESERVE;
    subject = make_limited(&limits);
    assert_refused(&subject, 2 * PAGE, eProcessCritical);
    assert_refused(&subject, 2 * PAGE, eTaskCritical);
    assert_refused(&subject, 2 * PAGE, eTaskCritical);
    assert_refused(&subject, 2 * PAGE, eAppDomainCritical);
    statistics = statistics_of(&subject);
    assert_figure(statistics.RefusedRequests[eTaskCritical].Count, 2);
    assert_figure(statistics.RefusedRequests[eAppDomainCritical].Count, 1);
    assert_figure(statistics.RefusedRequests[eProcessCritical].Count, 1);
    assert_figure(statistics.RefusedRequests[eProcessCritical].FirstOrder, 1);
    assert_figure(statistics.RefusedRequests[eTaskCritical].FirstOrder, 2);
    assert_figure(statistics.RefusedRequests[eAppDomainCritical].FirstOrder, 3);
    assert_true(statistics.RefusedRequests[eAppDomainCritical].FirstMilliseconds < 60000);
    end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

static void a_heap_is_refused_without_harm_and_goes_on_when_there_is_room(void **state)
{
    enum {
        MOST = 4096,
        SIZE = 1024
    };
    const HOSTMEM_LIMITS limits = committed_limit(MIB);
    static unsigned char *blocks[MOST];
    struct subject subject = make_limited(&limits);
    IHostMalloc *heap = subject_heap(&subject);
    unsigned count = 0;
    void *large = SOMETHING;
    HRESULT result;

    (void)state;
    do {
        blocks[count] = SOMETHING;
        result = IHostMalloc_Alloc(heap, SIZE, eTaskCritical, (void **)&blocks[count]);
        if (result == S_OK)
            memset(blocks[count], (int)(count & 0xff), SIZE);
    } while (result == S_OK && ++count < MOST);
    assert_hresult(result, E_OUTOFMEMORY);
    assert_null(blocks[count]);
    assert_last_error(ERROR_COMMITMENT_LIMIT);
    assert_between(count, 100, MIB / SIZE);
    assert_hresult(IHostMalloc_Alloc(heap, 2 * MIB, eTaskCritical, &large), E_OUTOFMEMORY);
    assert_null(large);
    assert_at_least(refusals(&subject, eTaskCritical), 2);
    assert_true(statistics_of(&subject).Committed.Peak <= MIB);
    for (unsigned i = 0; i < count; i++) {
        assert_figure(blocks[i][0], i & 0xff);
        assert_figure(blocks[i][SIZE - 1], i & 0xff);
        assert_succeeds(IHostMalloc_Free(heap, blocks[i]));
    }
    assert_succeeds(IHostMalloc_Free(heap, heap_block(heap, SIZE)));
    IHostMalloc_Release(heap);
    end(&subject);
}

static void a_heap_uses_the_reserve_of_the_level_that_it_is_asked_with(void **state)
{
    HOSTMEM_LIMITS limits = committed_limit(MIB);
    struct subject subject;
    IHostMalloc *heap;
    void *task, *app_domain, *process;

    (void)state;
    limits.Committed.AppDomainReserve = MIB;
    subject = make_limited(&limits);
    heap = subject_heap(&subject);
    assert_hresult(IHostMalloc_Alloc(heap, MIB * 3 / 2, eTaskCritical, &task), E_OUTOFMEMORY);
    assert_succeeds(IHostMalloc_Alloc(heap, MIB * 3 / 2, eAppDomainCritical, &app_domain));
    assert_hresult(IHostMalloc_Alloc(heap, MIB, eAppDomainCritical, &process), E_OUTOFMEMORY);
    assert_succeeds(IHostMalloc_Alloc(heap, MIB, eProcessCritical, &process));
    assert_succeeds(IHostMalloc_Free(heap, app_domain));
    assert_succeeds(IHostMalloc_Free(heap, process));
    IHostMalloc_Release(heap);
    end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * Setting limits
 * --------------------------------------------------------------------------------------------- */

static const HOSTMEM_LIMITS bad_limits[] = {
    {.cbSize = 0},
    {.cbSize = sizeof(HOSTMEM_LIMITS) - 1},
    {.cbSize = sizeof(HOSTMEM_LIMITS) + 8},
    {.cbSize = sizeof(HOSTMEM_LIMITS), .Unused = 1},
    {.cbSize = sizeof(HOSTMEM_LIMITS), .LowPercent = 101},
    {.cbSize = sizeof(HOSTMEM_LIMITS), .LowPercent = 0xffffffff},
    {.cbSize = sizeof(HOSTMEM_LIMITS), .LowPercent = 50, .HighPercent = 50},
    {.cbSize = sizeof(HOSTMEM_LIMITS), .LowPercent = 50, .HighPercent = 51},
    {.cbSize = sizeof(HOSTMEM_LIMITS), .LowPercent = 70},  /* the other is 70, too */
    {.cbSize = sizeof(HOSTMEM_LIMITS), .HighPercent = 90}, /* likewise */
};

static void a_manager_with_bad_limits_is_not_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_limits); i++) {
        const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = &bad_limits[i]};
        IHostMemoryManager *manager = SOMETHING;

        assert_hresult(HostMemCreateManager(&options, &manager), E_INVALIDARG);
        assert_null(manager);
    }
}

static void bad_limits_are_refused_and_the_old_ones_hold(void **state)
{
    HOSTMEM_LIMITS limits = committed_limit(LIMIT), read = no_limits;
    struct subject subject = make_limited(&limits);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_limits); i++)
        assert_hresult(IHostMemInspection_SetLimits(subject.inspection, &bad_limits[i]),
                       E_INVALIDARG);
    assert_hresult(IHostMemInspection_SetLimits(subject.inspection, NULL), E_POINTER);
    assert_hresult(IHostMemInspection_GetLimits(subject.inspection, NULL), E_POINTER);
    assert_succeeds(IHostMemInspection_GetLimits(subject.inspection, &read));
    assert_figure(read.Committed.Limit, LIMIT);
    assert_refused(&subject, LIMIT + PAGE, eTaskCritical);
    end(&subject);
}

static void limits_are_read_as_they_were_set(void **state)
{
    const HOSTMEM_LIMITS set = {
        .cbSize = sizeof(set),
        .LowPercent = 77,
        .HighPercent = 33,
        .Committed = {.Limit = 5 * MIB, .AppDomainReserve = 3 * MIB, .ProcessReserve = MIB},
        .Reserved = {.Limit = 50 * MIB, .ProcessReserve = HOSTMEM_NO_RESERVE},
    };
    HOSTMEM_LIMITS read = no_limits;
    struct subject subject = make_limited(&set);

    (void)state;
    assert_succeeds(IHostMemInspection_GetLimits(subject.inspection, &read));
    assert_memory_equal(&read, &set, sizeof(set));
    set_limits(&subject, no_limits);
    assert_succeeds(IHostMemInspection_GetLimits(subject.inspection, &read));
    assert_figure(read.Committed.Limit, 0);
    assert_figure(read.Reserved.Limit, 0);
    assert_figure(read.LowPercent, 90);
    assert_figure(read.HighPercent, 70);
    end(&subject);
}

static void a_structure_of_another_size_is_not_written_to(void **state)
{
    struct subject *subject = *state;
    HOSTMEM_LIMITS read;

    memset(&read, 0xcc, sizeof(read));
    read.cbSize = sizeof(read) - 8;
    assert_hresult(IHostMemInspection_GetLimits(subject->inspection, &read), E_INVALIDARG);
    assert_figure(read.LowPercent, 0xcccccccc);
    assert_figure(read.Reserved.ProcessReserve, 0xccccccccccccccccull);
}

static void a_limit_below_what_is_used_takes_nothing_away(void **state)
{
    struct subject *subject = *state;
    char *first = get(subject, 32 * PAGE, eTaskCritical);
    char *second = get(subject, 32 * PAGE, eTaskCritical);

    memset(first, 1, 32 * PAGE);
    set_limits(subject, committed_limit(16 * PAGE));
    assert_figure(statistics_of(subject).Committed.Now, 64 * PAGE);
    assert_figure(statistics_of(subject).Pressure, eMemoryAvailableLow);
    assert_figure(first[32 * PAGE - 1], 1);
    assert_refused(subject, 1, eTaskCritical);
    subject_release(subject, second);
    assert_refused(subject, 1, eTaskCritical);
    assert_succeeds(IHostMemoryManager_VirtualFree(subject->manager, first + 8 * PAGE, 24 * PAGE,
                                                   MEM_DECOMMIT));
    subject_release(subject, get(subject, 8 * PAGE, eTaskCritical));
    assert_refused(subject, 9 * PAGE, eTaskCritical);
    set_limits(subject, committed_limit(17 * PAGE));
    subject_release(subject, get(subject, 9 * PAGE, eTaskCritical));
    subject_release(subject, first);
}

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

#define WORKERS 8

struct worker {
    struct subject *subject;
    unsigned rounds;
    uint64_t random;
    unsigned granted, refused, wrong;
    volatile LONG *stop;
};

static void try_page(struct worker *worker, SIZE_T size, EMemoryCriticalLevel level)
{
    void *memory;
    HRESULT result = try_alloc(worker->subject, size, RESERVE_COMMIT, level, &memory);

    if (result == S_OK) {
        worker->granted++;
        if (IHostMemoryManager_VirtualFree(worker->subject->manager, memory, 0, MEM_RELEASE))
            worker->wrong++;
    } else if (result == E_OUTOFMEMORY && !memory) {
        worker->refused++;
    } else {
        worker->wrong++;
    }
}

static DWORD WINAPI want_the_last_page(void *context)
{
    struct worker *worker = context;

    for (unsigned i = 0; i < worker->rounds; i++)
        try_page(worker, PAGE, eTaskCritical);
    return 0;
}

static void of_threads_that_race_for_the_last_page_no_two_have_it(void **state)
{
    const HOSTMEM_LIMITS limits = committed_limit(LIMIT);
    struct subject subject = make_limited(&limits);
    void *held = get(&subject, LIMIT - PAGE, eTaskCritical);
    struct worker workers[WORKERS];
    struct threads threads;
    ULONGLONG refused = 0, granted = 0;

    (void)state;
    for (unsigned i = 0; i < WORKERS; i++)
        workers[i] = (struct worker){.subject = &subject, .rounds = 2000};
    threads_start(&threads, WORKERS, want_the_last_page, workers, sizeof(workers[0]));
    threads_join(&threads);
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_figure(workers[i].wrong, 0);
        refused += workers[i].refused;
        granted += workers[i].granted;
    }
    assert_at_least(granted, 1);
    assert_figure(refusals(&subject, eTaskCritical), refused);
    assert_figure(statistics_of(&subject).Committed.Peak, LIMIT);
    assert_figure(statistics_of(&subject).Committed.Now, LIMIT - PAGE);
    subject_release(&subject, get(&subject, PAGE, eTaskCritical));
    subject_release(&subject, held);
    end(&subject);
}

static DWORD WINAPI work(void *context)
{
    struct worker *worker = context;

    for (unsigned i = 0; i < worker->rounds; i++)
        try_page(worker, PAGE * (1 + next_random(&worker->random) % 8),
                 (EMemoryCriticalLevel)(next_random(&worker->random) % 2));
    return 0;
}

static void limits_may_change_while_threads_are_at_work(void **state)
{
    HOSTMEM_LIMITS low = committed_limit(4 * PAGE), high = committed_limit(LIMIT);
    struct subject subject;
    struct worker workers[4];
    struct threads threads;

    (void)state;
    high.Committed.AppDomainReserve = low.Committed.AppDomainReserve = 4 * PAGE;
    subject = make_limited(&high);
    for (unsigned i = 0; i < COUNT_OF(workers); i++)
        workers[i] = (struct worker){.subject = &subject, .rounds = 3000, .random = i + 1};
    threads_start(&threads, COUNT_OF(workers), work, workers, sizeof(workers[0]));
    for (int i = 0; i < 500; i++) {
        set_limits(&subject, i % 2 ? low : high);
        SwitchToThread();
    }
    threads_join(&threads);
    for (unsigned i = 0; i < COUNT_OF(workers); i++)
        assert_figure(workers[i].wrong, 0);
    assert_figure(statistics_of(&subject).Committed.Now, 0);
    assert_true(statistics_of(&subject).Committed.Peak <= LIMIT + 4 * PAGE);
    set_limits(&subject, high);
    subject_release(&subject, get(&subject, LIMIT, eTaskCritical));
    end(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_itself_is_granted_and_a_page_more_is_not),
        cmocka_unit_test(what_a_request_costs_is_rounded_as_windows_rounds_it),
        cmocka_unit_test(a_limit_that_is_no_multiple_of_a_page_is_rounded_down),
        cmocka_unit_test(sizes_that_nothing_can_hold_fail_and_cost_nothing),
        cmocka_unit_test(a_request_that_win32_refuses_leaves_no_charge),
        cmocka_unit_test(only_committed_pages_count_against_the_limit_on_committed_bytes),
        cmocka_unit_test(committing_again_costs_nothing_and_decommitting_gives_back),
        cmocka_unit_test(address_space_has_a_limit_of_its_own),
        cmocka_unit_test(a_request_that_breaks_either_limit_is_refused_and_charges_neither),
        cmocka_unit_test(each_level_goes_as_far_as_its_reserve),
        cmocka_unit_test(refusals_are_counted_by_level_with_their_order),
        cmocka_unit_test(a_heap_is_refused_without_harm_and_goes_on_when_there_is_room),
        cmocka_unit_test(a_heap_uses_the_reserve_of_the_level_that_it_is_asked_with),
        cmocka_unit_test(a_manager_with_bad_limits_is_not_made),
        cmocka_unit_test(bad_limits_are_refused_and_the_old_ones_hold),
        cmocka_unit_test(limits_are_read_as_they_were_set),
        promise(a_structure_of_another_size_is_not_written_to),
        promise(a_limit_below_what_is_used_takes_nothing_away),
        cmocka_unit_test(of_threads_that_race_for_the_last_page_no_two_have_it),
        cmocka_unit_test(limits_may_change_while_threads_are_at_work),
    };

    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
