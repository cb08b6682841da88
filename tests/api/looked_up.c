/*
 * looked_up.c: see looked_up.h.
 */
#include "looked_up.h"

#include <stdlib.h>

void looker_begin(struct looker *looker)
{
    assert_hresult(HostMemRedirectModule(looker->subject.manager, looker->module, looker->flags,
                                         &looker->redirection),
                   S_OK);
    assert_non_null(looker->redirection);
}

void looker_end(struct looker *looker)
{
    assert_hresult(HostMemRemoveRedirection(looker->redirection), S_OK);
    looker->redirection = NULL;
}

void looker_restart(struct looker *looker, const HOSTMEM_OPTIONS *options)
{
    if (looker->redirection)
        looker_end(looker);
    subject_end(&looker->subject);
    looker->subject = subject_make(options);
    looker_begin(looker);
}

static int set_up(void **state, DWORD flags)
{
    struct looker *looker = calloc(1, sizeof(*looker));
    FARPROC function;

    if (!looker)
        return -1;
    looker->subject = subject_make(NULL);
    looker->flags = flags;
    looker->module = LoadLibraryW(L"redirect_lookup.dll");
    assert_non_null(looker->module);
    function = GetProcAddress(looker->module, REDIRECT_LOOKUP_EXPORT);
    assert_true(function != NULL);
    looker->calls = ((redirect_lookup_function *)(any_function *)function)();
    looker_begin(looker);
    *state = looker;
    return 0;
}

int looker_set_up(void **state)
{
    return set_up(state, 0);
}

int looker_set_up_all(void **state)
{
    return set_up(state, HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_ENDINGS);
}

int looker_tear_down(void **state)
{
    struct looker *looker = *state;

    if (looker->redirection)
        looker_end(looker);
    assert_clean_audit_of("after the test", &looker->subject);
    assert_true(FreeLibrary(looker->module));
    subject_end(&looker->subject);
    free(looker);
    return 0;
}

static any_function *look_up_by(look_up_t *by, const char *function)
{
    FARPROC found = by(GetModuleHandleW(L"kernel32.dll"), function);

    if (!found)
        found = by(GetModuleHandleW(L"kernelbase.dll"), function);
    return (any_function *)found;
}

any_function *look_up(const struct looker *looker, const char *function)
{
    return look_up_by(looker->calls->look_up, function);
}

any_function *win32(const char *function)
{
    return look_up_by(GetProcAddress, function);
}
