/*
 * test_sections_system.c: views that others unmap and map while a call asks the system
 * (src/pages/sections, src/pages/audit).
 */
#include "sections_world.h"
#include "system_calls.h"

/* The view that is gone during each question to the system, and back after it. */
struct coming_and_going {
    struct world *world; /* NULL: nobody touches it */
    char *view;
    unsigned times;
};

static struct coming_and_going other;

void system_call_begins(bool changes)
{
    struct world *world = changes ? NULL : other.world;

    if (!world)
        return;
    other.world = NULL; /* these requests are not interrupted */
    assert_int_equal(unmap(world, other.view), VIEW_CLAIMED);
    other.world = world;
    other.times++;
}

void system_call_ended(void)
{
    struct world *world = other.world;

    if (!world || views_know(&world->pages.sections, (uintptr_t)other.view))
        return;
    other.world = NULL;
    assert_ptr_equal(try_map(world, HANDLE_1, 0, 0, other.view), other.view);
    other.world = world;
}

/* The same record, address and size come back: only the view's version tells. */
static void a_view_that_was_away_while_the_system_was_asked_makes_no_difference(void **state)
{
    struct world *world = *state;
    struct audit audit;

    make_section(world, 4 * GRANULE, true, HANDLE_1);
    other = (struct coming_and_going){NULL, map_view(world, HANDLE_1, 0, 0), 0};
    other.world = world;
    assert_true(audit_run(&world->pages, &audit, print_difference, NULL));
    other.world = NULL;
    assert_true(other.times > 0);
    assert_int_equal(audit.differences, 0);
    assert_int_equal(audit.sections_unseen, 1); /* it never came to rest */
    unmap(world, other.view);
    close_handle(world, HANDLE_1);
}

/* The view that is unmapped once more while its last operation unmaps it; NULL: none. */
static struct world *unmapping;
static enum view_claim claimed;

uint32_t __real_os_unmap(void *address);
uint32_t __wrap_os_unmap(void *address);

uint32_t __wrap_os_unmap(void *address)
{
    struct world *world = unmapping;

    unmapping = NULL;
    if (world)
        claimed = unmap(world, address);
    return __real_os_unmap(address);
}

/* Else Win32 would be asked, and the operation would unmap what comes to the address next. */
static void a_view_cannot_be_unmapped_while_its_last_operation_unmaps_it(void **state)
{
    struct world *world = *state;
    struct view_operation operation;
    char *view;

    make_section(world, 4 * GRANULE, true, HANDLE_1);
    view = map_view(world, HANDLE_1, 0, 0);
    assert_int_equal(view_begin(&world->pages.sections, (uintptr_t)view, &operation), VIEW_BEGUN);
    assert_int_equal(unmap(world, view), VIEW_HANDED_ON);
    unmapping = world;
    claimed = VIEW_CLAIMED;
    view_end(&world->pages.sections, &operation);
    assert_null(unmapping);
    assert_int_equal(claimed, VIEW_GONE_BEFORE);
    assert_int_equal(system_at(view).state, OS_MEM_FREE);
    close_handle(world, HANDLE_1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_view_that_was_away_while_the_system_was_asked_makes_no_difference),
        world_test(a_view_cannot_be_unmapped_while_its_last_operation_unmaps_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
