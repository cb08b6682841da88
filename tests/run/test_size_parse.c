/*
 * test_size_parse.c: the sizes that hostmem-run's command line takes (src/base/size_parse.h).
 */
#include "support.h"

#include "base/size_parse.h"

static void check_size(const char *text, uint64_t expected)
{
    uint64_t size = 0;

    if (!size_parse(text, &size))
        fail_msg("\"%s\" was refused", text);
    assert_figure(size, expected);
}

static void check_refusal(const char *text)
{
    uint64_t size = 1234;

    if (size_parse(text, &size))
        fail_msg("\"%s\" was taken for %llu", text, (unsigned long long)size);
    assert_figure(size, 1234);
}

static void a_number_alone_is_bytes(void **state)
{
    (void)state;
    check_size("0", 0);
    check_size("1", 1);
    check_size("0004096", 4096);
    check_size("4096B", 4096);
    check_size("4096b", 4096);
}

static void units_are_binary(void **state)
{
    (void)state;
    check_size("64K", 64 << 10);
    check_size("64KiB", 64 << 10);
    check_size("1M", 1 << 20);
    check_size("1MiB", 1 << 20);
    check_size("3G", UINT64_C(3) << 30);
    check_size("3GiB", UINT64_C(3) << 30);
}

static void letters_may_be_of_either_case(void **state)
{
    (void)state;
    check_size("64k", 64 << 10);
    check_size("64kib", 64 << 10);
    check_size("1m", 1 << 20);
    check_size("1MIB", 1 << 20);
    check_size("2g", UINT64_C(2) << 30);
}

static void the_largest_sizes_are_taken(void **state)
{
    (void)state;
    check_size("18446744073709551615", UINT64_MAX);
    check_size("17179869183G", UINT64_MAX >> 30 << 30);
}

static void more_than_64_bits_are_refused(void **state)
{
    (void)state;
    check_refusal("18446744073709551616");
    check_refusal("99999999999999999999999999999999");
    check_refusal("17179869184G");
    check_refusal("18014398509481984K");
}

static void anything_else_is_refused(void **state)
{
    static const char *const texts[] = {"",     " ",    "K",     "KiB",  "-1",  "+1",  " 1",
                                        "1 ",   "1 K",  "1KB",   "1MB",  "1T",  "1Ki", "1KK",
                                        "0x10", "1.5M", "1,000", "1BiB", "one", "1K1", "\xc3\xbc"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        check_refusal(texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_alone_is_bytes),
        cmocka_unit_test(units_are_binary),
        cmocka_unit_test(letters_may_be_of_either_case),
        cmocka_unit_test(the_largest_sizes_are_taken),
        cmocka_unit_test(more_than_64_bits_are_refused),
        cmocka_unit_test(anything_else_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
