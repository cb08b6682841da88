/*
 * test_hresult.c: the mapping of errors to HRESULTs (src/hosting/hresult.h) by itself, in figures.
 * hresult_of_error of support.h is a second copy of its list, in which the same mistake could be
 * made.
 */
#include "support.h"

#include "hosting/hresult.h"

struct mapping {
    pages_result result;
    const char *name;
    DWORD hr;
    DWORD last_error;
};

/* Win32's own errors stay the last error. */
#define FROM_WIN32(error, hr)                                                                      \
    {                                                                                              \
        error, #error, hr, error                                                                   \
    }

static void check_mappings(const struct mapping *mappings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        DWORD last_error = UNTOUCHED;

        assert_hresult_of(mappings[i].name,
                          hresult_from_pages_result(mappings[i].result, &last_error),
                          (HRESULT)mappings[i].hr);
        assert_figure_of(mappings[i].name, last_error, mappings[i].last_error);
    }
}

static void each_error_that_means_a_want_of_memory_is_E_OUTOFMEMORY(void **state)
{
    static const struct mapping mappings[] = {
        FROM_WIN32(ERROR_NOT_ENOUGH_MEMORY, 0x8007000e),
        FROM_WIN32(ERROR_OUTOFMEMORY, 0x8007000e),
        FROM_WIN32(ERROR_NO_SYSTEM_RESOURCES, 0x8007000e),
        FROM_WIN32(ERROR_WORKING_SET_QUOTA, 0x8007000e),
        FROM_WIN32(ERROR_PAGEFILE_QUOTA, 0x8007000e),
        FROM_WIN32(ERROR_COMMITMENT_LIMIT, 0x8007000e),
    };

    (void)state;
    check_mappings(mappings, COUNT_OF(mappings));
}

static void every_other_error_keeps_its_number(void **state)
{
    static const struct mapping mappings[] = {
        FROM_WIN32(ERROR_ACCESS_DENIED, 0x80070005),
        FROM_WIN32(ERROR_INVALID_HANDLE, 0x80070006),
        FROM_WIN32(ERROR_BAD_LENGTH, 0x80070018),
        FROM_WIN32(ERROR_NOT_SUPPORTED, 0x80070032),
        FROM_WIN32(ERROR_INVALID_PARAMETER, 0x80070057),
        FROM_WIN32(ERROR_INVALID_ADDRESS, 0x800701e7),
        FROM_WIN32(ERROR_NOACCESS, 0x800703e6),
        FROM_WIN32(ERROR_MAPPED_ALIGNMENT, 0x8007046c),
        FROM_WIN32(ERROR_NONPAGED_SYSTEM_RESOURCES, 0x800705ab),
        FROM_WIN32(ERROR_PAGED_SYSTEM_RESOURCES, 0x800705ac),
    };

    (void)state;
    check_mappings(mappings, COUNT_OF(mappings));
}

static void each_result_of_hostmem_s_own_has_its_HRESULT_and_last_error(void **state)
{
    static const struct mapping mappings[] = {
        {PAGES_FOREIGN, "PAGES_FOREIGN", 0x80131022, ERROR_INVALID_ADDRESS},
        {PAGES_CONTRADICTED, "PAGES_CONTRADICTED", 0x80004005, ERROR_INVALID_ADDRESS},
        {PAGES_REFUSED, "PAGES_REFUSED", 0x8007000e, ERROR_COMMITMENT_LIMIT},
    };

    (void)state;
    check_mappings(mappings, COUNT_OF(mappings));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_error_that_means_a_want_of_memory_is_E_OUTOFMEMORY),
        cmocka_unit_test(every_other_error_keeps_its_number),
        cmocka_unit_test(each_result_of_hostmem_s_own_has_its_HRESULT_and_last_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
