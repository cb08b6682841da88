/*
 * test_quantity_text.c: numbers and sizes as the report for people writes them
 * (src/base/quantity_text.h).
 */
#include "support.h"

#include "base/quantity_text.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)

static void check_number(uint64_t value, const char *expected)
{
    char text[QUANTITY_TEXT_MOST];

    assert_string_equal(quantity_text_number(text, value), expected);
    assert_address(quantity_text_number(text, value), text);
}

static void check_size(uint64_t bytes, const char *expected)
{
    char text[QUANTITY_TEXT_MOST];

    assert_string_equal(quantity_text_size(text, bytes), expected);
    assert_address(quantity_text_size(text, bytes), text);
}

static void a_comma_stands_before_each_three_digits(void **state)
{
    (void)state;
    check_number(0, "0");
    check_number(7, "7");
    check_number(999, "999");
    check_number(1000, "1,000");
    check_number(12345, "12,345");
    check_number(999999, "999,999");
    check_number(1000000, "1,000,000");
    check_number(134742016, "134,742,016");
    check_number(UINT64_MAX, "18,446,744,073,709,551,615");
}

static void sizes_below_a_kib_are_whole_bytes(void **state)
{
    (void)state;
    check_size(0, "0 B");
    check_size(1, "1 B");
    check_size(1023, "1023 B");
    check_size(KIB, "1.0 KiB");
}

static void each_unit_begins_at_1024_of_the_one_before(void **state)
{
    (void)state;
    check_size(64 * KIB, "64.0 KiB");
    check_size(MIB, "1.0 MiB");
    check_size(1024 * MIB, "1.0 GiB");
    check_size(1024 * MIB << 10, "1.0 TiB");
    check_size(1024 * MIB << 20, "1.0 PiB");
    check_size(1024 * MIB << 30, "1.0 EiB");
}

static void a_size_is_rounded_to_the_nearest_tenth(void **state)
{
    (void)state;
    check_size(KIB + 51, "1.0 KiB");
    check_size(KIB + 52, "1.1 KiB");
    check_size(KIB + KIB / 2, "1.5 KiB");
    check_size(134742016, "128.5 MiB");
}

/* The unit stays: 1024.0 KiB is not a MiB yet. */
static void ten_tenths_are_carried(void **state)
{
    (void)state;
    check_size(2 * KIB - 52, "1.9 KiB");
    check_size(2 * KIB - 51, "2.0 KiB");
    check_size(MIB - 52, "1023.9 KiB");
    check_size(MIB - 51, "1024.0 KiB");
    check_size(MIB - 1, "1024.0 KiB");
    check_size(UINT64_MAX, "16.0 EiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comma_stands_before_each_three_digits),
        cmocka_unit_test(sizes_below_a_kib_are_whole_bytes),
        cmocka_unit_test(each_unit_begins_at_1024_of_the_one_before),
        cmocka_unit_test(a_size_is_rounded_to_the_nearest_tenth),
        cmocka_unit_test(ten_tenths_are_carried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
