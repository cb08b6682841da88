/*
 * test_books_cost.c: the address space that a manager's own books take, by VirtualQuery: little at
 * first, and more as they grow.
 */
#include "support.h"

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)
#define MIB ((ULONGLONG)1 << 20)

#ifdef _WIN64
#define MOST_AT_FIRST (12 * MIB)
#define MOST_AT_ONCE 1000u
#else
#define MOST_AT_FIRST (3 * MIB)
#define MOST_AT_ONCE 200u
#endif

/* Address space that is reserved beside what the books of the manager tell. */
static ULONGLONG cost_since(const struct memory_sum *before, const struct subject *subject)
{
    struct memory_sum now = memory_sum_of_process();

    return now.reserved - before->reserved - statistics_of(subject).Reserved.Now;
}

static void a_manager_of_ten_regions_and_a_heap_takes_little_address_space(void **state)
{
    struct memory_sum before = memory_sum_of_process();
    struct subject subject = subject_make(NULL);
    void *regions[10];
    IHostMalloc *heap;

    (void)state;
    assert_between(cost_since(&before, &subject), 1, MOST_AT_FIRST);
    print_message("             a manager's books: %.2f MiB of address space\n",
                  (double)cost_since(&before, &subject) / MIB);
    for (unsigned i = 0; i < COUNT_OF(regions); i++)
        regions[i] = subject_alloc(&subject, MIB, RESERVE_COMMIT, PAGE_READWRITE);
    heap = subject_heap(&subject);
    for (unsigned i = 0; i < 1000; i++)
        heap_block(heap, 1 + i);
    assert_between(cost_since(&before, &subject), 1, MOST_AT_FIRST);
    IHostMalloc_Release(heap);
    for (unsigned i = 0; i < COUNT_OF(regions); i++)
        subject_release(&subject, regions[i]);
    subject_end(&subject);
}

static void the_end_of_a_manager_gives_all_its_address_space_back(void **state)
{
    struct memory_sum before = memory_sum_of_process(), after;
    struct subject subject = subject_make(NULL);
    static void *regions[6000]; /* the records need several pieces */

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(regions); i++)
        regions[i] = subject_alloc(&subject, PAGE, MEM_RESERVE, PAGE_READWRITE);
    assert_clean_audit(&subject);
    for (unsigned i = 0; i < COUNT_OF(regions); i++)
        subject_release(&subject, regions[i]);
    assert_empty_books(&subject);
    subject_end(&subject);
    after = memory_sum_of_process();
    assert_figure(after.reserved, before.reserved);
    assert_figure(after.reservations, before.reservations);
}

/* The cost grows with what lives: some 400 bytes a region, and twice that while pieces double. */
static void the_books_of_many_regions_take_what_they_need(void **state)
{
    struct memory_sum before = memory_sum_of_process();
    struct subject subject = subject_make(NULL);
    static void *regions[6000];
    ULONGLONG first = cost_since(&before, &subject);

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(regions); i++)
        regions[i] = subject_alloc(&subject, PAGE, MEM_RESERVE, PAGE_READWRITE);
    assert_between(cost_since(&before, &subject), first + 1, first + 4 * MIB);
    for (unsigned i = 0; i < COUNT_OF(regions); i++)
        subject_release(&subject, regions[i]);
    subject_end(&subject);
}

static void many_managers_live_at_once(void **state)
{
    static struct subject subjects[MOST_AT_ONCE];

    (void)state;
    for (unsigned i = 0; i < MOST_AT_ONCE; i++)
        subjects[i] = subject_make(NULL);
    for (unsigned i = 0; i < MOST_AT_ONCE; i++)
        subject_end(&subjects[i]);
}

static void many_heaps_live_at_once(void **state)
{
    const struct subject *subject = *state;
    static IHostMalloc *heaps[1000];

    for (unsigned i = 0; i < COUNT_OF(heaps); i++)
        heaps[i] = subject_heap(subject);
    for (unsigned i = 0; i < COUNT_OF(heaps); i++)
        heap_block(heaps[i], 10);
    for (unsigned i = 0; i < COUNT_OF(heaps); i++)
        IHostMalloc_Release(heaps[i]);
}

#ifdef _WIN64
/* Programs whose images have fixed bases, and collectors, want the lower 2 GiB. */
static void books_lie_above_the_lower_4_gib(void **state)
{
    const struct subject *subject = *state;

    assert_true((uintptr_t)subject->manager > UINT32_MAX);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manager_of_ten_regions_and_a_heap_takes_little_address_space),
        cmocka_unit_test(the_end_of_a_manager_gives_all_its_address_space_back),
        cmocka_unit_test(the_books_of_many_regions_take_what_they_need),
        cmocka_unit_test(many_managers_live_at_once),
        promise(many_heaps_live_at_once),
#ifdef _WIN64
        promise(books_lie_above_the_lower_4_gib),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
