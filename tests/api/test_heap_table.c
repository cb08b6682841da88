/*
 * test_heap_table.c: the table from heap handles to heaps (src/redirect/heap_table.h) by itself,
 * with threads that use one handle at once. Through the hooks Win32 would be asked to destroy one
 * heap twice.
 */
#include "support.h"

#include "hosting/host_memory_manager.h"
#include "redirect/heap_table.h"

#define THREADS 8
#define ROUNDS 20000

/* Made-up handles: the table never looks at what they are handles of. */
static char places[3];

struct meeting {
    struct manager *manager;
    volatile LONG added, failures;
};

struct visitor {
    struct meeting *meeting;
    uint64_t random;
};

static DWORD WINAPI visit(void *context)
{
    struct visitor *visitor = context;
    struct meeting *meeting = visitor->meeting;

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t random = next_random(&visitor->random);
        HANDLE handle = &places[random % COUNT_OF(places)];
        struct served_heap heap;

        switch ((random >> 32) % 3) {
        case 0:
            if (heap_table_add(meeting->manager, handle, 0, NULL))
                InterlockedIncrement(&meeting->added);
            break;
        case 1:
            heap_table_remove(meeting->manager, handle);
            break;
        default:
            if (heap_table_find(meeting->manager, handle, &heap) && !heap.host_malloc)
                InterlockedIncrement(&meeting->failures);
            break;
        }
    }
    return 0;
}

static void of_threads_that_remove_one_handle_one_ends_its_heap(void **state)
{
    struct subject subject = subject_make(NULL);
    struct meeting meeting = {.manager = manager_from_interface(subject.manager)};
    struct visitor visitors[THREADS];
    struct served_heap heap;
    struct threads threads;

    (void)state;
    for (unsigned i = 0; i < THREADS; i++)
        visitors[i] = (struct visitor){&meeting, UINT64_C(0x7ab1e5eed) + i};
    threads_start(&threads, THREADS, visit, visitors, sizeof(visitors[0]));
    threads_join(&threads);
    assert_figure(meeting.failures, 0);
    assert_at_least(meeting.added, ROUNDS);
    for (unsigned i = 0; i < COUNT_OF(places); i++) {
        while (heap_table_find(meeting.manager, &places[i], &heap))
            heap_table_remove(meeting.manager, &places[i]);
    }
    assert_figure(statistics_of(&subject).Heaps.Now, 0);
    assert_clean_audit(&subject);
    subject_end(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_threads_that_remove_one_handle_one_ends_its_heap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
