/*
 * test_book_space.c: the address space that a manager's books begin with, or lie in wholly.
 */
#include "heap_world.h"

#include "pages/memory/book_space.h"
#include "pages/mapped.h"

static void pieces_follow_each_other_in_whole_granules(void **state)
{
    struct book_space space;
    char *first;

    (void)state;
    assert_true(book_space_reserve(&space));
    first = book_space_cut(&space, 1);
    assert_ptr_equal(first, space.base);
    assert_ptr_equal(book_space_cut(&space, GRANULE), first + GRANULE);
    assert_ptr_equal(book_space_cut(&space, GRANULE + 1), first + 2 * GRANULE);
    assert_ptr_equal(book_space_cut(&space, PAGE), first + 4 * GRANULE);
    book_space_release(&space);
}

static void what_is_left_can_be_cut_and_no_more(void **state)
{
    struct book_space space;

    (void)state;
    assert_true(book_space_reserve_whole(&space));
    assert_null(book_space_cut(&space, BOOK_SPACE_SIZE + 1));
    assert_null(book_space_cut(&space, SIZE_MAX));
    assert_non_null(book_space_cut(&space, BOOK_SPACE_SIZE - GRANULE));
    assert_null(book_space_cut(&space, GRANULE + 1));
    assert_non_null(book_space_cut(&space, GRANULE));
    assert_null(book_space_cut(&space, 1));
    book_space_release(&space);
}

static void a_space_that_cannot_be_reserved_says_so(void **state)
{
    struct book_space space;

    (void)state;
    os_fault_at(OS_FAULT_METADATA, 1);
    assert_false(book_space_reserve(&space));
    os_fault_at(OS_FAULT_METADATA, 0);
    book_space_release(&space);
}

/* The parts of a manager that can be made here, at the places that they have in one space. */
struct parts {
    struct world world;
    struct heap_space heaps;
    struct mapped mapped;
};

static void make_parts(struct parts *parts, bool whole)
{
    const struct heap_options options = {.guard_above = SIZE_MAX};
    struct book_space *books = &parts->world.books;

    books->gauge = &parts->world.counters.metadata;
    assert_true(whole ? book_space_reserve_whole(books) : book_space_reserve(books));
    assert_true(pages_init(&parts->world.pages, &parts->world.counters, books));
    assert_true(heap_space_init(&parts->heaps, &parts->world.pages, &options));
    assert_true(mapped_init(&parts->mapped, &parts->world.counters, books));
}

static size_t offset_in(const struct parts *parts, const struct span *span)
{
    return (size_t)(span->base - parts->world.books.base);
}

static void a_managers_spans_lie_at_the_same_places_in_every_whole_space(void **state)
{
    struct parts *one = zeroed(sizeof(*one)), *other = zeroed(sizeof(*other));

    (void)state;
    make_parts(one, true);
    make_parts(other, true);
    assert_ptr_not_equal(one->world.books.base, other->world.books.base);
    assert_int_equal(one->world.books.used, other->world.books.used);
#define assert_same_place(member)                                                                  \
    assert_int_equal(offset_in(one, &one->member.span), offset_in(other, &other->member.span))
    assert_same_place(world.pages.metadata);
    assert_same_place(world.pages.table.regions);
    assert_same_place(world.pages.table.chunks.chunks);
    assert_same_place(heaps.heaps);
    assert_same_place(heaps.slabs);
    assert_same_place(heaps.histories.memory);
    assert_same_place(heaps.threads);
    assert_same_place(mapped.ranges);
#undef assert_same_place
    book_space_release(&one->world.books);
    book_space_release(&other->world.books);
    free(one);
    free(other);
}

/* What a manager makes besides takes less than 3 MiB, 1 MiB on x86 (test_books_cost). */
static void the_first_pieces_of_all_spans_find_room_in_one_small_space(void **state)
{
    struct parts *parts = zeroed(sizeof(*parts));

    (void)state;
    make_parts(parts, false);
    assert_in_range(parts->world.books.used, 1, BOOK_SPACE_FIRST - ((size_t)3 << 20));
    book_space_release(&parts->world.books);
    free(parts);
}

static void books_work_in_somebody_elses_memory_and_leave_it_there(void **state)
{
    struct world *world = zeroed(sizeof(*world));
    void *memory;

    (void)state;
    assert_int_equal(
        os_alloc(NULL, BOOK_SPACE_SIZE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &memory),
        0);
    assert_true(book_space_is_whole(memory, BOOK_SPACE_SIZE));
    world->books.gauge = &world->counters.metadata;
    book_space_borrow(&world->books, memory);
    assert_true(pages_init(&world->pages, &world->counters, &world->books));
    assert_in_range((uintptr_t)world->pages.metadata.span.base, (uintptr_t)memory,
                    (uintptr_t)memory + BOOK_SPACE_SIZE);
    assert_true(gauge_now(&world->counters.metadata) > 0);
    pages_destroy(&world->pages);
    book_space_release(&world->books);
    assert_int_equal(system_at(memory).allocation_base, (uintptr_t)memory);
    assert_int_equal(os_free(memory, 0, OS_MEM_RELEASE), 0);
    free(world);
}

static void memory_that_is_not_one_whole_allocation_is_refused(void **state)
{
    void *memory;
    char *base;

    (void)state;
    assert_int_equal(os_alloc(NULL, BOOK_SPACE_SIZE + GRANULE, OS_MEM_RESERVE, OS_PAGE_READWRITE,
                              OS_ANY_NODE, &memory),
                     0);
    base = memory;
    assert_true(book_space_is_whole(base, BOOK_SPACE_SIZE + GRANULE));
    assert_false(book_space_is_whole(base, BOOK_SPACE_SIZE - 1));
    assert_false(book_space_is_whole(base, BOOK_SPACE_SIZE + 2 * GRANULE));
    assert_false(book_space_is_whole(base, SIZE_MAX));
    assert_false(book_space_is_whole(base + GRANULE, BOOK_SPACE_SIZE));
    assert_false(book_space_is_whole(base + PAGE, BOOK_SPACE_SIZE));
    assert_int_equal(os_free(memory, 0, OS_MEM_RELEASE), 0);
    assert_false(book_space_is_whole(base, BOOK_SPACE_SIZE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_follow_each_other_in_whole_granules),
        cmocka_unit_test(what_is_left_can_be_cut_and_no_more),
        cmocka_unit_test(a_space_that_cannot_be_reserved_says_so),
        cmocka_unit_test(a_managers_spans_lie_at_the_same_places_in_every_whole_space),
        cmocka_unit_test(the_first_pieces_of_all_spans_find_room_in_one_small_space),
        cmocka_unit_test(books_work_in_somebody_elses_memory_and_leave_it_there),
        cmocka_unit_test(memory_that_is_not_one_whole_allocation_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
