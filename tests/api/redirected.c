/*
 * redirected.c: see redirected.h.
 */
#include "redirected.h"

#include <stdlib.h>

void redirected_load(struct redirected *redirected, const wchar_t *file)
{
    FARPROC function;

    redirected->module = LoadLibraryW(file);
    if (!redirected->module)
        print_error("%ls cannot be loaded: error %lu\n", file, GetLastError());
    assert_non_null(redirected->module);
    function = GetProcAddress(redirected->module, REDIRECT_TARGET_EXPORT);
    assert_true(function != NULL);
    redirected->calls = ((redirect_target_function *)(void (*)(void))function)();
}

void redirected_begin(struct redirected *redirected)
{
    assert_hresult(HostMemRedirectModule(redirected->subject.manager, redirected->module,
                                         redirected->flags, &redirected->redirection),
                   S_OK);
    assert_non_null(redirected->redirection);
}

void redirected_end(struct redirected *redirected)
{
    assert_hresult(HostMemRemoveRedirection(redirected->redirection), S_OK);
    redirected->redirection = NULL;
}

void redirected_unload(struct redirected *redirected)
{
    assert_true(FreeLibrary(redirected->module));
    redirected->module = NULL;
    redirected->calls = NULL;
}

static int set_up(void **state, DWORD flags)
{
    struct redirected *redirected = calloc(1, sizeof(*redirected));

    if (!redirected)
        return -1;
    redirected->subject = subject_make(NULL);
    redirected->flags = flags;
    redirected_load(redirected, L"redirect_target.dll");
    redirected_begin(redirected);
    *state = redirected;
    return 0;
}

int redirected_set_up(void **state)
{
    return set_up(state, 0);
}

int redirected_heap_set_up(void **state)
{
    return set_up(state, HOSTMEM_REDIRECT_HEAP);
}

void redirected_restart(struct redirected *redirected, const HOSTMEM_OPTIONS *options)
{
    redirected_end(redirected);
    subject_end(&redirected->subject);
    redirected->subject = subject_make(options);
    redirected_begin(redirected);
}

int redirected_tear_down(void **state)
{
    struct redirected *redirected = *state;

    if (redirected->redirection)
        redirected_end(redirected);
    assert_clean_audit_of("after the test", &redirected->subject);
    redirected_unload(redirected);
    subject_end(&redirected->subject);
    free(redirected);
    return 0;
}

bool is_owned(const struct subject *subject, const void *address)
{
    HOSTMEM_REGION region;

    return IHostMemInspection_FindRegion(subject->inspection, address, &region) == S_OK;
}

void redirected_limit(struct redirected *redirected, const HOSTMEM_LIMITS *limits)
{
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = limits};

    redirected_restart(redirected, &options);
}

void redirected_limit_committed(struct redirected *redirected, ULONGLONG bytes, ULONGLONG reserve)
{
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits),
                                   .Committed = {.Limit = bytes,
                                                 .AppDomainReserve = reserve,
                                                 .ProcessReserve = HOSTMEM_NO_RESERVE}};

    redirected_limit(redirected, &limits);
}

void *redirected_alloc(const struct redirected *redirected, void *address, SIZE_T size, DWORD type)
{
    return redirected->calls->alloc(address, size, type, PAGE_READWRITE);
}

void redirected_release(const struct redirected *redirected, void *memory)
{
    assert_true(redirected->calls->free(memory, 0, MEM_RELEASE));
}
