/*
 * test_two_managers.c: one manager after another: what a module got from the first, it gives back
 * through hooks that serve the second. The first one does it.
 */
#include "redirected.h"

#include <string.h>

/* The module is redirected to `second`; what it holds is `first`'s. */
struct pair {
    struct redirected redirected;
    struct subject first;
};

static struct pair begin(void)
{
    struct pair pair = {.redirected = {.flags = HOSTMEM_REDIRECT_HEAP}};

    pair.first = pair.redirected.subject = subject_make(NULL);
    redirected_load(&pair.redirected, L"redirect_target.dll");
    redirected_begin(&pair.redirected);
    return pair;
}

static void change(struct pair *pair)
{
    redirected_end(&pair->redirected);
    pair->redirected.subject = subject_make(NULL);
    redirected_begin(&pair->redirected);
}

/* Neither manager has anything left, refused or passed on. */
static void end(struct pair *pair)
{
    const struct subject *subjects[] = {&pair->first, &pair->redirected.subject};

    for (unsigned i = 0; i < COUNT_OF(subjects); i++) {
        HOSTMEM_STATISTICS statistics = statistics_of(subjects[i]);

        assert_figure(statistics.Blocks.Now, 0);
        assert_figure(statistics.MappedRanges.Now, 0);
        assert_figure(statistics.RefusedFrees, 0);
        assert_figure(statistics.PassedFrees, 0);
        assert_clean_audit(subjects[i]);
    }
    redirected_end(&pair->redirected);
    redirected_unload(&pair->redirected);
    subject_end(&pair->redirected.subject);
    subject_end(&pair->first);
}

static void blocks_of_the_first_are_served_by_it(void **state)
{
    struct pair pair = begin();
    const struct redirect_target *calls = pair.redirected.calls;
    HANDLE heap = GetProcessHeap();
    char *block = calls->heap_alloc(heap, 0, 1000), *large = calls->heap_alloc(heap, 0, 100000);

    (void)state;
    memset(block, 0x5a, 1000);
    change(&pair);
    assert_figure(calls->heap_size(heap, 0, block), 1000);
    assert_true(calls->heap_validate(heap, 0, block));
    block = calls->heap_realloc(heap, 0, block, 5000);
    assert_non_null(block);
    assert_figure(block[999], 0x5a);
    assert_figure(calls->heap_size(heap, 0, block), 5000);
    assert_figure(statistics_of(&pair.first).Blocks.Now, 2);
    assert_true(calls->heap_free(heap, 0, block));
    assert_true(calls->heap_free(heap, 0, large));
    end(&pair);
}

static void a_second_free_of_such_a_block_is_refused(void **state)
{
    struct pair pair = begin();
    const struct redirect_target *calls = pair.redirected.calls;
    void *block = calls->heap_alloc(GetProcessHeap(), 0, 1000);
    void *held = calls->heap_alloc(GetProcessHeap(), 0, 1000);

    (void)state;
    change(&pair);
    assert_true(calls->heap_free(GetProcessHeap(), 0, block));
    assert_false(calls->heap_free(GetProcessHeap(), 0, block));
    assert_last_error(ERROR_INVALID_PARAMETER);
    assert_figure(statistics_of(&pair.first).RefusedFrees, 1);
    assert_true(calls->heap_free(GetProcessHeap(), 0, held));
    redirected_end(&pair.redirected);
    redirected_unload(&pair.redirected);
    subject_end(&pair.redirected.subject);
    subject_end(&pair.first);
}

static void local_memory_of_the_first_is_served_by_it(void **state)
{
    struct pair pair = begin();
    void *memory = pair.redirected.calls->local_alloc(LMEM_FIXED, 100);

    (void)state;
    change(&pair);
    assert_null(pair.redirected.calls->local_free(memory));
    end(&pair);
}

static void heaps_of_the_first_end_when_the_module_destroys_them(void **state)
{
    struct pair pair = begin();
    HANDLE heap = pair.redirected.calls->heap_create(0, 0, 0);

    (void)state;
    assert_non_null(pair.redirected.calls->heap_alloc(heap, 0, 100));
    change(&pair);
    assert_figure(statistics_of(&pair.first).Blocks.Now, 1);
    assert_true(pair.redirected.calls->heap_destroy(heap));
    end(&pair);
}

static void pages_of_the_first_are_in_its_books_until_they_are_freed(void **state)
{
    struct pair pair = begin();
    char *memory = redirected_alloc(&pair.redirected, NULL, GRANULE, MEM_RESERVE);

    (void)state;
    change(&pair);
    assert_non_null(redirected_alloc(&pair.redirected, memory, 2 * PAGE, MEM_COMMIT));
    assert_figure(statistics_of(&pair.first).Committed.Now, 2 * PAGE);
    assert_true(pair.redirected.calls->free(memory, PAGE, MEM_DECOMMIT));
    assert_figure(statistics_of(&pair.first).Committed.Now, PAGE);
    assert_clean_audit(&pair.first);
    redirected_release(&pair.redirected, memory);
    assert_figure(statistics_of(&pair.first).Regions.Now, 0);
    assert_figure(memory_state(memory), MEM_FREE);
    end(&pair);
}

static void views_of_the_first_are_in_its_books_until_they_are_unmapped(void **state)
{
    struct pair pair = begin();
    HANDLE mapping = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGE, NULL);
    void *view = pair.redirected.calls->map(mapping, FILE_MAP_READ, 0, 0, 0);

    (void)state;
    assert_figure(statistics_of(&pair.first).MappedRanges.Now, 1);
    change(&pair);
    assert_true(pair.redirected.calls->unmap(view));
    CloseHandle(mapping);
    end(&pair);
}

static void blocks_of_a_manager_that_the_host_has_released_are_served(void **state)
{
    struct pair pair = begin();
    void *block = pair.redirected.calls->heap_alloc(GetProcessHeap(), 0, 1000);
    ULONGLONG before;

    (void)state;
    redirected_end(&pair.redirected);
    subject_end(&pair.first);
    pair.redirected.subject = subject_make(NULL);
    redirected_begin(&pair.redirected);
    before = memory_sum_of_process().reservations;
    assert_figure(pair.redirected.calls->heap_size(GetProcessHeap(), 0, block), 1000);
    assert_true(pair.redirected.calls->heap_free(GetProcessHeap(), 0, block));
    assert_figure(statistics_of(&pair.redirected.subject).PassedFrees, 0);
    redirected_end(&pair.redirected);
    /* Nobody needs the first manager any more: its books are gone. */
    assert_between(memory_sum_of_process().reservations, 0, before - 1);
    redirected_unload(&pair.redirected);
    subject_end(&pair.redirected.subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_the_first_are_served_by_it),
        cmocka_unit_test(a_second_free_of_such_a_block_is_refused),
        cmocka_unit_test(local_memory_of_the_first_is_served_by_it),
        cmocka_unit_test(heaps_of_the_first_end_when_the_module_destroys_them),
        cmocka_unit_test(pages_of_the_first_are_in_its_books_until_they_are_freed),
        cmocka_unit_test(views_of_the_first_are_in_its_books_until_they_are_unmapped),
        cmocka_unit_test(blocks_of_a_manager_that_the_host_has_released_are_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
