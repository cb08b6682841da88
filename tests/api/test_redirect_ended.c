/*
 * test_redirect_ended.c: redirections while something ends inside of them: a thread that is
 * terminated in a hook, and a manager whose last release calls the host.
 */
#include "notes.h"
#include "redirected.h"

#define FOLLOW HOSTMEM_REDIRECT_FOLLOW

/* ------------------------------------------------------------------------------------------------
 * A thread that is terminated inside of a hook
 * --------------------------------------------------------------------------------------------- */

struct load {
    const struct redirected *redirected;
    HANDLE inside;
};

/* Called inside of the hook of LoadLibrary. Never returns. */
static void CALLBACK stay_inside(void *context, const HOSTMEM_MODULE *module)
{
    (void)module;
    SetEvent(*(HANDLE *)context);
    Sleep(INFINITE);
}

static DWORD WINAPI load_jit(void *context)
{
    struct load *load = context;

    load->redirected->calls->load_w(L"follow_jit.dll");
    return 0;
}

static void end_a_thread_inside(const struct redirected *redirected, HANDLE inside)
{
    struct load load = {redirected, inside};
    struct threads threads;

    threads_start(&threads, 1, load_jit, &load, sizeof(load));
    assert_figure(WaitForSingleObject(inside, 60000), WAIT_OBJECT_0);
    assert_true(TerminateThread(threads.handles[0], 0));
    threads_join(&threads);
}

static void a_thread_terminated_inside_a_hook_keeps_nothing_from_going(void **state)
{
    static HANDLE inside;
    const HOSTMEM_OPTIONS options = {
        .cbSize = sizeof(options), .pfnModule = stay_inside, .pModuleContext = &inside};
    struct redirected redirected = {.subject = subject_make(&options), .flags = FOLLOW};
    struct subject first = redirected.subject;
    ULONG without = references_of(first.manager);

    (void)state;
    inside = CreateEventW(NULL, FALSE, FALSE, NULL);
    redirected_load(&redirected, L"follow_runtime.dll");
    redirected_begin(&redirected);
    end_a_thread_inside(&redirected, inside);
    redirected_end(&redirected);
    assert_figure(references_of(first.manager), without);

    redirected.subject = subject_make(NULL);
    redirected_begin(&redirected);
    redirected_end(&redirected);
    subject_end(&redirected.subject);
    subject_end(&first);
    redirected_unload(&redirected);
    FreeLibrary(GetModuleHandleW(L"follow_jit.dll")); /* what the thread has loaded */
    CloseHandle(inside);
}

/* The first manager goes when the thread has left. */
static void a_thread_inside_a_hook_keeps_no_other_manager_out(void **state)
{
    static HANDLE inside;
    const HOSTMEM_OPTIONS options = {
        .cbSize = sizeof(options), .pfnModule = stay_inside, .pModuleContext = &inside};
    struct redirected redirected = {.subject = subject_make(&options), .flags = FOLLOW};
    struct subject first = redirected.subject;
    struct load load = {&redirected, NULL};
    ULONG without = references_of(first.manager);
    struct threads threads;

    (void)state;
    inside = CreateEventW(NULL, FALSE, FALSE, NULL);
    redirected_load(&redirected, L"follow_runtime.dll");
    redirected_begin(&redirected);
    threads_start(&threads, 1, load_jit, &load, sizeof(load));
    assert_figure(WaitForSingleObject(inside, 60000), WAIT_OBJECT_0);
    redirected_end(&redirected);
    assert_figure(references_of(first.manager), without + 1);
    redirected.subject = subject_make(NULL);
    redirected_begin(&redirected);
    assert_true(TerminateThread(threads.handles[0], 0));
    threads_join(&threads);
    redirected_end(&redirected);
    assert_figure(references_of(first.manager), without);
    subject_end(&redirected.subject);
    subject_end(&first);
    redirected_unload(&redirected);
    FreeLibrary(GetModuleHandleW(L"follow_jit.dll"));
    CloseHandle(inside);
}

/* ------------------------------------------------------------------------------------------------
 * A release that redirects
 * --------------------------------------------------------------------------------------------- */

static struct {
    IHostMemoryManager *manager;
    HMODULE module;
    HRESULT redirected, removed;
} again;

/* The manager that ends releases its callback. */
static ULONG WINAPI redirect_on_release(ICLRMemoryNotificationCallback *iface)
{
    struct callback *callback =
        CONTAINING_RECORD(iface, struct callback, ICLRMemoryNotificationCallback_iface);
    ULONG left = (ULONG)InterlockedDecrement(&callback->references);
    HOSTMEM_REDIRECTION *redirection;

    if (left == 1) { /* the test's own */
        again.redirected = HostMemRedirectModule(again.manager, again.module, 0, &redirection);
        if (again.redirected == S_OK)
            again.removed = HostMemRemoveRedirection(redirection);
    }
    return left;
}

static void a_release_at_the_end_of_a_redirection_may_redirect(void **state)
{
    struct redirected redirected = {.subject = subject_make(NULL)};
    struct subject other = subject_make(NULL);
    struct callback callback = make_callback();
    ICLRMemoryNotificationCallbackVtbl methods =
        *callback.ICLRMemoryNotificationCallback_iface.lpVtbl;

    (void)state;
    methods.Release = redirect_on_release;
    callback.ICLRMemoryNotificationCallback_iface.lpVtbl = &methods;
    redirected_load(&redirected, L"redirect_target.dll");
    again.manager = other.manager;
    again.module = redirected.module;
    again.redirected = again.removed = E_FAIL;
    assert_hresult(register_callback(&redirected.subject, &callback), S_OK);
    redirected_begin(&redirected);
    subject_end(&redirected.subject);
    redirected_end(&redirected);
    assert_hresult(again.redirected, S_OK);
    assert_hresult(again.removed, S_OK);
    redirected_unload(&redirected);
    subject_end(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_at_the_end_of_a_redirection_may_redirect),
        cmocka_unit_test(a_thread_terminated_inside_a_hook_keeps_nothing_from_going),
        cmocka_unit_test(a_thread_inside_a_hook_keeps_no_other_manager_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
