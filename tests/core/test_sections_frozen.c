/*
 * test_sections_frozen.c: sections with one thread frozen before any of its atomic accesses while
 * other calls run from beginning to end.
 */
#include "sections_world.h"

#include "freezer.h"

struct section_scene {
    struct world *world;
    char *view;
    char *others_view;
    bool done;
    bool others_done;
    struct section_facts first;
    struct section_facts facts;
    bool found;
};

/* A reserved section with one handle and one view. */
static void set_section(void *scene)
{
    struct section_scene *s = scene;

    s->world = zeroed(sizeof(struct world));
    assert_true(make_pages(s->world));
    make_section(s->world, 4 * GRANULE, true, HANDLE_1);
    s->view = map_view(s->world, HANDLE_1, 0, 0);
}

static void clear_section(void *scene)
{
    struct section_scene *s = scene;

    pages_destroy(&s->world->pages);
    free(s->world);
}

static bool commits(struct section_scene *s, char *address, size_t size)
{
    char *memory;

    return try_alloc(s->world, address, size, OS_MEM_COMMIT, &memory) == PAGES_OK;
}

static void commit_first_pages(void *scene)
{
    struct section_scene *s = scene;

    s->done = commits(s, s->view, 3 * PAGE);
}

static void commit_overlapping_pages(void *scene)
{
    struct section_scene *s = scene;

    s->others_done = commits(s, s->view + PAGE, 40 * PAGE);
}

static void check_union(void *scene)
{
    struct section_scene *s = scene;

    assert_true(s->done && s->others_done);
    assert_sections(s->world, 1, 41 * PAGE, 1);
    assert_exact_sections(s->world);
    unmap(s->world, s->view);
    close_handle(s->world, HANDLE_1);
    assert_sections(s->world, 0, 0, 0);
}

static void pages_that_two_threads_commit_are_charged_once(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct section_scene), set_section, commit_first_pages,
                           commit_overlapping_pages, check_union, clear_section});
}

/* The whole end of the section, and a new one with the same records, the same handle and address.
 */
static void replace_section(void *scene)
{
    struct section_scene *s = scene;

    s->others_done = unmap(s->world, s->view) == VIEW_CLAIMED;
    close_handle(s->world, HANDLE_1);
    make_section(s->world, 8 * GRANULE, true, HANDLE_1);
    s->others_view =
        try_map(s->world, HANDLE_1, 4 * GRANULE, 4 * GRANULE, s->others_done ? s->view : NULL);
    assert_non_null(s->others_view);
}

/* The commit went to the old section, which is gone, or to the new one, or to nobody. */
static void check_replaced(void *scene)
{
    struct section_scene *s = scene;
    uint64_t committed = gauge_now(&s->world->counters.section_bytes);

    assert_true(committed == 0 || committed == 3 * PAGE);
    assert_sections(s->world, 1, committed, 1);
    if (!s->others_done)
        assert_int_equal(system_at(s->view).state, OS_MEM_FREE);
    unmap(s->world, s->others_view);
    close_handle(s->world, HANDLE_1);
    assert_sections(s->world, 0, 0, 0);
}

static void a_commit_never_reaches_the_next_owner_of_the_address(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct section_scene), set_section, commit_first_pages,
                           replace_section, check_replaced, clear_section});
}

static void unmap_first(void *scene)
{
    struct section_scene *s = scene;

    s->others_done = unmap(s->world, s->view) != VIEW_NOT_KNOWN;
}

/* Win32 is asked about what is not known: it must not find the view there then. */
static void unmap_once_more(void *scene)
{
    struct section_scene *s = scene;
    enum view_claim claimed = unmap(s->world, s->view);

    assert_true(claimed == VIEW_GONE_BEFORE || claimed == VIEW_NOT_KNOWN);
    if (claimed == VIEW_NOT_KNOWN)
        assert_int_equal(system_at(s->view).state, OS_MEM_FREE);
}

static void check_unmapped(void *scene)
{
    struct section_scene *s = scene;

    assert_true(s->others_done);
    assert_int_equal(system_at(s->view).state, OS_MEM_FREE);
    close_handle(s->world, HANDLE_1);
    assert_sections(s->world, 0, 0, 0);
}

static void a_view_that_was_handed_on_cannot_be_unmapped_again(void **state)
{
    (void)state;
    perform_twice(&(struct play){sizeof(struct section_scene), set_section, commit_first_pages,
                                 unmap_first, check_unmapped, clear_section},
                  unmap_once_more);
}

static void unmap_and_close(void *scene)
{
    struct section_scene *s = scene;

    s->done = unmap(s->world, s->view) == VIEW_CLAIMED;
    close_handle(s->world, HANDLE_1);
}

static void duplicate_and_map(void *scene)
{
    struct section_scene *s = scene;

    s->others_done = duplicate_handle(s->world, HANDLE_1, HANDLE_2);
    if (s->others_done)
        s->others_view = try_map(s->world, HANDLE_2, 0, 0, NULL);
}

static void check_duplicate(void *scene)
{
    struct section_scene *s = scene;

    assert_true(s->done);
    assert_int_equal(s->others_view != NULL, s->others_done);
    assert_sections(s->world, s->others_done, 0, s->others_done);
    if (s->others_done) {
        assert_true(commits(s, s->others_view, PAGE));
        assert_sections(s->world, 1, PAGE, 1);
        unmap(s->world, s->others_view);
        close_handle(s->world, HANDLE_2);
    }
    assert_sections(s->world, 0, 0, 0);
}

static void a_section_lives_as_long_as_the_handle_that_was_made_in_time(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct section_scene), set_section, unmap_and_close,
                           duplicate_and_map, check_duplicate, clear_section});
}

static void frozen_duplicate_and_map(void *scene)
{
    struct section_scene *s = scene;

    s->done = true;
    duplicate_and_map(scene);
}

static void a_handle_that_is_closed_meanwhile_gives_the_section_or_nothing(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct section_scene), set_section, frozen_duplicate_and_map,
                           unmap_and_close, check_duplicate, clear_section});
}

static void read_section(void *scene)
{
    struct section_scene *s = scene;
    uint32_t cursor = 0;

    s->done = sections_next(&s->world->pages.sections, &cursor, &s->first);
    s->found = views_find_section(&s->world->pages.sections, (uintptr_t)s->view, &s->facts);
}

static void check_facts(void *scene)
{
    struct section_scene *s = scene;

    if (s->done)
        assert_int_equal(s->first.size, s->first.sequence == 1 ? 4 * GRANULE : 8 * GRANULE);
    if (s->found)
        assert_int_equal(s->facts.size, s->facts.sequence == 1 ? 4 * GRANULE : 8 * GRANULE);
    unmap(s->world, s->others_view);
    close_handle(s->world, HANDLE_1);
    assert_sections(s->world, 0, 0, 0);
}

static void a_frozen_reader_mixes_no_two_sections(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct section_scene), set_section, read_section, replace_section,
                           check_facts, clear_section});
}

/* ------------------------------------------------------------------------------------------------
 * A whole life, frozen anywhere
 * --------------------------------------------------------------------------------------------- */

/* Another section, with its own handles, views and pages, from beginning to end. */
static void live(struct section_scene *s, uintptr_t handle, uintptr_t duplicate, bool *done)
{
    char *view, *other;

    make_section(s->world, 2 * GRANULE, true, handle);
    assert_true(duplicate_handle(s->world, handle, duplicate));
    close_handle(s->world, handle);
    view = map_view(s->world, duplicate, 0, 0);
    other = map_view(s->world, duplicate, GRANULE, GRANULE);
    close_handle(s->world, duplicate);
    *done = commits(s, view, 2 * PAGE) && commits(s, other, PAGE) && commits(s, view, PAGE);
    assert_int_equal(unmap(s->world, other), VIEW_CLAIMED);
    assert_int_equal(unmap(s->world, view), VIEW_CLAIMED);
}

static void live_first(void *scene)
{
    struct section_scene *s = scene;

    live(s, HANDLE_2, HANDLE_2 + 4, &s->done);
}

/* With values that share the frozen one's node, and one whose nodes are still to be made. */
static void live_meanwhile(void *scene)
{
    struct section_scene *s = scene;

    live(s, HANDLE_2 + 8, HANDLE_3, &s->others_done);
}

static void check_lives(void *scene)
{
    struct section_scene *s = scene;

    assert_true(s->done && s->others_done);
    assert_sections(s->world, 1, 0, 1);
    unmap(s->world, s->view);
    close_handle(s->world, HANDLE_1);
    assert_sections(s->world, 0, 0, 0);
}

static void a_thread_frozen_anywhere_in_a_section_s_life_keeps_no_other_from_one(void **state)
{
    (void)state;
    assert_true(perform(&(struct play){sizeof(struct section_scene), set_section, live_first,
                                       live_meanwhile, check_lives, clear_section}) > 100);
}

/* The frozen thread makes, maps and commits; the other one closes and unmaps all that it finds. */
static void make_and_use(void *scene)
{
    struct section_scene *s = scene;

    make_section(s->world, 2 * GRANULE, true, HANDLE_2);
    s->others_view = try_map(s->world, HANDLE_2, 0, 0, NULL);
    s->done = s->others_view && commits(s, s->others_view, PAGE);
}

static void end_all(void *scene)
{
    struct section_scene *s = scene;
    uint32_t cursor = 0;
    struct view_facts facts;

    close_handle(s->world, HANDLE_2);
    while (views_next(&s->world->pages.sections, &cursor, &facts))
        unmap(s->world, (void *)facts.base);
    s->others_done = true;
}

static void check_all_ended(void *scene)
{
    struct section_scene *s = scene;

    assert_true(s->others_done);
    end_all(scene);
    close_handle(s->world, HANDLE_1);
    assert_sections(s->world, 0, 0, 0);
    assert_int_equal(system_at(s->view).state, OS_MEM_FREE);
}

static void what_others_end_while_it_is_being_made_leaves_no_trace(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct section_scene), set_section, make_and_use, end_all,
                           check_all_ended, clear_section});
}

/* ------------------------------------------------------------------------------------------------
 * Audits
 * --------------------------------------------------------------------------------------------- */

/* A section whose bits have a tree of four levels. */
static void set_huge_section(void *scene)
{
    struct section_scene *s = scene;

    s->world = zeroed(sizeof(struct world));
    assert_true(make_pages(s->world));
    make_section(s->world, 2 * TIB, true, HANDLE_1);
    s->view = map_view(s->world, HANDLE_1, 0, 4 * GRANULE);
    assert_true(commits(s, s->view, 4 * GRANULE));
}

static void audit_all(void *scene)
{
    struct section_scene *s = scene;
    struct audit audit;

    assert_true(audit_run(&s->world->pages, &audit, print_difference, NULL));
    assert_int_equal(audit.differences, 0);
}

/* Its nodes go to another section, of which they hold the bits, all set. */
static void replace_by_small_section(void *scene)
{
    struct section_scene *s = scene;

    unmap(s->world, s->view);
    close_handle(s->world, HANDLE_1);
    make_section(s->world, 32 * GRANULE, true, HANDLE_1);
    s->others_view = map_view(s->world, HANDLE_1, 0, 0);
    assert_true(commits(s, s->others_view, 32 * GRANULE));
}

static void check_small(void *scene)
{
    struct section_scene *s = scene;

    assert_sections(s->world, 1, 32 * GRANULE, 1);
    assert_exact_sections(s->world);
    unmap(s->world, s->others_view);
    close_handle(s->world, HANDLE_1);
    assert_sections(s->world, 0, 0, 0);
}

static void a_frozen_audit_survives_the_end_of_the_section_and_finds_nothing(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct section_scene), set_huge_section, audit_all,
                           replace_by_small_section, check_small, clear_section});
}

static void make_map_and_commit(void *scene)
{
    struct section_scene *s = scene;

    make_section(s->world, GRANULE, true, HANDLE_2);
    s->others_view = map_view(s->world, HANDLE_2, 0, 0);
    assert_true(commits(s, s->others_view, PAGE));
}

static void check_both(void *scene)
{
    struct section_scene *s = scene;

    assert_sections(s->world, 2, PAGE, 2);
    unmap(s->world, s->others_view);
    close_handle(s->world, HANDLE_2);
    unmap(s->world, s->view);
    close_handle(s->world, HANDLE_1);
    assert_sections(s->world, 0, 0, 0);
}

static void a_frozen_audit_compares_no_totals_of_two_moments(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct section_scene), set_section, audit_all,
                           make_map_and_commit, check_both, clear_section});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_that_two_threads_commit_are_charged_once),
        cmocka_unit_test(a_commit_never_reaches_the_next_owner_of_the_address),
        cmocka_unit_test(a_view_that_was_handed_on_cannot_be_unmapped_again),
        cmocka_unit_test(a_section_lives_as_long_as_the_handle_that_was_made_in_time),
        cmocka_unit_test(a_handle_that_is_closed_meanwhile_gives_the_section_or_nothing),
        cmocka_unit_test(a_frozen_reader_mixes_no_two_sections),
        cmocka_unit_test(a_thread_frozen_anywhere_in_a_section_s_life_keeps_no_other_from_one),
        cmocka_unit_test(what_others_end_while_it_is_being_made_leaves_no_trace),
        cmocka_unit_test(a_frozen_audit_survives_the_end_of_the_section_and_finds_nothing),
        cmocka_unit_test(a_frozen_audit_compares_no_totals_of_two_moments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
