/*
 * test_redirection.c: threads that are terminated while they redirect a module, or undo that
 * (src/redirect/redirection.c). Each is stopped before another one of its steps and terminated
 * there. The next call undoes what it has left half made: nothing stays redirected, no manager
 * stays bound, and another one can be.
 */
#include "made_module.h"
#include "redirected.h"
#include "replaced.h"

#include "pe/import_table.h"

/* ------------------------------------------------------------------------------------------------
 * Stopping a thread
 * --------------------------------------------------------------------------------------------- */

enum {
    STEP_THREAD_ID, /* also before each lock */
    STEP_QUERY,     /* before each entry is written */
    STEP_ALLOC,
    STEP_FREE,
    STEP_FREE_LIBRARY,
    STEP_KINDS
};

static struct replaced replaced[STEP_KINDS];

static struct {
    volatile DWORD thread; /* that is to stop; 0: none */
    volatile LONG steps;   /* until it does */
    HANDLE stopped;
} stop;

static void step(void)
{
    if (ORIGINAL_OF(replaced[STEP_THREAD_ID], GetCurrentThreadId)() != stop.thread ||
        --stop.steps != 0)
        return;
    SetEvent(stop.stopped);
    Sleep(INFINITE);
}

static DWORD WINAPI step_GetCurrentThreadId(void)
{
    step();
    return ORIGINAL_OF(replaced[STEP_THREAD_ID], GetCurrentThreadId)();
}

static SIZE_T WINAPI step_VirtualQuery(LPCVOID address, PMEMORY_BASIC_INFORMATION information,
                                       SIZE_T length)
{
    step();
    return ORIGINAL_OF(replaced[STEP_QUERY], VirtualQuery)(address, information, length);
}

static LPVOID WINAPI step_VirtualAlloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect)
{
    step();
    return ORIGINAL_OF(replaced[STEP_ALLOC], VirtualAlloc)(address, size, type, protect);
}

static BOOL WINAPI step_VirtualFree(LPVOID address, SIZE_T size, DWORD type)
{
    step();
    return ORIGINAL_OF(replaced[STEP_FREE], VirtualFree)(address, size, type);
}

static BOOL WINAPI step_FreeLibrary(HMODULE module)
{
    step();
    return ORIGINAL_OF(replaced[STEP_FREE_LIBRARY], FreeLibrary)(module);
}

static int replace_all(void **state)
{
    (void)state;
    stop.stopped = CreateEventW(NULL, FALSE, FALSE, NULL);
    replaced[STEP_THREAD_ID].original = IMPORT_OF(GetCurrentThreadId);
    replace_import(&replaced[STEP_THREAD_ID], "GetCurrentThreadId",
                   IMPORT_OF(step_GetCurrentThreadId));
    replaced[STEP_QUERY].original = IMPORT_OF(VirtualQuery);
    replace_import(&replaced[STEP_QUERY], "VirtualQuery", IMPORT_OF(step_VirtualQuery));
    replace_import(&replaced[STEP_ALLOC], "VirtualAlloc", IMPORT_OF(step_VirtualAlloc));
    replace_import(&replaced[STEP_FREE], "VirtualFree", IMPORT_OF(step_VirtualFree));
    replace_import(&replaced[STEP_FREE_LIBRARY], "FreeLibrary", IMPORT_OF(step_FreeLibrary));
    return 0;
}

static int put_all_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STEP_KINDS; i++)
        put_import_back(&replaced[i]);
    CloseHandle(stop.stopped);
    return 0;
}

struct run {
    LPTHREAD_START_ROUTINE routine;
    struct redirected *redirected;
    LONG steps;
};

static DWORD WINAPI stop_in(void *context)
{
    const struct run *run = context;

    stop.steps = run->steps;
    stop.thread = ORIGINAL_OF(replaced[STEP_THREAD_ID], GetCurrentThreadId)();
    run->routine(run->redirected);
    stop.thread = 0;
    return 0;
}

/* Runs a thread until its n-th step, and terminates it there. False: it had no more steps. */
static bool terminate_at(struct redirected *redirected, LPTHREAD_START_ROUTINE routine, LONG n)
{
    struct run run = {routine, redirected, n};
    struct threads threads;
    HANDLE events[2];
    DWORD first;

    threads_start(&threads, 1, stop_in, &run, sizeof(run));
    events[0] = stop.stopped;
    events[1] = threads.handles[0];
    first = WaitForMultipleObjects(2, events, FALSE, INFINITE);
    if (first == WAIT_OBJECT_0)
        assert_true(TerminateThread(threads.handles[0], 0));
    threads_join(&threads);
    stop.thread = 0;
    return first == WAIT_OBJECT_0;
}

/* ------------------------------------------------------------------------------------------------
 * What it leaves
 * --------------------------------------------------------------------------------------------- */

#define MOST_ENTRIES 100

struct entries {
    unsigned count;
    void *held[MOST_ENTRIES];
};

static bool note_entry(void *context, const struct import *import)
{
    struct entries *entries = context;

    if (entries->count < MOST_ENTRIES)
        entries->held[entries->count++] = *import->entry;
    return true;
}

static struct entries entries_of(const struct redirected *redirected)
{
    struct entries entries = {0};

    import_walk(redirected->module, note_entry, &entries);
    return entries;
}

/* Another manager can be bound, and when that has ended the module is as it was. */
static void assert_nothing_left(struct redirected *redirected, const struct entries *before)
{
    struct subject first = redirected->subject;
    struct entries after;

    redirected->subject = subject_make(NULL);
    redirected_begin(redirected);
    assert_true(redirected->calls->free(
        redirected->calls->alloc(NULL, GRANULE, MEM_RESERVE, PAGE_NOACCESS), 0, MEM_RELEASE));
    assert_figure(statistics_of(&redirected->subject).Methods[HostMemVirtualAlloc].Calls, 1);
    redirected_end(redirected);
    after = entries_of(redirected);
    assert_figure(after.count, before->count);
    assert_memory_equal(after.held, before->held, sizeof(after.held));
    subject_end(&redirected->subject);
    redirected->subject = first;
}

static const DWORD kinds[] = {0, HOSTMEM_REDIRECT_FOLLOW,
                              HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_FOLLOW};

/* It had not begun to undo the redirection, which goes now; or it had, and the name is no more. */
static void remove_what_stands(const struct redirected *redirected)
{
    HRESULT hr = HostMemRemoveRedirection(redirected->redirection);

    if (hr != S_OK)
        assert_hresult(hr, E_INVALIDARG);
}

/* Ends a thread at each of its steps in turn. Each time the first manager can be let go. */
static void terminate_at_each_step(LPTHREAD_START_ROUTINE routine, bool is_redirected)
{
    struct redirected redirected = {.subject = subject_make(NULL)};
    struct entries before;

    redirected_load(&redirected, L"redirect_target.dll");
    before = entries_of(&redirected);
    for (unsigned i = 0; i < COUNT_OF(kinds); i++) {
        LONG n = 1;

        redirected.flags = kinds[i];
        for (bool stopped = true; stopped; n++) {
            ULONG without = references_of(redirected.subject.manager);

            if (is_redirected)
                redirected_begin(&redirected);
            stopped = terminate_at(&redirected, routine, n);
            if (is_redirected)
                remove_what_stands(&redirected);
            else if (!stopped)
                redirected_end(&redirected);
            assert_nothing_left(&redirected, &before);
            assert_figure(references_of(redirected.subject.manager), without);
        }
        print_message("flags 0x%lx: %ld steps\n", kinds[i], n - 2);
        assert_at_least(n, 10);
    }
    redirected_unload(&redirected);
    subject_end(&redirected.subject);
}

static DWORD WINAPI redirect(void *context)
{
    struct redirected *redirected = context;

    HostMemRedirectModule(redirected->subject.manager, redirected->module, redirected->flags,
                          &redirected->redirection);
    return 0;
}

static void a_thread_terminated_in_HostMemRedirectModule_leaves_nothing(void **state)
{
    (void)state;
    terminate_at_each_step(redirect, false);
}

static DWORD WINAPI undo(void *context)
{
    const struct redirected *redirected = context;

    HostMemRemoveRedirection(redirected->redirection);
    return 0;
}

static void a_thread_terminated_in_HostMemRemoveRedirection_leaves_nothing(void **state)
{
    (void)state;
    terminate_at_each_step(undo, true);
}

static DWORD WINAPI load_jit(void *context)
{
    const struct redirected *redirected = context;

    redirected->calls->load_w(L"follow_jit.dll");
    return 0;
}

/* The thread is terminated in a hook of the loader's functions, while it redirects what it loaded.
 */
static void a_thread_terminated_while_it_follows_leaves_nothing(void **state)
{
    struct redirected redirected = {.subject = subject_make(NULL),
                                    .flags = HOSTMEM_REDIRECT_FOLLOW};
    struct redirected jit = {.subject = subject_make(NULL)};
    ULONG without = references_of(redirected.subject.manager);
    struct entries before;
    LONG n = 1;

    (void)state;
    redirected_load(&redirected, L"follow_runtime.dll");
    redirected_load(&jit, L"follow_jit.dll");
    before = entries_of(&jit);
    for (bool stopped = true; stopped; n++) {
        redirected_begin(&redirected);
        stopped = terminate_at(&redirected, load_jit, n);
        redirected_end(&redirected);
        assert_nothing_left(&jit, &before);
        assert_figure(references_of(redirected.subject.manager), without);
    }
    assert_at_least(n, 10);
    redirected_unload(&jit);
    redirected_unload(&redirected);
    subject_end(&jit.subject);
    subject_end(&redirected.subject);
}

/* ------------------------------------------------------------------------------------------------
 * Entries that cannot be written
 * --------------------------------------------------------------------------------------------- */

static struct {
    struct replaced replaced;
    unsigned calls, refused; /* the number of the call that is refused */
} protect;

static BOOL WINAPI refuse_VirtualProtect(LPVOID address, SIZE_T size, DWORD protection, PDWORD old)
{
    if (++protect.calls != protect.refused)
        return ORIGINAL_OF(protect.replaced, VirtualProtect)(address, size, protection, old);
    SetLastError(ERROR_COMMITMENT_LIMIT);
    return FALSE;
}

static const struct made_options read_only = {.dll = "kernel32.dll",
                                              .characteristics = MADE_READ_ONLY};

static unsigned hooked(const struct made_module *made)
{
    unsigned count = 0;

    for (unsigned i = 0; i < MADE_IMPORTS; i++)
        count += made->entries[i] != made->originals[i];
    return count;
}

/* The n-th change of a page's protection is refused. False: there were not so many. */
static bool redirect_and_undo(const struct subject *subject, const struct made_module *made,
                              unsigned in_making, unsigned in_undoing)
{
    const HRESULT refused = HRESULT_FROM_WIN32(ERROR_COMMITMENT_LIMIT);
    HOSTMEM_REDIRECTION *redirection;
    HRESULT hr;

    protect.calls = 0;
    protect.refused = in_making;
    hr = HostMemRedirectModule(subject->manager, made->module, 0, &redirection);
    if (hr != S_OK) {
        assert_hresult(hr, refused);
        assert_null(redirection);
        assert_figure(hooked(made), 0);
        return true;
    }
    assert_figure(hooked(made), MADE_IMPORTS);
    protect.refused = in_undoing ? protect.calls + in_undoing : 0;
    hr = HostMemRemoveRedirection(redirection);
    if (hr != S_OK) {
        assert_hresult(hr, refused);
        assert_figure(hooked(made), 1); /* the others have been put back */
        return true;
    }
    assert_figure(hooked(made), 0);
    return protect.calls >= (in_undoing ? protect.refused : in_making);
}

static void an_entry_that_cannot_be_written_is_told_and_the_others_are_put_back(void **state)
{
    struct subject subject = subject_make(NULL);
    ULONG without = references_of(subject.manager);
    struct made_module made;
    bool met = true;

    (void)state;
    replace_import(&protect.replaced, "VirtualProtect", IMPORT_OF(refuse_VirtualProtect));
    for (unsigned n = 1; met; n++) {
        made = made_module_load(&read_only);
        met = redirect_and_undo(&subject, &made, n, 0);
        made_module_unload(&made);
        made = made_module_load(&read_only);
        met |= redirect_and_undo(&subject, &made, 0, n);
        made_module_unload(&made);
        assert_figure(references_of(subject.manager), without);
    }
    protect.refused = 0;
    put_import_back(&protect.replaced);
    subject_end(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_terminated_in_HostMemRedirectModule_leaves_nothing),
        cmocka_unit_test(a_thread_terminated_in_HostMemRemoveRedirection_leaves_nothing),
        cmocka_unit_test(a_thread_terminated_while_it_follows_leaves_nothing),
        cmocka_unit_test(an_entry_that_cannot_be_written_is_told_and_the_others_are_put_back),
    };

    return cmocka_run_group_tests(tests, replace_all, put_all_back);
}
