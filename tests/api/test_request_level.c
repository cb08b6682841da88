/*
 * test_request_level.c: limits for a redirected module: which of its requests are refused, as which
 * critical level (src/redirect/runtime/request_level.c), and with which of Win32's errors.
 */
#include "redirected.h"

#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)
#define MIB ((SIZE_T)1 << 20)

static void set_level(const struct redirected *redirected, EMemoryCriticalLevel level)
{
    assert_succeeds(IHostMemInspection_SetRedirectedLevel(redirected->subject.inspection, level));
}

static ULONGLONG refusals(const struct redirected *redirected, EMemoryCriticalLevel level)
{
    return statistics_of(&redirected->subject).RefusedRequests[level].Count;
}

/* Checks that the limits refuse the request, and that it is counted under that level. */
#define assert_refused_as(redirected, level, request)                                              \
    do {                                                                                           \
        ULONGLONG refused_before = refusals((redirected), (level));                                \
        SetLastError(UNTOUCHED);                                                                   \
        assert_null(request);                                                                      \
        assert_last_error(ERROR_COMMITMENT_LIMIT);                                                 \
        assert_figure(refusals((redirected), (level)), refused_before + 1);                        \
    } while (0)

/* ------------------------------------------------------------------------------------------------
 * Which requests are refused
 * --------------------------------------------------------------------------------------------- */

static void what_a_module_asks_for_is_refused_with_win32_s_own_error(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE self = GetCurrentProcess();

    redirected_limit_committed(redirected, 16 * MIB, 0);
    assert_refused_as(redirected, eTaskCritical,
                      calls->alloc(NULL, 17 * MIB, RESERVE_COMMIT, PAGE_READWRITE));
    assert_refused_as(redirected, eTaskCritical,
                      calls->alloc_ex(self, NULL, 17 * MIB, RESERVE_COMMIT, PAGE_READWRITE));
    assert_refused_as(redirected, eTaskCritical,
                      calls->alloc_ex_numa(self, NULL, 17 * MIB, RESERVE_COMMIT, PAGE_READWRITE,
                                           NUMA_NO_PREFERRED_NODE));
    assert_figure(statistics_of(&redirected->subject).Committed.Peak, 0);
}

static void the_collector_s_heap_is_task_critical_and_all_else_may_use_the_reserve(void **state)
{
    struct redirected *redirected = *state;
    char *heap, *small;

    redirected_limit_committed(redirected, 4 * MIB, 2 * MIB);
    heap = redirected_alloc(redirected, NULL, 8 * MIB, MEM_RESERVE);
    small = redirected_alloc(redirected, NULL, 8 * MIB - PAGE, MEM_RESERVE);
    assert_non_null(redirected_alloc(redirected, heap + 4 * MIB, 4 * MIB, MEM_COMMIT));
    assert_refused_as(redirected, eTaskCritical,
                      redirected_alloc(redirected, heap + 3 * MIB, PAGE, MEM_COMMIT));
    assert_non_null(redirected_alloc(redirected, small, MIB, MEM_COMMIT));
    assert_non_null(redirected_alloc(redirected, small + 4 * MIB, MIB, MEM_COMMIT));
    assert_refused_as(redirected, eAppDomainCritical,
                      redirected_alloc(redirected, small + 2 * MIB, PAGE, MEM_COMMIT));
    assert_refused_as(redirected, eAppDomainCritical,
                      redirected_alloc(redirected, NULL, PAGE, RESERVE_COMMIT));
    redirected_release(redirected, heap);
    redirected_release(redirected, small);
}

static void the_start_of_a_new_segment_may_use_the_reserve(void **state)
{
    struct redirected *redirected = *state;
    char *full, *fresh;

    redirected_limit_committed(redirected, 8 * MIB, 4 * MIB);
    full = redirected_alloc(redirected, NULL, 8 * MIB, RESERVE_COMMIT);
    fresh = redirected_alloc(redirected, NULL, 16 * MIB, MEM_RESERVE);
    assert_non_null(full);
    assert_refused_as(redirected, eTaskCritical,
                      redirected_alloc(redirected, fresh, 2 * MIB + PAGE, MEM_COMMIT));
    assert_non_null(redirected_alloc(redirected, fresh, 2 * PAGE, MEM_COMMIT));
    assert_non_null(redirected_alloc(redirected, fresh + 2 * PAGE, 2 * MIB, MEM_COMMIT));
    assert_refused_as(redirected, eTaskCritical,
                      redirected_alloc(redirected, fresh + 4 * MIB, PAGE, MEM_COMMIT));
    redirected_release(redirected, full);
    redirected_release(redirected, fresh);
}

static void before_the_runtime_is_up_all_is_as_critical_as_the_host_says(void **state)
{
    struct redirected *redirected = *state;
    const HOSTMEM_LIMITS limits = {
        .cbSize = sizeof(limits),
        .Committed = {.Limit = 8 * MIB, .AppDomainReserve = MIB, .ProcessReserve = MIB}};
    void *memory;

    redirected_limit(redirected, &limits);
    set_level(redirected, eProcessCritical);
    assert_figure(statistics_of(&redirected->subject).RedirectedLevel, eProcessCritical);
    memory = redirected_alloc(redirected, NULL, 10 * MIB, RESERVE_COMMIT);
    assert_non_null(memory);
    assert_refused_as(redirected, eProcessCritical,
                      redirected_alloc(redirected, NULL, 1, RESERVE_COMMIT));
    redirected_release(redirected, memory);
    set_level(redirected, eAppDomainCritical);
    assert_refused_as(redirected, eAppDomainCritical,
                      redirected_alloc(redirected, NULL, 10 * MIB, RESERVE_COMMIT));
    memory = redirected_alloc(redirected, NULL, 9 * MIB, RESERVE_COMMIT);
    assert_non_null(memory);
    redirected_release(redirected, memory);
    set_level(redirected, eTaskCritical);
    assert_refused_as(redirected, eTaskCritical,
                      redirected_alloc(redirected, NULL, 9 * MIB, RESERVE_COMMIT));
    for (size_t i = 0; i < COUNT_OF(no_levels); i++)
        assert_hresult(
            IHostMemInspection_SetRedirectedLevel(redirected->subject.inspection, no_levels[i]),
            E_INVALIDARG);
    assert_figure(statistics_of(&redirected->subject).RedirectedLevel, eTaskCritical);
}

static volatile LONG raised;

static LONG CALLBACK note_no_memory(EXCEPTION_POINTERS *pointers)
{
    if (pointers->ExceptionRecord->ExceptionCode != STATUS_NO_MEMORY)
        return EXCEPTION_CONTINUE_SEARCH;
    InterlockedIncrement(&raised);
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* A request of the heap that the limits refuse, and how often it raises STATUS_NO_MEMORY. */
#define assert_heap_refuses(request, exceptions)                                                   \
    do {                                                                                           \
        raised = 0;                                                                                \
        SetLastError(UNTOUCHED);                                                                   \
        assert_null(request);                                                                      \
        assert_last_error(ERROR_NOT_ENOUGH_MEMORY);                                                \
        assert_figure(raised, (exceptions));                                                       \
    } while (0)

static void a_heap_under_a_limit_fails_as_windows_heaps_do(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE heap = GetProcessHeap();
    void *handler = AddVectoredExceptionHandler(1, note_no_memory);
    unsigned char *block;

    redirected_limit_committed(redirected, MIB, MIB);
    block = calls->heap_alloc(GetProcessHeap(), 0, 100);
    assert_non_null(block);
    memset(block, 0x5a, 100);
    assert_heap_refuses(calls->heap_alloc(heap, 0, 3 * MIB), 0);
    assert_heap_refuses(calls->heap_realloc(heap, 0, block, 3 * MIB), 0);
    assert_heap_refuses(calls->heap_alloc(heap, HEAP_GENERATE_EXCEPTIONS, 3 * MIB), 1);
    assert_heap_refuses(calls->heap_realloc(heap, HEAP_GENERATE_EXCEPTIONS, block, 3 * MIB), 1);
    assert_true(RemoveVectoredExceptionHandler(handler) != 0);
    assert_figure(refusals(redirected, eAppDomainCritical), 4);
    assert_figure(calls->heap_size(GetProcessHeap(), 0, block), 100);
    for (int i = 0; i < 100; i++)
        assert_figure(block[i], 0x5a);
    block = calls->heap_realloc(GetProcessHeap(), 0, block, 3 * MIB / 2); /* uses the reserve */
    assert_non_null(block);
    assert_figure(block[99], 0x5a);
    assert_true(calls->heap_free(GetProcessHeap(), 0, block));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        redirected_promise(what_a_module_asks_for_is_refused_with_win32_s_own_error),
        redirected_promise(the_collector_s_heap_is_task_critical_and_all_else_may_use_the_reserve),
        redirected_promise(the_start_of_a_new_segment_may_use_the_reserve),
        redirected_promise(before_the_runtime_is_up_all_is_as_critical_as_the_host_says),
        redirected_heap_promise(a_heap_under_a_limit_fails_as_windows_heaps_do),
    };

    return cmocka_run_group_tests_name("limits of redirected modules", tests, NULL, NULL);
}
