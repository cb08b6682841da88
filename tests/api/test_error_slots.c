/*
 * test_error_slots.c: HostMemGetErrorInfo where the system has no thread-local slot that a call
 * with threads suspended may write (src/hosting/errors/error_info.c): errors are what they were,
 * and nothing more is told of them.
 */
#include "replaced.h"
#include "support.h"

#include "hosting/errors/error_info.h"

static DWORD slot, freed;

static DWORD WINAPI give_slot(void)
{
    return slot;
}

static BOOL WINAPI take_slot(DWORD index)
{
    freed = index;
    return TRUE;
}

static void assert_told(HRESULT expected)
{
    HOSTMEM_ERROR_INFO info = {.cbSize = sizeof(info)};
    IHostMemoryManager *manager;
    HOSTMEM_OPTIONS options = {.cbSize = 1};

    assert_hresult(HostMemCreateManager(&options, &manager), E_INVALIDARG);
    assert_result(HostMemGetErrorInfo(&info), expected, UNTOUCHED);
    assert_figure(info.pszArgument != NULL, expected == S_OK);
}

/* A slot that does not lie in the thread's own block is of no use, and given back. */
static void without_a_slot_nothing_is_told(void **state)
{
    static const DWORD slots[] = {TLS_OUT_OF_INDEXES, TLS_MINIMUM_AVAILABLE};
    struct replaced alloc, release;

    (void)state;
    error_info_end();
    replace_import(&alloc, "TlsAlloc", (void *)(uintptr_t)give_slot);
    replace_import(&release, "TlsFree", (void *)(uintptr_t)take_slot);
    for (unsigned i = 0; i < COUNT_OF(slots); i++) {
        slot = slots[i];
        freed = TLS_OUT_OF_INDEXES;
        assert_told(S_FALSE);
        assert_figure(freed, slot); /* out of indexes: none was given back */
        error_info_end();
    }
    put_import_back(&alloc);
    put_import_back(&release);
    assert_told(S_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_slot_nothing_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
