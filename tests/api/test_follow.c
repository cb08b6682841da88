/*
 * test_follow.c: modules of a runtime that a followed module loads are redirected, too
 * (src/redirect/follow.c).
 *
 * The modules under test stand for a runtime's: they export the functions by which those are
 * recognised, and call the loader and the memory functions through their import tables.
 */
#include "redirected.h"

#include <string.h>

#define FOLLOW HOSTMEM_REDIRECT_FOLLOW

enum {
    MOST_TOLD = 16,
    LOADERS = 4,
    ROUNDS = 20
};

/* ------------------------------------------------------------------------------------------------
 * A host that is told
 * --------------------------------------------------------------------------------------------- */

static struct {
    LONG volatile count;
    HOSTMEM_MODULE modules[MOST_TOLD];
    DWORD threads[MOST_TOLD];
    bool was_owned[MOST_TOLD]; /* what the module allocated while the host was told */
} told;

static const struct redirect_target *calls_of(HMODULE module)
{
    FARPROC function = GetProcAddress(module, REDIRECT_TARGET_EXPORT);

    return ((redirect_target_function *)(void (*)(void))function)();
}

static bool owns(const struct subject *subject, HMODULE module)
{
    const struct redirect_target *calls = calls_of(module);
    void *memory = calls->alloc(NULL, PAGE, MEM_RESERVE, PAGE_NOACCESS);
    bool owned = is_owned(subject, memory);

    return calls->free(memory, 0, MEM_RELEASE) && owned;
}

/* No assertions here: this runs inside of a load. */
static void CALLBACK note(void *context, const HOSTMEM_MODULE *module)
{
    LONG at = InterlockedIncrement(&told.count) - 1;

    if (at >= MOST_TOLD)
        return;
    told.modules[at] = *module;
    told.threads[at] = GetCurrentThreadId();
    told.was_owned[at] = owns(context, module->hModule);
}

static int set_up(void **state)
{
    static struct redirected redirected;
    const HOSTMEM_OPTIONS options = {
        .cbSize = sizeof(options), .pfnModule = note, .pModuleContext = &redirected.subject};

    memset(&told, 0, sizeof(told));
    memset(&redirected, 0, sizeof(redirected));
    redirected.subject = subject_make(&options);
    redirected.flags = FOLLOW;
    redirected_load(&redirected, L"follow_runtime.dll");
    redirected_begin(&redirected);
    *state = &redirected;
    return 0;
}

static int tear_down(void **state)
{
    struct redirected *redirected = *state;

    if (redirected->redirection)
        redirected_end(redirected);
    assert_clean_audit_of("after the test", &redirected->subject);
    redirected_unload(redirected);
    subject_end(&redirected->subject);
    return 0;
}

#define follow_promise(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* Drops the test's last reference to a module. */
static void unload(HMODULE module)
{
    assert_true(FreeLibrary(module));
}

/* ------------------------------------------------------------------------------------------------
 * What is followed
 * --------------------------------------------------------------------------------------------- */

static void each_way_to_load_is_followed(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HMODULE modules[] = {calls->load_a("follow_jit.dll"), calls->load_w(L"follow_collector.dll"),
                         calls->load_ex_a("follow_older_collector.dll", NULL, 0),
                         calls->load_ex_w(L"follow_classic_runtime.dll", NULL, 0)};

    for (size_t i = 0; i < COUNT_OF(modules); i++) {
        assert_non_null(modules[i]);
        assert_true(owns(&redirected->subject, modules[i]));
        unload(modules[i]);
    }
    assert_figure(told.count, COUNT_OF(modules));
}

static void what_is_loaded_is_followed_in_turn(void **state)
{
    const struct redirected *redirected = *state;
    HMODULE jit = redirected->calls->load_w(L"follow_jit.dll");
    HMODULE collector;

    assert_non_null(jit);
    collector = calls_of(jit)->load_w(L"follow_collector.dll");
    assert_non_null(collector);
    assert_true(owns(&redirected->subject, collector));
    unload(collector);
    unload(jit);
}

static void a_module_that_is_none_of_a_runtime_is_left_alone(void **state)
{
    const struct redirected *redirected = *state;
    HMODULE other = redirected->calls->load_w(L"follow_other.dll");

    assert_non_null(other);
    assert_false(owns(&redirected->subject, other));
    assert_figure(told.count, 0);
    unload(other);
    assert_null(GetModuleHandleW(L"follow_other.dll"));
}

static void a_module_loaded_as_data_is_left_alone(void **state)
{
    static const DWORD flags[] = {DONT_RESOLVE_DLL_REFERENCES, LOAD_LIBRARY_AS_DATAFILE,
                                  LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE,
                                  LOAD_LIBRARY_AS_IMAGE_RESOURCE};
    const struct redirected *redirected = *state;

    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        HMODULE module = redirected->calls->load_ex_w(L"follow_jit.dll", NULL, flags[i]);

        assert_non_null(module);
        assert_figure(told.count, 0);
        unload(module);
        module = redirected->calls->load_ex_a("follow_jit.dll", NULL, flags[i]);
        assert_non_null(module);
        assert_figure(told.count, 0);
        unload(module);
    }
}

static void without_the_flag_nothing_is_followed(void **state)
{
    struct redirected *redirected = *state;
    HMODULE jit;

    redirected_end(redirected);
    redirected->flags = 0;
    redirected_begin(redirected);
    jit = redirected->calls->load_w(L"follow_jit.dll");
    assert_non_null(jit);
    assert_false(owns(&redirected->subject, jit));
    assert_figure(told.count, 0);
    unload(jit);
}

/* Of hostfxr.dll and hostpolicy.dll, given or loaded. */
static void of_a_part_of_the_host_only_the_loads_are_followed(void **state)
{
    struct redirected *redirected = *state;
    struct redirected host = {.subject = redirected->subject, .flags = FOLLOW};
    HMODULE policy, runtime;

    redirected_end(redirected);
    redirected_load(&host, L"follow_host.dll");
    redirected_begin(&host);
    assert_false(owns(&host.subject, host.module));
    policy = host.calls->load_w(L"follow_policy.dll");
    assert_non_null(policy);
    assert_false(owns(&host.subject, policy));
    runtime = calls_of(policy)->load_w(L"follow_classic_runtime.dll");
    assert_non_null(runtime);
    assert_true(owns(&host.subject, runtime));
    unload(runtime);
    unload(policy);
    redirected_end(&host);
    redirected_unload(&host);
}

static bool looks_up_hook(const struct redirect_target *calls, const char *function)
{
    HMODULE kernel32 = GetModuleHandleW(L"kernel32.dll");

    return calls->look_up(kernel32, function) != GetProcAddress(kernel32, function);
}

/* Such a part looks up the loads, and GetProcAddress itself, and nothing else that is redirected.
 */
static void a_part_of_the_host_looks_up_the_loads_alone(void **state)
{
    struct redirected *redirected = *state;
    struct redirected host = {.subject = redirected->subject,
                              .flags = FOLLOW | HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_ENDINGS};
    static const char *const others[] = {"VirtualAlloc", "LocalAlloc", "GlobalMemoryStatusEx",
                                         "ExitProcess"};

    redirected_end(redirected);
    redirected_load(&host, L"follow_host.dll");
    redirected_begin(&host);
    assert_true(looks_up_hook(host.calls, "LoadLibraryExW"));
    assert_true(looks_up_hook(host.calls, "GetProcAddress"));
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_figure_of(others[i], looks_up_hook(host.calls, others[i]), false);
    redirected_end(&host);
    redirected_unload(&host);
}

/* By a load that it has looked up, too. */
static void a_load_that_was_looked_up_is_followed(void **state)
{
    const struct redirected *redirected = *state;
    FARPROC load =
        redirected->calls->look_up(GetModuleHandleW(L"kernelbase.dll"), "LoadLibraryExW");
    HMODULE jit = ((__typeof__(LoadLibraryExW) *)(void (*)(void))load)(L"follow_jit.dll", NULL, 0);

    assert_non_null(jit);
    assert_true(owns(&redirected->subject, jit));
    assert_figure(told.count, 1);
    unload(jit);
}

static void the_flags_go_with_it(void **state)
{
    struct redirected *redirected = *state;
    HMODULE jit;

    redirected_end(redirected);
    redirected->flags = FOLLOW | HOSTMEM_REDIRECT_HEAP;
    redirected_begin(redirected);
    jit = redirected->calls->load_w(L"follow_jit.dll");
    assert_non_null(jit);
    {
        const struct redirect_target *calls = calls_of(jit);
        void *block = calls->heap_alloc(GetProcessHeap(), 0, 100);

        assert_figure(statistics_of(&redirected->subject).Blocks.Now, 1);
        assert_true(calls->heap_free(GetProcessHeap(), 0, block));
    }
    assert_figure(statistics_of(&redirected->subject).Blocks.Now, 0);
    unload(jit);
}

/* ------------------------------------------------------------------------------------------------
 * The call itself
 * --------------------------------------------------------------------------------------------- */

static void the_host_is_told_before_the_load_returns(void **state)
{
    const struct redirected *redirected = *state;
    static const struct {
        const wchar_t *file;
        HOSTMEM_MODULE_KIND kind;
    } cases[] = {{L"follow_classic_runtime.dll", HostMemModuleRuntime},
                 {L"follow_jit.dll", HostMemModuleJit},
                 {L"follow_collector.dll", HostMemModuleCollector},
                 {L"follow_native_aot.dll", HostMemModuleNativeAot},
                 {L"follow_host.dll", HostMemModuleHost}};
    HMODULE modules[COUNT_OF(cases)];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        modules[i] = redirected->calls->load_w(cases[i].file);
        assert_figure(told.count, i + 1);
        assert_address(told.modules[i].hModule, modules[i]);
        assert_figure(told.modules[i].Kind, cases[i].kind);
        assert_hresult(told.modules[i].Result, S_OK);
        assert_figure(told.threads[i], GetCurrentThreadId());
        assert_figure(told.was_owned[i], cases[i].kind != HostMemModuleHost);
    }
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        unload(modules[i]);
}

static void a_module_loaded_again_is_told_of_once(void **state)
{
    const struct redirected *redirected = *state;
    HMODULE first = redirected->calls->load_w(L"follow_jit.dll");
    HMODULE second = redirected->calls->load_w(L"follow_jit.dll");

    assert_address(second, first);
    assert_figure(told.count, 1);
    assert_true(owns(&redirected->subject, second));
    unload(second);
    unload(first);
}

static void a_load_leaves_the_last_error_that_win32_leaves(void **state)
{
    const struct redirected *redirected = *state;
    HMODULE held = LoadLibraryW(L"follow_jit.dll");
    HMODULE module;
    DWORD theirs;

    assert_non_null(held);
    SetLastError(UNTOUCHED);
    module = LoadLibraryW(L"follow_jit.dll");
    theirs = GetLastError();
    unload(module);
    SetLastError(UNTOUCHED);
    module = redirected->calls->load_w(L"follow_jit.dll");
    assert_last_error(theirs);
    assert_figure(told.count, 1);
    unload(module);
    SetLastError(UNTOUCHED);
    assert_null(LoadLibraryW(L"no-such-module.dll"));
    theirs = GetLastError();
    SetLastError(UNTOUCHED);
    assert_null(redirected->calls->load_w(L"no-such-module.dll"));
    assert_last_error(theirs);
    unload(held);
}

static DWORD WINAPI load_jit(void *calls)
{
    HMODULE module = ((const struct redirect_target *)calls)->load_w(L"follow_jit.dll");

    return module && FreeLibrary(module);
}

static void of_threads_that_load_it_at_once_one_is_told(void **state)
{
    struct redirected *redirected = *state;

    for (int round = 0; round < ROUNDS; round++) {
        HANDLE threads[LOADERS];

        told.count = 0;
        for (int i = 0; i < LOADERS; i++) {
            threads[i] = CreateThread(NULL, 0, load_jit, (void *)redirected->calls, 0, NULL);
            assert_non_null(threads[i]);
        }
        for (int i = 0; i < LOADERS; i++) {
            DWORD loaded = FALSE;

            assert_figure(WaitForSingleObject(threads[i], INFINITE), WAIT_OBJECT_0);
            assert_true(GetExitCodeThread(threads[i], &loaded) && loaded);
            CloseHandle(threads[i]);
        }
        assert_figure(told.count, 1);
        assert_true(told.was_owned[0]);
        redirected_end(redirected);
        assert_null(GetModuleHandleW(L"follow_jit.dll"));
        redirected_begin(redirected);
    }
}

/* ------------------------------------------------------------------------------------------------
 * The end of it
 * --------------------------------------------------------------------------------------------- */

static void what_was_loaded_ends_with_the_last_that_follows(void **state)
{
    struct redirected *redirected = *state;
    struct redirected second = {.subject = redirected->subject, .flags = FOLLOW};
    HMODULE jit = redirected->calls->load_w(L"follow_jit.dll");

    assert_non_null(jit);
    redirected_load(&second, L"follow_classic_runtime.dll");
    redirected_begin(&second);
    redirected_end(redirected);
    assert_true(owns(&second.subject, jit));
    redirected_end(&second);
    assert_false(owns(&second.subject, jit));
    redirected_unload(&second);
    unload(jit);
    assert_null(GetModuleHandleW(L"follow_jit.dll"));
}

static void a_module_that_was_loaded_stays_while_it_is_followed(void **state)
{
    struct redirected *redirected = *state;

    unload(redirected->calls->load_w(L"follow_jit.dll"));
    assert_non_null(GetModuleHandleW(L"follow_jit.dll"));
    redirected_end(redirected);
    assert_null(GetModuleHandleW(L"follow_jit.dll"));
}

static void following_with_other_flags_is_busy(void **state)
{
    struct redirected *redirected = *state;
    struct redirected second = {.subject = redirected->subject};

    redirected_load(&second, L"follow_classic_runtime.dll");
    assert_hresult(HostMemRedirectModule(second.subject.manager, second.module,
                                         FOLLOW | HOSTMEM_REDIRECT_HEAP, &second.redirection),
                   HRESULT_FROM_WIN32(ERROR_BUSY));
    assert_null(second.redirection);
    assert_false(owns(&second.subject, second.module));
    redirected_end(redirected);
    second.flags = FOLLOW | HOSTMEM_REDIRECT_HEAP;
    redirected_begin(&second);
    redirected_end(&second);
    redirected_unload(&second);
}

/* Asking for it in vain is not following. */
static void a_refused_redirection_follows_nothing(void **state)
{
    struct redirected *redirected = *state;
    HMODULE nothing = LoadLibraryW(L"redirect_nothing.dll");
    const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *)nothing;
    HOSTMEM_REDIRECTION *redirection = SOMETHING;
    IMAGE_DATA_DIRECTORY *imports;
    DWORD protect, at;

    assert_non_null(nothing);
    imports = &((IMAGE_NT_HEADERS *)((char *)nothing + dos->e_lfanew))
                   ->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
    at = imports->VirtualAddress;
    assert_true(VirtualProtect(imports, sizeof(*imports), PAGE_READWRITE, &protect));
    imports->VirtualAddress = 0x7ffffff0;
    redirected_end(redirected);
    assert_hresult(
        HostMemRedirectModule(redirected->subject.manager, nothing, FOLLOW, &redirection),
        HRESULT_FROM_WIN32(ERROR_BAD_EXE_FORMAT));
    imports->VirtualAddress = at;
    assert_null(redirection);
    redirected->flags = FOLLOW | HOSTMEM_REDIRECT_NO_STATUS;
    redirected_begin(redirected);
    unload(nothing);
}

/*
 * A program may import none of the functions, and yet load a runtime by a module of its own: the
 * host tells of that.
 */
static void a_module_without_such_imports_is_followed(void **state)
{
    struct redirected *redirected = *state;
    HMODULE nothing = LoadLibraryW(L"redirect_nothing.dll"), jit;
    HOSTMEM_REDIRECTION *redirection, *again = SOMETHING;

    redirected_end(redirected);
    assert_hresult(
        HostMemRedirectModule(redirected->subject.manager, nothing, FOLLOW, &redirection), S_OK);
    assert_non_null(redirection);
    assert_hresult(HostMemRedirectModule(redirected->subject.manager, nothing, FOLLOW, &again),
                   S_FALSE);
    assert_null(again);
    jit = LoadLibraryW(L"follow_jit.dll");
    assert_hresult(HostMemFollowModule(jit), S_OK);
    assert_true(owns(&redirected->subject, jit));
    assert_hresult(HostMemRemoveRedirection(redirection), S_OK);
    assert_hresult(HostMemFollowModule(jit), S_FALSE);
    unload(jit);
    unload(nothing);
    redirected_begin(redirected);
}

static void a_closed_manager_gets_no_further_modules(void **state)
{
    const struct redirected *redirected = *state;
    HMODULE jit;

    assert_hresult(IHostMemInspection_Close(redirected->subject.inspection), S_OK);
    jit = redirected->calls->load_w(L"follow_jit.dll");
    assert_non_null(jit);
    assert_figure(told.count, 0);
    unload(jit);
    assert_null(GetModuleHandleW(L"follow_jit.dll"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        follow_promise(each_way_to_load_is_followed),
        follow_promise(what_is_loaded_is_followed_in_turn),
        follow_promise(a_module_that_is_none_of_a_runtime_is_left_alone),
        follow_promise(a_module_loaded_as_data_is_left_alone),
        follow_promise(without_the_flag_nothing_is_followed),
        follow_promise(of_a_part_of_the_host_only_the_loads_are_followed),
        follow_promise(a_part_of_the_host_looks_up_the_loads_alone),
        follow_promise(a_load_that_was_looked_up_is_followed),
        follow_promise(the_flags_go_with_it),
        follow_promise(the_host_is_told_before_the_load_returns),
        follow_promise(a_module_loaded_again_is_told_of_once),
        follow_promise(a_load_leaves_the_last_error_that_win32_leaves),
        follow_promise(of_threads_that_load_it_at_once_one_is_told),
        follow_promise(what_was_loaded_ends_with_the_last_that_follows),
        follow_promise(a_module_that_was_loaded_stays_while_it_is_followed),
        follow_promise(following_with_other_flags_is_busy),
        follow_promise(a_refused_redirection_follows_nothing),
        follow_promise(a_module_without_such_imports_is_followed),
        follow_promise(a_closed_manager_gets_no_further_modules),
    };

    return cmocka_run_group_tests_name("redirect_follow", tests, NULL, NULL);
}
