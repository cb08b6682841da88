/*
 * test_limits_choose.c: the limits that follow from a command line
 * (src/run/launch/limits_choose.h).
 */
#include "support.h"

#include "run/launch/limits_choose.h"

#define KIB ((ULONGLONG)1 << 10)
#define MIB ((ULONGLONG)1 << 20)

static HOSTMEM_LIMITS limits_of(const struct arguments *arguments)
{
    HOSTMEM_LIMITS limits = {0};

    limits_choose(&limits, arguments);
    assert_figure(limits.cbSize, sizeof(limits));
    return limits;
}

static HOSTMEM_LIMITS limits_of_size(ULONGLONG limit)
{
    const struct arguments arguments = {.limit = limit};

    return limits_of(&arguments);
}

static void without_options_there_is_no_limit(void **state)
{
    const HOSTMEM_LIMITS limits = limits_of_size(0);

    (void)state;
    assert_figure(limits.Committed.Limit, 0);
    assert_figure(limits.Committed.AppDomainReserve, 0);
    assert_figure(limits.Reserved.Limit, 0);
    assert_figure(limits.LowPercent, 0);
    assert_figure(limits.HighPercent, 0);
}

/* The limit that the user gives is the total: the reserve is a part of it. */
static void a_sixteenth_is_kept_in_reserve_but_1_to_16_mib(void **state)
{
    static const struct {
        ULONGLONG limit, reserve;
    } cases[] = {{64 * MIB, 4 * MIB},   {16 * MIB, MIB},       {8 * MIB, MIB},
                 {2 * MIB, MIB},        {MIB, MIB / 2},        {64 * KIB, 32 * KIB},
                 {256 * MIB, 16 * MIB}, {1024 * MIB, 16 * MIB}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const HOSTMEM_LIMITS limits = limits_of_size(cases[i].limit);

        assert_figure(limits.Committed.AppDomainReserve, cases[i].reserve);
        assert_figure(limits.Committed.Limit, cases[i].limit - cases[i].reserve);
    }
}

static void a_reserve_that_is_given_is_taken(void **state)
{
    const struct arguments none = {.limit = 64 * MIB, .has_reserve = true, .reserve = 0};
    const struct arguments some = {.limit = 64 * MIB, .has_reserve = true, .reserve = 10 * MIB};

    (void)state;
    assert_figure(limits_of(&none).Committed.Limit, 64 * MIB);
    assert_figure(limits_of(&none).Committed.AppDomainReserve, 0);
    assert_figure(limits_of(&some).Committed.Limit, 54 * MIB);
    assert_figure(limits_of(&some).Committed.AppDomainReserve, 10 * MIB);
}

/* Without a reserve, so that the limit is what the percentages are of. */
static void memory_is_low_where_20_mib_are_left_but_at_50_to_90_percent(void **state)
{
    static const struct {
        ULONGLONG limit;
        unsigned low;
    } cases[] = {{1024 * MIB, 90}, {200 * MIB, 90}, {200 * MIB - 1, 90}, {100 * MIB, 80},
                 {50 * MIB, 60},   {40 * MIB, 50},  {10 * MIB, 50}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct arguments arguments = {.limit = cases[i].limit, .has_reserve = true};
        const HOSTMEM_LIMITS limits = limits_of(&arguments);

        assert_figure(limits.LowPercent, cases[i].low);
        assert_figure(limits.HighPercent, cases[i].low - 20);
    }
}

static void large_limits_have_hostmems_defaults(void **state)
{
    const HOSTMEM_LIMITS limits = limits_of_size(1024 * MIB);

    (void)state;
    assert_figure(limits.LowPercent, HOSTMEM_DEFAULT_LOW_PERCENT);
    assert_figure(limits.HighPercent, HOSTMEM_DEFAULT_HIGH_PERCENT);
}

static void percentages_that_are_given_are_taken(void **state)
{
    const struct arguments arguments = {.limit = 10 * MIB, .low_percent = 95, .high_percent = 3};

    (void)state;
    assert_figure(limits_of(&arguments).LowPercent, 95);
    assert_figure(limits_of(&arguments).HighPercent, 3);
}

static void address_space_has_a_limit_of_its_own(void **state)
{
    const struct arguments arguments = {.limit_reserved = 512 * MIB};
    const HOSTMEM_LIMITS limits = limits_of(&arguments);

    (void)state;
    assert_figure(limits.Reserved.Limit, 512 * MIB);
    assert_figure(limits.Reserved.AppDomainReserve, 0);
    assert_figure(limits.Committed.Limit, 0);
    assert_figure(limits.LowPercent, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_there_is_no_limit),
        cmocka_unit_test(a_sixteenth_is_kept_in_reserve_but_1_to_16_mib),
        cmocka_unit_test(a_reserve_that_is_given_is_taken),
        cmocka_unit_test(memory_is_low_where_20_mib_are_left_but_at_50_to_90_percent),
        cmocka_unit_test(large_limits_have_hostmems_defaults),
        cmocka_unit_test(percentages_that_are_given_are_taken),
        cmocka_unit_test(address_space_has_a_limit_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
