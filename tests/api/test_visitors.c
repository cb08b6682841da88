/*
 * test_visitors.c: who is inside a hook (src/redirect/visitors.h), and a lock whose holder is gone
 * (src/redirect/spinlock.h).
 */
#include "support.h"

#include "redirect/spinlock.h"
#include "redirect/visitors.h"

static void a_thread_is_inside_until_it_has_left_as_often_as_it_entered(void **state)
{
    (void)state;
    assert_false(visitors_any());
    visitors_enter();
    visitors_enter();
    visitors_leave();
    assert_true(visitors_any());
    visitors_leave();
    assert_false(visitors_any());
}

/* ------------------------------------------------------------------------------------------------
 * Threads inside
 * --------------------------------------------------------------------------------------------- */

struct visitor {
    HANDLE inside, go;
};

static DWORD WINAPI visit(void *context)
{
    const struct visitor *visitor = context;

    visitors_enter();
    SetEvent(visitor->inside);
    WaitForSingleObject(visitor->go, INFINITE);
    visitors_leave();
    return 0;
}

static struct visitor make_visitor(void)
{
    return (struct visitor){CreateEventW(NULL, FALSE, FALSE, NULL),
                            CreateEventW(NULL, FALSE, FALSE, NULL)};
}

static HANDLE start(struct visitor *visitor)
{
    HANDLE thread = CreateThread(NULL, 0, visit, visitor, 0, NULL);

    assert_non_null(thread);
    assert_figure(WaitForSingleObject(visitor->inside, 60000), WAIT_OBJECT_0);
    return thread;
}

static void close_visitor(struct visitor *visitor, HANDLE thread)
{
    assert_figure(WaitForSingleObject(thread, 60000), WAIT_OBJECT_0);
    CloseHandle(thread);
    CloseHandle(visitor->inside);
    CloseHandle(visitor->go);
}

static void a_terminated_thread_is_forgotten(void **state)
{
    for (int keeps_handle = 0; keeps_handle < 2; keeps_handle++) {
        struct visitor visitor = make_visitor();
        HANDLE thread = start(&visitor);

        (void)state;
        assert_true(visitors_any());
        assert_true(TerminateThread(thread, 0));
        assert_figure(WaitForSingleObject(thread, 60000), WAIT_OBJECT_0);
        if (keeps_handle)
            assert_false(visitors_any());
        close_visitor(&visitor, thread);
        SetLastError(UNTOUCHED);
        assert_false(visitors_any());
        assert_last_error(UNTOUCHED);
    }
}

/* More threads than there are places for, so that some are counted otherwise. */
static void any_number_of_threads_may_be_inside(void **state)
{
    static struct visitor visitors[300];
    static HANDLE threads[COUNT_OF(visitors)];

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(visitors); i++) {
        visitors[i] = make_visitor();
        threads[i] = start(&visitors[i]);
    }
    for (unsigned i = 0; i < COUNT_OF(visitors); i++) {
        assert_true(visitors_any());
        SetEvent(visitors[i].go);
        close_visitor(&visitors[i], threads[i]);
    }
    assert_false(visitors_any());
}

static DWORD WINAPI come_and_go(void *context)
{
    for (int i = 0; i < 100000; i++) {
        visitors_enter();
        if (i % 3 == 0) {
            visitors_enter();
            visitors_leave();
        }
        if (i % 256 == 0 && !visitors_any())
            InterlockedIncrement(context);
        visitors_leave();
    }
    return 0;
}

/* Whoever is inside himself sees somebody inside; when all have left, nobody is. */
static void threads_that_come_and_go_are_never_lost(void **state)
{
    static LONG unseen[8];
    struct threads threads;
    LONG total = 0;

    (void)state;
    threads_start(&threads, COUNT_OF(unseen), come_and_go, unseen, sizeof(unseen[0]));
    threads_join(&threads);
    for (size_t i = 0; i < COUNT_OF(unseen); i++)
        total += unseen[i];
    assert_figure(total, 0);
    assert_false(visitors_any());
}

/* ------------------------------------------------------------------------------------------------
 * The lock
 * --------------------------------------------------------------------------------------------- */

static struct spinlock lock = SPINLOCK_FREE;

static DWORD WINAPI hold_lock(void *context)
{
    const struct visitor *visitor = context;

    spinlock_acquire(&lock);
    SetEvent(visitor->inside);
    WaitForSingleObject(visitor->go, INFINITE);
    spinlock_release(&lock);
    return 0;
}

static void the_lock_of_a_terminated_thread_goes_to_the_next(void **state)
{
    struct visitor visitor = make_visitor();
    HANDLE thread = CreateThread(NULL, 0, hold_lock, &visitor, 0, NULL);

    (void)state;
    assert_figure(WaitForSingleObject(visitor.inside, 60000), WAIT_OBJECT_0);
    assert_true(TerminateThread(thread, 0));
    close_visitor(&visitor, thread);
    spinlock_acquire(&lock);
    spinlock_release(&lock);
}

static volatile unsigned counted;

static DWORD WINAPI count_under_lock(void *context)
{
    (void)context;
    for (int i = 0; i < 20000; i++) {
        spinlock_acquire(&lock);
        counted++;
        spinlock_release(&lock);
    }
    return 0;
}

static void the_lock_is_one_thread_s_at_a_time(void **state)
{
    static char contexts[8];
    struct threads threads;

    (void)state;
    threads_start(&threads, COUNT_OF(contexts), count_under_lock, contexts, sizeof(contexts[0]));
    threads_join(&threads);
    assert_figure(counted, COUNT_OF(contexts) * 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_is_inside_until_it_has_left_as_often_as_it_entered),
        cmocka_unit_test(a_terminated_thread_is_forgotten),
        cmocka_unit_test(any_number_of_threads_may_be_inside),
        cmocka_unit_test(threads_that_come_and_go_are_never_lost),
        cmocka_unit_test(the_lock_of_a_terminated_thread_goes_to_the_next),
        cmocka_unit_test(the_lock_is_one_thread_s_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
