/*
 * test_module_names.c: addresses of a program are named by the modules that its board lists
 * (src/run/snapshot/module_names.h).
 */
#include "support.h"

#include "run/snapshot/module_names.h"

enum {
    FIRST = 0x10000000,
    SECOND = 0x10010000,
    MODULE_SIZE = 0x10000
};

static struct board board;
static const struct module_names names = {&board, NULL};

static int begin(void **state)
{
    (void)state;
    ZeroMemory(&board, sizeof(board));
    board.modules[0] = (struct board_module){
        .is_there = 1, .base = FIRST, .size = MODULE_SIZE, .name = "first.dll"};
    board.modules[1] = (struct board_module){
        .is_there = 1, .base = SECOND, .size = MODULE_SIZE, .name = "second.dll"};
    return 0;
}

static const char *name_at(uintptr_t address)
{
    const struct board_module *module = module_names_find(&names, (const void *)address);

    return module ? module->name : "none";
}

static void an_address_belongs_to_the_module_around_it(void **state)
{
    (void)state;
    assert_string_equal(name_at(FIRST - 1), "none");
    assert_string_equal(name_at(FIRST), "first.dll");
    assert_string_equal(name_at(FIRST + MODULE_SIZE - 1), "first.dll");
    assert_string_equal(name_at(SECOND), "second.dll");
    assert_string_equal(name_at(SECOND + MODULE_SIZE), "none");
}

static void a_module_that_is_not_there_yet_is_passed_over(void **state)
{
    (void)state;
    atomic_store(&board.modules[0].is_there, 0);
    assert_string_equal(name_at(FIRST), "none");
}

static void an_unloaded_module_still_names_its_addresses(void **state)
{
    (void)state;
    atomic_store(&board.modules[0].is_unloaded, 1);
    assert_string_equal(name_at(FIRST), "first.dll");
}

static void the_module_that_came_after_it_goes_first(void **state)
{
    (void)state;
    atomic_store(&board.modules[0].is_unloaded, 1);
    board.modules[2] = (struct board_module){
        .is_there = 1, .base = FIRST, .size = MODULE_SIZE, .name = "third.dll"};
    assert_string_equal(name_at(FIRST), "third.dll");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_address_belongs_to_the_module_around_it, begin),
        cmocka_unit_test_setup(a_module_that_is_not_there_yet_is_passed_over, begin),
        cmocka_unit_test_setup(an_unloaded_module_still_names_its_addresses, begin),
        cmocka_unit_test_setup(the_module_that_came_after_it_goes_first, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
