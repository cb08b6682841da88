/*
 * test_version.c: the order of runtime versions (src/base/version.h).
 */
#include "support.h"

#include "base/version.h"

/* Oldest first: the example of Semantic Versioning 2.0.0, section 11, and .NET's own names. */
static const wchar_t *const in_order[] = {
    L"1.0.0-0",
    L"1.0.0-9",
    L"1.0.0-10",
    L"1.0.0-99999999999999999999",
    L"1.0.0-100000000000000000000",
    L"1.0.0-alpha",
    L"1.0.0-alpha.1",
    L"1.0.0-alpha.beta",
    L"1.0.0-beta",
    L"1.0.0-beta.2",
    L"1.0.0-beta.11",
    L"1.0.0-beta.11.1",
    L"1.0.0-rc.1",
    L"1.0.0",
    L"1.0.1",
    L"1.0.10",
    L"1.2.0",
    L"1.10.0",
    L"2.0.0-preview7-27912-14",
    L"2.0.0",
    L"2.2.2",
    L"10.0.0",
    L"18446744073709551616.0.0",
};

static void check_order(const wchar_t *const *versions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int expected = (i > j) - (i < j);
            int order = version_compare(versions[i], versions[j]);

            if ((order > 0) - (order < 0) != expected)
                fail_msg("%ls and %ls: %d, not %d", versions[i], versions[j], order, expected);
        }
    }
}

static void versions_have_the_order_of_semantic_versioning(void **state)
{
    (void)state;
    check_order(in_order, COUNT_OF(in_order));
}

/* One character that is no digit makes a word of a part, whatever it begins with. */
static void parts_that_are_no_numbers_have_the_order_of_their_characters(void **state)
{
    static const wchar_t *const words[] = {L"1.0.0-1",   L"1.0.0-20",  L"1.0.0-",    L"1.0.0--1",
                                           L"1.0.0-0a",  L"1.0.0-10a", L"1.0.0-1a",  L"1.0.0-B",
                                           L"1.0.0-a",   L"1.0.0-a.",  L"1.0.0-a.a", L"1.0.0-a-10",
                                           L"1.0.0-a-9", L"1.0.0-aa"};

    (void)state;
    check_order(words, COUNT_OF(words));
}

static void zeros_before_a_number_have_no_rank(void **state)
{
    (void)state;
    assert_int_equal(version_compare(L"01.002.0003", L"1.2.3"), 0);
    assert_int_equal(version_compare(L"1.2.3-alpha.007", L"1.2.3-alpha.7"), 0);
    assert_int_equal(version_compare(L"1.2.00", L"1.2.0"), 0);
    assert_int_equal(version_compare(L"1.2.3-000", L"1.2.3-0"), 0);
    assert_true(version_compare(L"1.010.0", L"1.9.0") > 0);
    assert_true(version_compare(L"1.2.3-alpha.010", L"1.2.3-alpha.9") > 0);
    assert_true(version_compare(L"1.2.3-alpha.01a", L"1.2.3-alpha.1a") < 0); /* words */
}

static void build_metadata_has_no_rank(void **state)
{
    (void)state;
    assert_int_equal(version_compare(L"1.2.3+one", L"1.2.3+two"), 0);
    assert_int_equal(version_compare(L"1.2.3+one", L"1.2.3"), 0);
    assert_int_equal(version_compare(L"1.2.3-rc.1+one.two", L"1.2.3-rc.1+three"), 0);
    assert_true(version_compare(L"1.2.3-rc.1+one", L"1.2.3") < 0);
}

static void three_numbers_are_a_version(void **state)
{
    static const wchar_t *const ones[] = {L"2.0.0", L"10.20.30", L"4.0.30319",
                                          L"3.0.0-preview7-27912-14", L"1.0.0+build"};
    static const wchar_t *const others[] = {L"",      L"2",      L"2.0",     L"2.0.",   L".0.0",
                                            L"2..0",  L"v2.0.0", L"2.0.0.0", L"2.0.0a", L"2.0.x",
                                            L"2.0,0", L" 2.0.0", L"2.0.0 "};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ones); i++) {
        if (!version_is_one(ones[i]))
            fail_msg("%ls was refused", ones[i]);
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (version_is_one(others[i]))
            fail_msg("\"%ls\" was taken for a version", others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_have_the_order_of_semantic_versioning),
        cmocka_unit_test(parts_that_are_no_numbers_have_the_order_of_their_characters),
        cmocka_unit_test(zeros_before_a_number_have_no_rank),
        cmocka_unit_test(build_metadata_has_no_rank),
        cmocka_unit_test(three_numbers_are_a_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
