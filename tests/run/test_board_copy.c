/*
 * test_board_copy.c: of a board nothing is believed (src/board/board_copy.h).
 */
#include "support.h"

#include "board/board_copy.h"

#include <string.h>

static struct board view;
static struct board copy;

static int begin(void **state)
{
    (void)state;
    ZeroMemory(&view, sizeof(view));
    view.magic = BOARD_MAGIC;
    view.layout = BOARD_LAYOUT;
    view.pointer_size = sizeof(void *);
    strcpy(view.version, HOSTMEM_VERSION_TEXT);
    return 0;
}

static void what_is_there_is_copied(void **state)
{
    (void)state;
    strcpy(view.program, "Program.exe");
    view.ending.kind = 4;
    atomic_store(&view.ending.is_there, 1);
    strcpy(view.modules[3].name, "module.dll");
    atomic_store(&view.modules[3].is_there, 1);
    assert_true(board_copy(&copy, &view));
    assert_string_equal(copy.program, "Program.exe");
    assert_int_equal(copy.ending.is_there, 1);
    assert_int_equal(copy.ending.kind, 4);
    assert_int_equal(copy.modules[3].is_there, 1);
    assert_string_equal(copy.modules[3].name, "module.dll");
}

static void what_is_being_written_is_left_out(void **state)
{
    (void)state;
    view.closing.audit.Regions = 7;
    strcpy(view.damages[0].file, "half");
    assert_true(board_copy(&copy, &view));
    assert_int_equal(copy.closing.is_there, 0);
    assert_figure(copy.closing.audit.Regions, 0);
    assert_string_equal(copy.damages[0].file, "");
}

static void texts_without_an_end_get_one(void **state)
{
    (void)state;
    memset(view.program, 'x', sizeof(view.program));
    memset(view.modules[0].name, 'y', sizeof(view.modules[0].name));
    atomic_store(&view.modules[0].is_there, 1);
    memset(view.redirected[0].path, 'z', sizeof(view.redirected[0].path));
    atomic_store(&view.redirected[0].is_there, 1);
    assert_true(board_copy(&copy, &view));
    assert_int_equal(strlen(copy.program), sizeof(copy.program) - 1);
    assert_int_equal(strlen(copy.modules[0].name), sizeof(copy.modules[0].name) - 1);
    assert_int_equal(strlen(copy.redirected[0].path), sizeof(copy.redirected[0].path) - 1);
}

static void counts_fit_their_lists(void **state)
{
    (void)state;
    view.closing.difference_count = 0xffffffffu;
    atomic_store(&view.closing.is_there, 1);
    assert_true(board_copy(&copy, &view));
    assert_int_equal(copy.closing.difference_count, BOARD_DIFFERENCES);
}

static void another_version_layout_or_bitness_is_refused(void **state)
{
    (void)state;
    view.layout++;
    assert_false(board_copy(&copy, &view));
    begin(NULL);
    view.pointer_size = 12 - view.pointer_size;
    assert_false(board_copy(&copy, &view));
    begin(NULL);
    view.version[0]++;
    assert_false(board_copy(&copy, &view));
    begin(NULL);
    view.magic++;
    assert_false(board_copy(&copy, &view));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_there_is_copied, begin),
        cmocka_unit_test_setup(what_is_being_written_is_left_out, begin),
        cmocka_unit_test_setup(texts_without_an_end_get_one, begin),
        cmocka_unit_test_setup(counts_fit_their_lists, begin),
        cmocka_unit_test_setup(another_version_layout_or_bitness_is_refused, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
