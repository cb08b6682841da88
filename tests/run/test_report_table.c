/*
 * test_report_table.c: the rows of the report for people (src/report/report_table.h).
 */
#include "support.h"

#include "report/report_table.h"

static struct arena arena;

static void a_row_of_bytes_has_rounded_and_exact_sizes(void **state)
{
    struct text text = {.arena = &arena};
    const HOSTMEM_GAUGE gauge = {.Now = 134742016, .Peak = 999};

    (void)state;
    report_table_byte_gauge(&text, "committed", &gauge);
    assert_string_equal(text.characters,
                        "  committed           128.5 MiB     (134,742,016)      999 B             "
                        "(999)\n");
}

static void a_row_of_numbers_is_as_wide(void **state)
{
    struct text text = {.arena = &arena};
    const HOSTMEM_GAUGE gauge = {.Now = 1234, .Peak = 1234567};

    (void)state;
    report_table_number_gauge(&text, "regions", &gauge);
    assert_string_equal(text.characters,
                        "  regions                                   1,234                    "
                        "1,234,567\n");
    assert_figure(text.length, 79);
}

static void a_count_has_a_longer_name(void **state)
{
    struct text text = {.arena = &arena};

    (void)state;
    report_table_count(&text, "frees passed through to Win32", 1234567890);
    assert_string_equal(text.characters, "  frees passed through to Win32       1,234,567,890\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_of_bytes_has_rounded_and_exact_sizes),
        cmocka_unit_test(a_row_of_numbers_is_as_wide),
        cmocka_unit_test(a_count_has_a_longer_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
