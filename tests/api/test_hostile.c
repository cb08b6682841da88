/*
 * test_hostile.c: whatever a caller passes, no method crashes, every answer is a documented one, a
 * call that fails does not change the books, and the books are exact in the end.
 *
 * The seed is fixed, so that a failure can be repeated; the only argument, if there is one, is
 * another seed.
 */
#include "hostile.h"

#include <inttypes.h>
#include <stdlib.h>

#define CALLS UINT64_C(1000000)
#define CALLS_BETWEEN_AUDITS (CALLS / 100)
#define THREADS 4
#define CALLS_OF_A_THREAD UINT64_C(50000)
#define CALLS_WHEN_CLOSED UINT64_C(50000)

static uint64_t seed = UINT64_C(0x4057113ca11e5);

static void assert_nothing_left(const struct subject *subject)
{
    HOSTMEM_STATISTICS statistics = statistics_of(subject);

    assert_clean_audit(subject);
    assert_figure(statistics.Status, HostMemStatusOpen);
    assert_figure(statistics.Reserved.Now, 0);
    assert_figure(statistics.Committed.Now, 0);
    assert_figure(statistics.Regions.Now, 0);
    assert_figure(statistics.MappedRanges.Now, 0);
    assert_figure(statistics.Heaps.Now, 0);
    assert_figure(statistics.Blocks.Now, 0);
}

static void a_million_calls_with_garbage_crash_nothing_and_leave_the_books_exact(void **state)
{
    struct hostile hostile = {.subject = *state, .random = seed, .alone = true};

    hostile_begin(&hostile);
    while (hostile.calls < CALLS) {
        hostile_call(&hostile, CALLS_BETWEEN_AUDITS);
        hostile_check(&hostile, seed);
        assert_clean_audit(hostile.subject);
    }
    print_message("             seed 0x%" PRIx64 ": %" PRIu64 " calls, %" PRIu64 " of them S_OK\n",
                  seed, hostile.calls, hostile.successes);
    hostile_end(&hostile);
    hostile_check(&hostile, seed);
    assert_nothing_left(hostile.subject);
}

static DWORD WINAPI call_in_a_thread(void *context)
{
    hostile_call(context, CALLS_OF_A_THREAD);
    return 0;
}

static void garbage_from_several_threads_crashes_nothing_and_leaves_the_books_exact(void **state)
{
    const struct subject *subject = *state;
    static struct hostile hostiles[THREADS];
    struct threads threads;

    for (unsigned i = 0; i < THREADS; i++) {
        hostiles[i] = (struct hostile){.subject = subject, .random = seed + i + 1};
        hostile_begin(&hostiles[i]);
    }
    threads_start(&threads, THREADS, call_in_a_thread, hostiles, sizeof(hostiles[0]));
    threads_join(&threads);
    for (unsigned i = 0; i < THREADS; i++) {
        hostile_check(&hostiles[i], seed + i + 1);
        hostile_end(&hostiles[i]);
        hostile_check(&hostiles[i], seed + i + 1);
    }
    assert_nothing_left(subject);
}

static void a_closed_manager_answers_all_garbage_alike_and_changes_nothing(void **state)
{
    struct hostile hostile = {.subject = *state, .random = seed, .alone = true};
    HOSTMEM_STATISTICS before, after;

    hostile_begin(&hostile);
    do
        hostile_call(&hostile, 1000);
    while (!hostile.wrong && (!hostile.region_count || !hostile.block_count));
    assert_hresult(IHostMemInspection_Close(hostile.subject->inspection), S_OK);
    IHostMemInspection_Trim(hostile.subject->inspection, NULL); /* goes on when closed */
    before = statistics_of(hostile.subject);
    hostile.closed = true;
    hostile_give_back_in_vain(&hostile);
    hostile_call(&hostile, CALLS_WHEN_CLOSED);
    hostile_check(&hostile, seed);
    after = statistics_of(hostile.subject);
    assert_same_books("after garbage to a closed manager", &before, &after);
    hostile_end(&hostile);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        promise(a_million_calls_with_garbage_crash_nothing_and_leave_the_books_exact),
        promise(garbage_from_several_threads_crashes_nothing_and_leaves_the_books_exact),
        promise(a_closed_manager_answers_all_garbage_alike_and_changes_nothing),
    };

    if (argc > 1)
        seed = strtoull(argv[1], NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
