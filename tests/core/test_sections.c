/*
 * test_sections.c: sections, their handles and their views: what is committed is counted once,
 * charged once, and given back at the end (src/pages/sections).
 */
#include "sections_world.h"

#include "budget/budget.h"
#include "pages/sections/view_commit.h"

/* ------------------------------------------------------------------------------------------------
 * What a section is charged for
 * --------------------------------------------------------------------------------------------- */

static void a_committed_section_is_charged_for_its_size_from_the_start(void **state)
{
    struct world *world = *state;

    make_section(world, 5 * PAGE + 1, false, HANDLE_1);
    assert_sections(world, 1, 6 * PAGE, 0);
    close_handle(world, HANDLE_1);
    assert_sections(world, 0, 0, 0);
}

static void a_reserved_section_is_charged_for_what_is_committed_in_its_views(void **state)
{
    struct world *world = *state;
    char *view;

    make_section(world, 8 * GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    assert_sections(world, 1, 0, 1);
    commit(world, view + 3 * PAGE + 1, 2 * PAGE); /* three pages */
    assert_sections(world, 1, 3 * PAGE, 1);
    commit(world, view + 4 * PAGE, 6 * PAGE);
    assert_sections(world, 1, 7 * PAGE, 1);
    assert_exact_sections(world);
    assert_int_equal(world->counters.foreign_commits, 0);
    assert_int_equal(unmap(world, view), VIEW_CLAIMED);
    assert_sections(world, 1, 7 * PAGE, 0);
    close_handle(world, HANDLE_1);
}

static void a_page_that_two_views_show_is_charged_once(void **state)
{
    struct world *world = *state;
    char *whole, *part;

    make_section(world, 8 * GRANULE, true, HANDLE_1);
    whole = map_view(world, HANDLE_1, 0, 0);
    part = map_view(world, HANDLE_1, 2 * GRANULE, 3 * GRANULE);
    assert_int_equal(gauge_now(&world->counters.section_view_bytes), 11 * GRANULE);
    commit(world, whole + 2 * GRANULE - PAGE, 2 * PAGE);
    commit(world, part, 3 * PAGE); /* the first of these is committed */
    commit(world, whole + 2 * GRANULE, 3 * PAGE);
    assert_sections(world, 1, 4 * PAGE, 2);
    unmap(world, whole);
    unmap(world, part);
    close_handle(world, HANDLE_1);
}

static void a_commit_in_a_committed_section_changes_nothing(void **state)
{
    struct world *world = *state;
    char *view;

    make_section(world, 2 * GRANULE, false, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    commit(world, view + PAGE, PAGE);
    assert_sections(world, 1, 2 * GRANULE, 1);
    assert_int_equal(pool_limit(&world->pages.sections.nodes), 3); /* the handle's */
    unmap(world, view);
    close_handle(world, HANDLE_1);
}

static void what_is_beyond_a_view_is_refused_by_the_system_and_not_charged(void **state)
{
    struct world *world = *state;
    char *view;

    make_section(world, 8 * GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, GRANULE, 2 * GRANULE);
    assert_int_equal(refusal(world, view + GRANULE, GRANULE + 1, OS_MEM_COMMIT),
                     OS_ERROR_INVALID_ADDRESS);
    assert_sections(world, 1, 0, 1);
    unmap(world, view);
    close_handle(world, HANDLE_1);
}

static void a_section_of_two_tebibytes_costs_little(void **state)
{
    struct world *world = *state;
    uint64_t before = gauge_now(&world->counters.metadata);
    char *first, *middle, *last;

    make_section(world, 2 * TIB, true, HANDLE_1);
    first = map_view(world, HANDLE_1, 0, 65 * GRANULE);
    middle = map_view(world, HANDLE_1, TIB / 32, GRANULE); /* a subtree further */
    commit(world, middle + PAGE, PAGE);
    last = map_view(world, HANDLE_1, 2 * TIB - 65 * GRANULE, 65 * GRANULE);
    commit(world, first + PAGE, PAGE);
    commit(world, last + 64 * GRANULE, GRANULE);
    assert_sections(world, 1, GRANULE + 2 * PAGE, 3);
    assert_in_range(gauge_now(&world->counters.metadata) - before, 1, 8 * GRANULE);
    unmap(world, middle);
    unmap(world, first);
    unmap(world, last);
    close_handle(world, HANDLE_1);
}

static void a_request_that_the_system_refuses_is_not_taken_up(void **state)
{
    struct world *world = *state;

    assert_int_equal(try_section(world, 0, false, HANDLE_1), PAGES_FOREIGN);
    assert_int_equal(try_section(world, SECTION_MOST + 1, false, HANDLE_1), PAGES_FOREIGN);
    assert_sections(world, 0, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Limits
 * --------------------------------------------------------------------------------------------- */

static void set_limit(struct world *world, uint64_t bytes)
{
    const struct budget_limit limit = {bytes, 0, 0};

    budget_set_limit(&world->pages.budget.committed, &limit);
}

/* Commits pages of a view as somebody does whom the manager does not see. */
static void commit_unseen(char *address, size_t size)
{
    void *memory;

    assert_int_equal(
        os_alloc(address, size, OS_MEM_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory), 0);
}

static bool settled(struct world *world, const char *address, size_t size)
{
    return views_settle(&world->pages,
                        (struct range){(uintptr_t)address, (uintptr_t)address + size});
}

static void pages_that_were_committed_unseen_are_booked_once_whatever_the_limit(void **state)
{
    struct world *world = *state;
    char *view;

    make_section(world, 8 * GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, GRANULE, 4 * GRANULE);
    commit(world, view + PAGE, PAGE);
    commit_unseen(view, 3 * PAGE);
    commit_unseen(view + 2 * GRANULE, PAGE);
    set_limit(world, PAGE);
    assert_true(settled(world, view, GRANULE));
    assert_sections(world, 1, 3 * PAGE, 1);
    assert_true(settled(world, view + PAGE, 8 * GRANULE)); /* to beyond the end */
    assert_sections(world, 1, 4 * PAGE, 1);
    assert_true(settled(world, view, 4 * GRANULE));
    assert_sections(world, 1, 4 * PAGE, 1);
    assert_exact_sections(world);
    assert_false(settled(world, view + 16 * GRANULE, PAGE));
    unmap(world, view);
    assert_false(settled(world, view, PAGE));
    close_handle(world, HANDLE_1);
}

static void in_a_committed_section_there_is_nothing_to_settle(void **state)
{
    struct world *world = *state;
    char *view;

    make_section(world, 2 * GRANULE, false, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    assert_true(settled(world, view, GRANULE));
    assert_sections(world, 1, 2 * GRANULE, 1);
    unmap(world, view);
    close_handle(world, HANDLE_1);
}

static void a_limit_holds_to_the_byte(void **state)
{
    struct world *world = *state;
    char *view;

    set_limit(world, 10 * PAGE);
    make_section(world, 8 * GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    commit(world, view, 6 * PAGE);
    assert_int_equal(try_section(world, 4 * PAGE + 1, false, HANDLE_2), PAGES_REFUSED);
    assert_int_equal(refusal(world, view + 5 * PAGE, 6 * PAGE, OS_MEM_COMMIT), PAGES_REFUSED);
    assert_sections(world, 1, 6 * PAGE, 1);
    assert_int_equal(system_at(view + 6 * PAGE).state, OS_MEM_RESERVE);
    assert_int_equal(gauge_peak(&world->counters.section_bytes), 6 * PAGE);
    commit(world, view + 5 * PAGE, 5 * PAGE);
    assert_sections(world, 1, 10 * PAGE, 1);
    commit(world, view, 10 * PAGE); /* nothing that is not there */
    unmap(world, view);
    close_handle(world, HANDLE_1);
}

/* ------------------------------------------------------------------------------------------------
 * The end
 * --------------------------------------------------------------------------------------------- */

static void a_section_ends_with_its_last_handle_or_view(void **state)
{
    struct world *world = *state;
    char *view;

    make_section(world, 8 * GRANULE, true, HANDLE_1);
    assert_true(duplicate_handle(world, HANDLE_1, HANDLE_3));
    view = map_view(world, HANDLE_3, 0, 0);
    commit(world, view, PAGE);
    close_handle(world, HANDLE_1);
    assert_sections(world, 1, PAGE, 1);
    close_handle(world, HANDLE_3);
    assert_sections(world, 1, PAGE, 1);
    commit(world, view + PAGE, PAGE);
    assert_sections(world, 1, 2 * PAGE, 1);
    unmap(world, view);
    assert_sections(world, 0, 0, 0);
    make_section(world, 8 * GRANULE, true, HANDLE_1); /* the same record: no bit is left */
    view = map_view(world, HANDLE_1, 0, 0);
    commit(world, view, 3 * PAGE);
    assert_sections(world, 1, 3 * PAGE, 1);
    unmap(world, view);
    close_handle(world, HANDLE_1);
}

static void what_a_section_used_is_used_again(void **state)
{
    struct world *world = *state;
    uint32_t nodes = 0, records = 0;

    for (unsigned round = 0; round < 100; round++) {
        char *view;

        make_section(world, TIB, true, HANDLE_1);
        view = map_view(world, HANDLE_1, TIB / 2, GRANULE);
        commit(world, view, GRANULE);
        unmap(world, view);
        close_handle(world, HANDLE_1);
        if (round == 1) {
            nodes = pool_limit(&world->pages.sections.nodes);
            records = pool_limit(&world->pages.sections.records);
        }
    }
    assert_int_equal(pool_limit(&world->pages.sections.nodes), nodes);
    assert_int_equal(pool_limit(&world->pages.sections.records), records);
    assert_int_equal(pool_limit(&world->pages.sections.views), 1);
}

/* ------------------------------------------------------------------------------------------------
 * Handles
 * --------------------------------------------------------------------------------------------- */

static void only_handles_that_were_noted_are_known(void **state)
{
    struct world *world = *state;
    const struct sections *sections = &world->pages.sections;

    assert_false(sections_know(sections, HANDLE_1));
    make_section(world, PAGE, false, HANDLE_1);
    assert_true(sections_know(sections, HANDLE_1));
    assert_true(sections_know(sections, HANDLE_1 | 3)); /* as the system sees it */
    assert_false(sections_know(sections, HANDLE_2));
    assert_false(sections_know(sections, 0));
    assert_false(sections_know(sections, UINTPTR_MAX)); /* a pseudo handle */
    assert_false(duplicate_handle(world, HANDLE_2, HANDLE_3));
    assert_null(try_map(world, HANDLE_2, 0, 0, NULL));
    close_handle(world, HANDLE_1);
    assert_false(sections_know(sections, HANDLE_1));
    close_handle(world, HANDLE_1); /* once more: nothing happens */
    assert_sections(world, 0, 0, 0);
}

static void a_handle_that_was_closed_unseen_is_lost_when_its_value_comes_again(void **state)
{
    struct world *world = *state;

    make_section(world, PAGE, false, HANDLE_1);
    make_section(world, 2 * PAGE, false, HANDLE_1);
    assert_sections(world, 1, 2 * PAGE, 0);
    make_section(world, 3 * PAGE, false, HANDLE_2);
    assert_true(duplicate_handle(world, HANDLE_2, HANDLE_1));
    assert_sections(world, 1, 3 * PAGE, 0);
    close_handle(world, HANDLE_2);
    assert_sections(world, 1, 3 * PAGE, 0);
    sections_forget_handle(&world->pages.sections, HANDLE_1); /* it came for something else */
    assert_sections(world, 0, 0, 0);
}

static void a_handle_that_was_not_closed_stands_for_its_section_again(void **state)
{
    struct world *world = *state;
    struct sections *sections = &world->pages.sections;
    uint32_t index;

    make_section(world, PAGE, false, HANDLE_1);
    index = sections_take_handle(sections, HANDLE_1);
    assert_false(sections_know(sections, HANDLE_1));
    sections_restore_handle(sections, HANDLE_1, index);
    assert_true(sections_know(sections, HANDLE_1));
    assert_sections(world, 1, PAGE, 0);
    index = sections_take_handle(sections, HANDLE_1);
    make_section(world, 2 * PAGE, false, HANDLE_1); /* its value is another's by now */
    sections_restore_handle(sections, HANDLE_1, index);
    assert_sections(world, 1, 2 * PAGE, 0);
    close_handle(world, HANDLE_1);
}

static void handles_and_views_are_counted(void **state)
{
    struct world *world = *state;
    struct section_facts facts;
    uint32_t cursor = 0;
    char *view;

    make_section(world, 3 * GRANULE - 1, true, HANDLE_1);
    duplicate_handle(world, HANDLE_1, HANDLE_2);
    view = map_view(world, HANDLE_2, GRANULE, GRANULE);
    commit(world, view, PAGE);
    assert_true(views_find_section(&world->pages.sections, (uintptr_t)view + GRANULE - 1, &facts));
    assert_int_equal(facts.size, 3 * GRANULE);
    assert_int_equal(facts.committed, PAGE);
    assert_int_equal(facts.handles, 2);
    assert_int_equal(facts.views, 1);
    assert_int_equal(facts.sequence, 1);
    assert_int_equal(facts.thread_id, os_thread_id());
    assert_ptr_equal(facts.caller, world);
    assert_true(facts.reserved);
    assert_true(sections_next(&world->pages.sections, &cursor, &facts));
    assert_false(sections_next(&world->pages.sections, &cursor, &facts));
    close_handle(world, HANDLE_1);
    unmap(world, view);
    cursor = 0;
    assert_true(sections_next(&world->pages.sections, &cursor, &facts));
    assert_int_equal(facts.handles, 1);
    assert_int_equal(facts.views, 0);
    assert_false(views_find_section(&world->pages.sections, (uintptr_t)view, &facts));
    close_handle(world, HANDLE_2);
}

/* ------------------------------------------------------------------------------------------------
 * Views
 * --------------------------------------------------------------------------------------------- */

static void a_view_is_found_by_each_of_its_addresses(void **state)
{
    struct world *world = *state;
    struct sections *sections = &world->pages.sections;
    size_t size = 2 * CHUNK_SIZE + 3 * GRANULE + PAGE;
    char *view;

    make_section(world, size, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    for (size_t at = 0; at < size; at += GRANULE)
        assert_true(views_know(sections, (uintptr_t)view + at));
    assert_true(views_know(sections, (uintptr_t)view + size - 1));
    assert_false(views_know(sections, (uintptr_t)view + size));
    assert_false(views_know(sections, (uintptr_t)view - 1));
    commit(world, view + CHUNK_SIZE - PAGE, 2 * PAGE);
    commit(world, view + size - PAGE, PAGE);
    assert_sections(world, 1, 3 * PAGE, 1);
    assert_exact_sections(world);
    unmap(world, view);
    assert_false(views_know(sections, (uintptr_t)view));
    close_handle(world, HANDLE_1);
}

static void a_view_that_was_unmapped_unseen_is_forgotten_when_its_address_comes_again(void **state)
{
    struct world *world = *state;
    char *view, *other;

    make_section(world, 4 * GRANULE, true, HANDLE_1);
    make_section(world, CHUNK_SIZE * 2, true, HANDLE_2);
    view = map_view(world, HANDLE_1, 0, 0);
    commit(world, view, PAGE);
    close_handle(world, HANDLE_1);
    assert_int_equal(os_unmap(view), 0);
    other = try_map(world, HANDLE_2, 0, GRANULE, view + GRANULE);
    assert_ptr_equal(other, view + GRANULE);
    assert_sections(world, 1, 0, 1);
    assert_int_equal(os_unmap(other), 0);
    views_forget(&world->pages.sections, (uintptr_t)other,
                 (uintptr_t)other + GRANULE); /* it came for something else */
    assert_sections(world, 1, 0, 0);
    close_handle(world, HANDLE_2);
}

/* The slot of the whole chunk hides those of its granules, until it names no live view any more. */
static void a_view_of_a_whole_chunk_takes_the_place_of_one_that_was_unmapped_unseen(void **state)
{
    struct world *world = *state;
    char *big, *chunk, *view;

    make_section(world, 4 * GRANULE, true, HANDLE_1);
    make_section(world, 4 * CHUNK_SIZE, true, HANDLE_2);
    big = map_view(world, HANDLE_2, 0, 0);
    unmap(world, big);
    chunk = (char *)(((uintptr_t)big + CHUNK_SIZE - 1) / CHUNK_SIZE * CHUNK_SIZE);
    view = try_map(world, HANDLE_1, 0, 0, chunk + GRANULE);
    assert_ptr_equal(view, chunk + GRANULE);
    commit(world, view, PAGE);
    close_handle(world, HANDLE_1);
    assert_int_equal(os_unmap(view), 0);
    assert_ptr_equal(try_map(world, HANDLE_2, 0, CHUNK_SIZE, chunk), chunk);
    assert_sections(world, 1, 0, 1);
    unmap(world, chunk);
    assert_false(views_know(&world->pages.sections, (uintptr_t)view));
    close_handle(world, HANDLE_2);
}

static void a_view_that_is_being_unmapped_is_not_met_where_another_is_mapped(void **state)
{
    struct world *world = *state;
    struct sections *sections = &world->pages.sections;
    uint32_t index;
    void *other;
    char *view;

    make_section(world, 4 * GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    assert_int_equal(views_claim(sections, (uintptr_t)view, &index), VIEW_CLAIMED);
    assert_int_equal(os_unmap(view), 0); /* and the thread is suspended */
    assert_int_equal(
        os_alloc(view, 2 * GRANULE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &other), 0);
    views_forget(sections, (uintptr_t)view, (uintptr_t)view + 2 * GRANULE);
    commit(world, view, PAGE);
    commit(world, view + GRANULE, PAGE);
    views_unmapped(sections, index);
    os_free(view, 0, OS_MEM_RELEASE);
    assert_sections(world, 1, 0, 0);
    close_handle(world, HANDLE_1);
}

/* The handle was closed unseen, and its value stands for a larger section. */
static void a_view_beyond_the_end_of_the_section_is_of_another(void **state)
{
    struct world *world = *state;
    struct sections *sections = &world->pages.sections;
    const struct {
        uint64_t offset;
        size_t size;
    } parts[] = {{3 * GRANULE, 0}, {2 * GRANULE, 0}, {GRANULE, GRANULE + 1}, {4 * GRANULE, PAGE}};
    char *place = free_granule();

    make_section(world, 2 * GRANULE, true, HANDLE_1);
    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        uint32_t section, index;

        begin_call(world);
        index = views_begin(sections, HANDLE_1, &section);
        assert_int_equal(
            views_map(sections, index, (uintptr_t)place, parts[i].offset, parts[i].size),
            VIEW_STRANGE);
        views_cancel(sections, index);
        end_call(world, true);
        assert_int_equal(gauge_now(&world->counters.section_view_bytes), 0);
        assert_sections(world, 1, 0, 0);
    }
    close_handle(world, HANDLE_1);
    assert_sections(world, 0, 0, 0);
}

static void a_refused_unmapping_leaves_the_view_in_the_books(void **state)
{
    struct world *world = *state;
    struct sections *sections = &world->pages.sections;
    uint32_t index;
    char *view;

    make_section(world, 4 * GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    assert_int_equal(views_claim(sections, (uintptr_t)view, &index), VIEW_CLAIMED);
    assert_false(views_know(sections, (uintptr_t)view));
    views_restore(sections, index);
    commit(world, view, PAGE);
    assert_sections(world, 1, PAGE, 1);
    unmap(world, view);
    close_handle(world, HANDLE_1);
}

static void a_view_that_is_unmapped_while_it_is_used_is_unmapped_by_the_last_operation(void **state)
{
    struct world *world = *state;
    struct sections *sections = &world->pages.sections;
    struct view_operation first, second;
    char *view;

    make_section(world, 4 * GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    close_handle(world, HANDLE_1);
    assert_int_equal(view_begin(sections, (uintptr_t)view, &first), VIEW_BEGUN);
    assert_int_equal(view_begin(sections, (uintptr_t)view + GRANULE, &second), VIEW_BEGUN);
    assert_int_equal(unmap(world, view), VIEW_HANDED_ON);
    assert_int_equal(unmap(world, view), VIEW_GONE_BEFORE);
    assert_int_equal(view_begin(sections, (uintptr_t)view, &second), VIEW_NOT_FOUND);
    view_end(sections, &first);
    assert_int_equal(unmap(world, view + GRANULE), VIEW_GONE_BEFORE);
    assert_int_equal(system_at(view).state, OS_MEM_RESERVE);
    assert_int_equal(gauge_now(&world->counters.sections), 1);
    view_end(sections, &second);
    assert_int_equal(unmap(world, view), VIEW_NOT_KNOWN);
    assert_int_equal(system_at(view).state, OS_MEM_FREE);
    assert_sections(world, 0, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Memory runs out
 * --------------------------------------------------------------------------------------------- */

/* Each request for bookkeeping memory fails in turn, until the attempt succeeds. */
typedef bool attempt(struct world *world, char *view);

static void assert_no_trace(struct world *world, attempt *attempt, char *view)
{
    uint64_t sections = gauge_now(&world->counters.sections);
    uint64_t bytes = gauge_now(&world->counters.section_bytes);
    uint64_t views = gauge_now(&world->counters.section_views);
    uint64_t n = 0;
    bool done;

    do {
        exhaust_metadata(world);
        os_fault_at(OS_FAULT_METADATA, ++n);
        done = attempt(world, view);
        os_fault_at(OS_FAULT_METADATA, 0);
        if (!done)
            assert_sections(world, sections, bytes, views);
    } while (!done);
    assert_true(n > 1); /* else nothing has failed */
}

static bool make_another(struct world *world, char *view)
{
    (void)view;
    return try_section(world, GRANULE, false, HANDLE_1) == PAGES_OK;
}

static bool map_another(struct world *world, char *view)
{
    return try_map(world, HANDLE_1, 0, 0, view) != NULL;
}

static bool commit_one(struct world *world, char *view)
{
    char *memory;

    return try_alloc(world, view, PAGE, OS_MEM_COMMIT, &memory) == PAGES_OK;
}

static bool note_far_duplicate(struct world *world, char *view)
{
    (void)view;
    return duplicate_handle(world, HANDLE_1, HANDLE_3);
}

/* Takes all nodes that are committed already. */
static void use_up_nodes(struct world *world)
{
    os_fault_at(OS_FAULT_METADATA, 1);
    while (pool_take(&world->pages.sections.nodes))
        ;
    os_fault_at(OS_FAULT_METADATA, 0);
}

static void a_want_of_bookkeeping_memory_leaves_no_trace(void **state)
{
    struct world *world = *state;
    char *view = free_granule();

    assert_no_trace(world, make_another, NULL);
    close_handle(world, HANDLE_1);
    make_section(world, GRANULE, true, HANDLE_1);
    assert_no_trace(world, map_another, view);
    use_up_nodes(world);
    assert_no_trace(world, commit_one, view);
    use_up_nodes(world);
    assert_no_trace(world, note_far_duplicate, NULL);
    assert_sections(world, 1, PAGE, 1);
    unmap(world, view);
    close_handle(world, HANDLE_1);
    close_handle(world, HANDLE_3);
}

/* Records, nodes and views are as many as their pools have; the handle's value does not matter. */
static void more_sections_than_there_are_records_are_refused(void **state)
{
    struct world *world = *state;
    uintptr_t handle = HANDLE_1;
    uint64_t made;

    while (try_section(world, PAGE, true, handle) == PAGES_OK)
        handle += 4;
    made = gauge_now(&world->counters.sections);
    assert_true(made >= 65535);
    assert_sections(world, made, 0, 0);
    close_handle(world, HANDLE_2);
    make_section(world, PAGE, false, HANDLE_2);
    assert_sections(world, made, PAGE, 0);
    while (handle > HANDLE_1)
        close_handle(world, handle -= 4);
    assert_sections(world, 0, 0, 0);
}

/* Each of the pages lies under a node of its own. */
static void more_pages_than_there_are_nodes_are_refused(void **state)
{
    struct world *world = *state;
    const uint64_t step = (uint64_t)SPARSE_FANOUT * 32 * PAGE;
    char *memory, *view = NULL;
    uint64_t at = 0, pages;

    make_section(world, 4 * TIB, true, HANDLE_1);
    do {
        if (view)
            unmap(world, view);
        view = map_view(world, HANDLE_1, at, GRANULE);
        at += step;
    } while (try_alloc(world, view, PAGE, OS_MEM_COMMIT, &memory) == PAGES_OK);
    pages = at / step - 1;
    assert_true(pages > 32000);
    assert_sections(world, 1, pages * PAGE, 1);
    /* Where there is a node already, there is room. */
    unmap(world, view);
    view = map_view(world, HANDLE_1, 0, GRANULE);
    commit(world, view + PAGE, PAGE);
    assert_sections(world, 1, (pages + 1) * PAGE, 1);
    unmap(world, view);
    close_handle(world, HANDLE_1);
    assert_sections(world, 0, 0, 0);
}

static void a_commit_that_the_system_refuses_leaves_no_trace(void **state)
{
    struct world *world = *state;
    char *view;

    make_section(world, GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    os_fault_at(OS_FAULT_PAGES, 1);
    assert_int_equal(refusal(world, view, PAGE, OS_MEM_COMMIT), OS_ERROR_NOT_ENOUGH_MEMORY);
    os_fault_at(OS_FAULT_PAGES, 0);
    assert_sections(world, 1, 0, 1);
    commit(world, view, PAGE);
    assert_sections(world, 1, PAGE, 1);
    unmap(world, view);
    close_handle(world, HANDLE_1);
}

/* ------------------------------------------------------------------------------------------------
 * Audits
 * --------------------------------------------------------------------------------------------- */

struct finding {
    unsigned count;
    struct audit_difference last;
};

static bool keep_difference(void *context, const struct audit_difference *difference)
{
    struct finding *finding = context;

    finding->count++;
    finding->last = *difference;
    return true;
}

static void assert_finds(struct world *world, enum audit_kind kind, const void *address,
                         uint64_t books, uint64_t system)
{
    struct finding finding = {0};
    struct audit audit;

    assert_true(audit_run(&world->pages, &audit, keep_difference, &finding));
    assert_int_equal(finding.count, 1);
    assert_int_equal(audit.differences, 1);
    assert_int_equal(finding.last.kind, kind);
    assert_ptr_equal(finding.last.address, address);
    assert_int_equal(finding.last.books, books);
    assert_int_equal(finding.last.system, system);
    assert_int_equal(finding.last.section.size, 4 * GRANULE);
}

static void an_audit_finds_what_differs_in_a_view(void **state)
{
    struct world *world = *state;
    void *memory;
    char *view;

    make_section(world, 4 * GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    commit(world, view, 2 * PAGE);
    os_alloc(view + GRANULE, 3 * PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    assert_finds(world, AUDIT_SECTION_ONLY_IN_SYSTEM, view + GRANULE, 0, 3 * PAGE);
    commit(world, view + GRANULE, 3 * PAGE); /* seen now */
    os_free(view + PAGE, PAGE, OS_MEM_DECOMMIT);
    assert_finds(world, AUDIT_SECTION_ONLY_IN_BOOKS, view + PAGE, PAGE, 0);
    os_unmap(view);
    assert_finds(world, AUDIT_VIEW_MISSING, view, 4 * GRANULE, 0);
    views_forget(&world->pages.sections, (uintptr_t)view, (uintptr_t)view + 4 * GRANULE);
    close_handle(world, HANDLE_1);
}

static void a_page_is_committed_if_any_view_says_so(void **state)
{
    struct world *world = *state;
    struct audit audit;
    char *view, *other;

    make_section(world, 4 * GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 2 * GRANULE);
    other = map_view(world, HANDLE_1, GRANULE, 2 * GRANULE); /* it says nothing of the first's */
    commit(world, view + GRANULE + PAGE, 2 * PAGE);
    assert_true(audit_run(&world->pages, &audit, print_difference, NULL));
    assert_int_equal(audit.differences, 0);
    os_free(view + GRANULE + 2 * PAGE, PAGE, OS_MEM_DECOMMIT);
    assert_true(audit_run(&world->pages, &audit, keep_difference, &(struct finding){0}));
    assert_int_equal(audit.differences, 2); /* one for each view */
    commit(world, view + GRANULE + 2 * PAGE, PAGE);
    unmap(world, view);
    unmap(world, other);
    close_handle(world, HANDLE_1);
}

static void an_audit_says_of_which_sections_no_view_was_compared(void **state)
{
    struct world *world = *state;
    struct view_operation operation;
    struct audit audit;
    char *view;

    make_section(world, GRANULE, true, HANDLE_1);
    make_section(world, GRANULE, true, HANDLE_2);
    view = map_view(world, HANDLE_1, 0, 0);
    commit(world, view, 2 * PAGE);
    assert_true(audit_run(&world->pages, &audit, print_difference, NULL));
    assert_int_equal(audit.sections, 1);
    assert_int_equal(audit.sections_unseen, 1);
    assert_int_equal(audit.section_bytes, 2 * PAGE);
    assert_int_equal(view_begin(&world->pages.sections, (uintptr_t)view, &operation), VIEW_BEGUN);
    section_begin_commit(operation.section); /* a thread is committing pages */
    assert_true(audit_run(&world->pages, &audit, print_difference, NULL));
    assert_int_equal(audit.sections, 0);
    assert_int_equal(audit.sections_unseen, 2);
    section_end_commit(operation.section);
    view_end(&world->pages.sections, &operation);
    unmap(world, view);
    close_handle(world, HANDLE_1);
    close_handle(world, HANDLE_2);
}

static void a_node_of_another_array_leads_nowhere(void **state)
{
    struct world *world = *state;
    const struct sections *sections = &world->pages.sections;
    struct sparse stale = {0};
    struct section *section;
    char *view;

    make_section(world, 2 * TIB, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, GRANULE);
    commit(world, view, GRANULE);
    section = sections_at(sections, pool_limit(&sections->records));
    atomic_store(&stale.root, atomic_load(&section->pages.root)); /* what an observer has read */
    atomic_store(&stale.levels, atomic_load(&section->pages.levels));
    assert_non_null(sparse_find(&stale, &sections->nodes, 0));
    unmap(world, view);
    close_handle(world, HANDLE_1);
    make_section(world, 32 * GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    commit(world, view, 32 * GRANULE); /* the root is this section's only node now */
    assert_int_equal(atomic_load(&section->pages.root), atomic_load(&stale.root));
    assert_null(sparse_find(&stale, &sections->nodes, 0));
    unmap(world, view);
    close_handle(world, HANDLE_1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_committed_section_is_charged_for_its_size_from_the_start),
        world_test(a_reserved_section_is_charged_for_what_is_committed_in_its_views),
        world_test(a_page_that_two_views_show_is_charged_once),
        world_test(a_commit_in_a_committed_section_changes_nothing),
        world_test(what_is_beyond_a_view_is_refused_by_the_system_and_not_charged),
        world_test(a_section_of_two_tebibytes_costs_little),
        world_test(a_request_that_the_system_refuses_is_not_taken_up),
        world_test(pages_that_were_committed_unseen_are_booked_once_whatever_the_limit),
        world_test(in_a_committed_section_there_is_nothing_to_settle),
        world_test(a_limit_holds_to_the_byte),
        world_test(a_section_ends_with_its_last_handle_or_view),
        world_test(what_a_section_used_is_used_again),
        world_test(only_handles_that_were_noted_are_known),
        world_test(a_handle_that_was_closed_unseen_is_lost_when_its_value_comes_again),
        world_test(a_handle_that_was_not_closed_stands_for_its_section_again),
        world_test(handles_and_views_are_counted),
        world_test(a_view_is_found_by_each_of_its_addresses),
        world_test(a_view_that_was_unmapped_unseen_is_forgotten_when_its_address_comes_again),
        world_test(a_view_of_a_whole_chunk_takes_the_place_of_one_that_was_unmapped_unseen),
        world_test(a_view_that_is_being_unmapped_is_not_met_where_another_is_mapped),
        world_test(a_view_beyond_the_end_of_the_section_is_of_another),
        world_test(a_refused_unmapping_leaves_the_view_in_the_books),
        world_test(a_view_that_is_unmapped_while_it_is_used_is_unmapped_by_the_last_operation),
        world_test(a_want_of_bookkeeping_memory_leaves_no_trace),
        world_test(more_sections_than_there_are_records_are_refused),
        world_test(more_pages_than_there_are_nodes_are_refused),
        world_test(a_commit_that_the_system_refuses_leaves_no_trace),
        world_test(an_audit_finds_what_differs_in_a_view),
        world_test(a_page_is_committed_if_any_view_says_so),
        world_test(an_audit_says_of_which_sections_no_view_was_compared),
        world_test(a_node_of_another_array_leads_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
