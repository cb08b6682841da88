/*
 * test_heap_hooks_faults.c: redirection with HOSTMEM_REDIRECT_HEAP when memory runs out: whichever
 * request to the system fails, the module's call succeeds all the same or fails as Win32's does,
 * and the books are right.
 */
#include "redirected.h"

#include "os/os.h"
#include "os/os_fault.h"

#include <string.h>

struct fault {
    enum os_fault_kind kind;
    uint64_t at;
};

static void assert_sound(const struct redirected *redirected, const struct fault *fault)
{
    assert_figure(statistics_of(&redirected->subject).Status, HostMemStatusOpen);
    assert_clean_audit_of(fault->kind == OS_FAULT_METADATA ? "a fault of metadata"
                                                           : "a fault of pages",
                          &redirected->subject);
}

/* The block, or NULL with Win32's last error. */
static unsigned char *alloc(const struct redirected *redirected, HANDLE heap, SIZE_T size)
{
    unsigned char *block;

    SetLastError(UNTOUCHED);
    block = redirected->calls->heap_alloc(heap, 0, size);
    assert_last_error(block ? UNTOUCHED : ERROR_NOT_ENOUGH_MEMORY);
    return block ? memset(block, 0x5a, size) : NULL;
}

static unsigned char *grow(const struct redirected *redirected, HANDLE heap, unsigned char *block,
                           SIZE_T size)
{
    SIZE_T before = redirected->calls->heap_size(heap, 0, block);
    unsigned char *grown;

    SetLastError(UNTOUCHED);
    grown = redirected->calls->heap_realloc(heap, 0, block, size);
    assert_last_error(grown ? UNTOUCHED : ERROR_NOT_ENOUGH_MEMORY);
    if (!grown) {
        assert_figure(redirected->calls->heap_size(heap, 0, block), before);
        grown = block;
    }
    assert_figure(grown[before - 1], 0x5a);
    return grown;
}

static void use_heap(const struct redirected *redirected, HANDLE heap)
{
    static const SIZE_T sizes[] = {10, 1000, 20000, 100000};

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        unsigned char *block = alloc(redirected, heap, sizes[i]);

        if (!block)
            continue;
        block = grow(redirected, heap, block, sizes[i] * 3);
        assert_true(redirected->calls->heap_free(heap, 0, block));
    }
}

/* Redirects, uses heaps, and undoes it all. False: not even redirected. */
static bool run_script(struct redirected *redirected, const struct fault *fault)
{
    HRESULT hr;
    HANDLE heap;

    os_fault_at(fault->kind, fault->at);
    hr = HostMemRedirectModule(redirected->subject.manager, redirected->module,
                               HOSTMEM_REDIRECT_HEAP, &redirected->redirection);
    if (hr != S_OK) {
        assert_hresult(hr, E_OUTOFMEMORY);
        assert_null(redirected->redirection);
        assert_figure(statistics_of(&redirected->subject).Heaps.Now, 0);
        return false;
    }
    use_heap(redirected, GetProcessHeap());
    heap = redirected->calls->heap_create(0, 0, 0);
    assert_non_null(heap); /* Win32's, if it is not the manager's */
    use_heap(redirected, heap);
    alloc(redirected, heap, 100);
    assert_true(redirected->calls->heap_destroy(heap));
    redirected_end(redirected);
    assert_figure(statistics_of(&redirected->subject).Heaps.Now, 0);
    return true;
}

static void whatever_request_fails_the_module_s_calls_fail_as_win32_s(void **state)
{
    struct redirected redirected = {.flags = HOSTMEM_REDIRECT_HEAP};
    struct fault fault;
    unsigned refused = 0;

    (void)state;
    redirected_load(&redirected, L"redirect_target.dll");
    for (fault.kind = 0; fault.kind < OS_FAULT_KINDS; fault.kind++) {
        uint64_t requests = 0;

        for (fault.at = 1; fault.at <= requests + 1; fault.at++) {
            redirected.subject = subject_make(NULL);
            refused += !run_script(&redirected, &fault);
            requests =
                os_fault_requests(fault.kind) > requests ? os_fault_requests(fault.kind) : requests;
            os_fault_at(fault.kind, 0);
            assert_sound(&redirected, &fault);
            subject_end(&redirected.subject);
        }
        assert_at_least(requests, 4);
        print_message("%u requests of kind %d\n", (unsigned)requests, (int)fault.kind);
    }
    assert_at_least(refused, 2);
    redirected_unload(&redirected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_request_fails_the_module_s_calls_fail_as_win32_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
