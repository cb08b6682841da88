/*
 * test_os_posix_system.c: os.h on Linux with several threads, its memory for bookkeeping, its facts
 * about the system, and its faults.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os_posix/os_posix_requests.h"

#include "os/os_fault.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

#define THREADS 4

static _Atomic(char *) last_released;

/* Reserves, commits, uses, decommits and releases; others meanwhile get what it has released. */
static void *use_memory(void *failures)
{
    for (int i = 0; i < 2000; i++) {
        void *memory;
        size_t size = (size_t)(1 + i % 3) * GRANULE;

        if (os_alloc(NULL, size, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &memory) ||
            os_alloc(memory, size, OS_MEM_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory) ||
            !is_zero(memory, PAGE))
            atomic_fetch_add((_Atomic int *)failures, 1);
        else
            memset(memory, i | 1, PAGE);
        if (i % 2 && os_free(memory, PAGE, OS_MEM_DECOMMIT))
            atomic_fetch_add((_Atomic int *)failures, 1);
        if (os_free(memory, 0, OS_MEM_RELEASE))
            atomic_fetch_add((_Atomic int *)failures, 1);
        atomic_store_explicit(&last_released, memory, memory_order_relaxed);
    }
    return NULL;
}

static void threads_never_share_an_address(void **state)
{
    pthread_t threads[THREADS];
    _Atomic int failures = 0;

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_memory, &failures), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(failures, 0);
    assert_free(last_released);
}

static void *release_it(void *memory)
{
    return os_free(memory, 0, OS_MEM_RELEASE) == OK ? memory : NULL;
}

static void one_of_several_releases_at_once_succeeds(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        char *memory = reserve(GRANULE);
        pthread_t threads[THREADS];
        int winners = 0;

        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, release_it, memory), 0);
        for (int i = 0; i < THREADS; i++) {
            void *won;

            pthread_join(threads[i], &won);
            winners += won != NULL;
        }
        assert_int_equal(winners, 1);
    }
}

static sem_t frozen;
static sem_t thawed;
static _Atomic bool is_over;

static void wait_for(sem_t *semaphore)
{
    int result;

    do
        result = sem_wait(semaphore); /* a signal may have ended it */
    while (result != 0);
}

static void freeze(int number)
{
    (void)number;
    sem_post(&frozen);
    wait_for(&thawed);
}

static void *ask_the_system(void *unused)
{
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        void *memory;

        if (os_alloc(NULL, GRANULE, RESERVE_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory) == OK)
            os_free(memory, 0, OS_MEM_RELEASE);
    }
    return unused;
}

static void a_thread_that_is_frozen_by_a_signal_stops_no_other(void **state)
{
    struct sigaction action = {.sa_handler = freeze};
    struct sigaction before;
    pthread_t thread;

    (void)state;
    sem_init(&frozen, 0, 0);
    sem_init(&thawed, 0, 0);
    sigaction(SIGUSR1, &action, &before);
    assert_int_equal(pthread_create(&thread, NULL, ask_the_system, NULL), 0);
    for (int i = 0; i < 500; i++) {
        pthread_kill(thread, SIGUSR1);
        wait_for(&frozen);
        release(reserve(GRANULE)); /* would wait for ever if the thread held the mutex */
        sem_post(&thawed);
    }
    atomic_store_explicit(&is_over, true, memory_order_relaxed);
    pthread_join(thread, NULL);
    sigaction(SIGUSR1, &before, NULL);
}

/* ------------------------------------------------------------------------------------------------
 * Bookkeeping, system, faults
 * --------------------------------------------------------------------------------------------- */

static void metadata_begins_at_a_granule_and_is_zero_when_committed(void **state)
{
    char *memory = os_metadata_reserve(GRANULE + 1);

    (void)state;
    assert_non_null(memory);
    assert_int_equal((uintptr_t)memory % GRANULE, 0);
    assert_false(can_read(memory));
    assert_true(os_metadata_commit(memory + GRANULE, 1));
    assert_false(can_read(memory));
    assert_true(is_zero(memory + GRANULE, PAGE));
    os_metadata_release(memory);
}

static void metadata_stays_what_it_is_when_committed_again(void **state)
{
    char *memory = os_metadata_reserve(GRANULE);

    (void)state;
    assert_true(os_metadata_commit(memory, PAGE));
    memset(memory, 4, PAGE);
    assert_true(os_metadata_commit(memory, 2 * PAGE));
    assert_int_equal(memory[PAGE - 1], 4);
    assert_true(is_zero(memory + PAGE, PAGE));
    os_metadata_release(memory);
}

static void released_metadata_is_gone(void **state)
{
    char *memory = os_metadata_reserve(256 * GIB);

    (void)state;
    assert_non_null(memory);
    assert_true(os_metadata_commit(memory, PAGE));
    os_metadata_release(memory);
    assert_false(can_read(memory));
}

static void metadata_of_no_or_too_many_bytes_cannot_be_had(void **state)
{
    (void)state;
    assert_null(os_metadata_reserve(0));
    assert_null(os_metadata_reserve(SIZE_MAX));
    assert_null(os_metadata_reserve(OS_ADDRESS_LIMIT));
}

static void *thread_id(void *id)
{
    *(uint32_t *)id = os_thread_id();
    return NULL;
}

static void each_thread_has_an_id_of_its_own(void **state)
{
    pthread_t thread;
    uint32_t other = 0;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, thread_id, &other), 0);
    pthread_join(thread, NULL);
    assert_int_not_equal(other, 0);
    assert_int_not_equal(other, os_thread_id());
    assert_int_equal(os_thread_id(), os_thread_id());
}

static void ticks_are_milliseconds(void **state)
{
    uint64_t begun = os_tick_milliseconds();
    uint64_t passed;

    (void)state;
    usleep(20 * 1000);
    passed = os_tick_milliseconds() - begun;
    assert_true(passed >= 19);
    assert_true(passed < 10 * 1000);
}

static void the_memory_load_is_that_of_the_machine(void **state)
{
    uint32_t percent = 101;
    uint64_t available = 0;
    uint64_t total = (uint64_t)sysconf(_SC_PHYS_PAGES) * OS_PAGE_SIZE;

    (void)state;
    assert_int_equal(os_memory_load(&percent, &available), OK);
    assert_in_range(percent, 0, 100);
    assert_in_range(available, 1, total);
}

static void the_granularity_is_known(void **state)
{
    (void)state;
    assert_true(os_has_known_granularity());
}

static void an_allocation_fails_where_a_fault_is_set_and_leaves_nothing(void **state)
{
    char *memory = reserve(GRANULE);

    (void)state;
    os_fault_at(OS_FAULT_PAGES, 2);
    alloc(memory, PAGE, OS_MEM_COMMIT);
    assert_int_equal(alloc_error(memory + PAGE, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE), NO_MEMORY);
    assert_run(memory + PAGE, GRANULE - PAGE, OS_MEM_RESERVE, 0);
    alloc(memory + PAGE, PAGE, OS_MEM_COMMIT);
    assert_int_equal(os_fault_requests(OS_FAULT_PAGES), 3);
    os_fault_at(OS_FAULT_PAGES, 0);
    release(memory);
}

static void metadata_fails_where_a_fault_is_set(void **state)
{
    char *memory;

    (void)state;
    os_fault_at(OS_FAULT_METADATA, 1);
    assert_null(os_metadata_reserve(GRANULE));
    memory = os_metadata_reserve(GRANULE);
    assert_non_null(memory);
    os_fault_at(OS_FAULT_METADATA, 1);
    assert_false(os_metadata_commit(memory, PAGE));
    assert_true(os_metadata_commit(memory, PAGE));
    os_fault_at(OS_FAULT_METADATA, 0);
    os_metadata_release(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_never_share_an_address),
        cmocka_unit_test(one_of_several_releases_at_once_succeeds),
        cmocka_unit_test(a_thread_that_is_frozen_by_a_signal_stops_no_other),
        cmocka_unit_test(metadata_begins_at_a_granule_and_is_zero_when_committed),
        cmocka_unit_test(metadata_stays_what_it_is_when_committed_again),
        cmocka_unit_test(released_metadata_is_gone),
        cmocka_unit_test(metadata_of_no_or_too_many_bytes_cannot_be_had),
        cmocka_unit_test(each_thread_has_an_id_of_its_own),
        cmocka_unit_test(ticks_are_milliseconds),
        cmocka_unit_test(the_memory_load_is_that_of_the_machine),
        cmocka_unit_test(the_granularity_is_known),
        cmocka_unit_test(an_allocation_fails_where_a_fault_is_set_and_leaves_nothing),
        cmocka_unit_test(metadata_fails_where_a_fault_is_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
