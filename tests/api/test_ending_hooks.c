/*
 * test_ending_hooks.c: a module that ends the process: the host is told first, and the process ends
 * as it would have (src/redirect/hooks/ending_hooks.c).
 *
 * Each end is one of this program, started once more: `test_ending_hooks.exe SCENE SECTION`. The
 * section is memory that the two processes share. There the ending process notes what it was told.
 */
#include "redirect_ending.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

#define EXIT_CODE 77u
#define EXIT_CODE_OF_CALLBACK 78u
#define EXCEPTION_CODE ((DWORD)0xe0001234)
#define FAIL_FAST_CODE ((DWORD)0xc0000602)

/* The shared memory. */
struct told {
    volatile LONG begun;    /* calls of pfnEnding */
    volatile LONG returned; /* of these */
    HOSTMEM_ENDING last;
    DWORD thread; /* that was told last */
    DWORD ender;  /* the thread that ends the process */
    volatile LONG filtered;
    volatile LONG failed; /* what must not fail did */
};

static struct told *told;
static const struct redirect_ending *calls;
static HOSTMEM_REDIRECTION *redirection;

/* ------------------------------------------------------------------------------------------------
 * The process that ends
 * --------------------------------------------------------------------------------------------- */

static void CALLBACK note(void *context, const HOSTMEM_ENDING *ending)
{
    InterlockedIncrement(&told->begun);
    if (context != told)
        told->failed = __LINE__;
    told->last = *ending;
    told->thread = GetCurrentThreadId();
    InterlockedIncrement(&told->returned);
}

static void CALLBACK note_slowly(void *context, const HOSTMEM_ENDING *ending)
{
    (void)context;
    InterlockedIncrement(&told->begun);
    told->last = *ending;
    Sleep(100);
    InterlockedIncrement(&told->returned);
}

static void CALLBACK end_at_once(void *context, const HOSTMEM_ENDING *ending)
{
    note(context, ending);
    calls->exit_process(EXIT_CODE_OF_CALLBACK);
}

static HANDLE open_self(DWORD access)
{
    HANDLE self = OpenProcess(access, FALSE, GetCurrentProcessId());

    if (!self)
        told->failed = __LINE__;
    return self;
}

static void exit_process(void)
{
    calls->exit_process(EXIT_CODE);
}

static void terminate_by_pseudo_handle(void)
{
    calls->terminate_process(GetCurrentProcess(), EXIT_CODE);
}

static void terminate_by_handle(void)
{
    calls->terminate_process(open_self(PROCESS_ALL_ACCESS), EXIT_CODE);
}

/* As .NET's Process.Kill does. */
static void terminate_by_handle_with_no_other_right(void)
{
    HANDLE self = open_self(PROCESS_TERMINATE);

    if (GetProcessId(self))
        told->failed = __LINE__; /* then this proves nothing */
    calls->terminate_process(self, EXIT_CODE);
}

static void terminate_natively(void)
{
    calls->nt_terminate_process(GetCurrentProcess(), EXIT_CODE);
}

static void terminate_by_looked_up_function(void)
{
    FARPROC found = calls->look_up(GetModuleHandleW(L"kernel32.dll"), "TerminateProcess");

    ((__typeof__(TerminateProcess) *)(void (*)(void))found)(GetCurrentProcess(), EXIT_CODE);
}

static void fail_fast(void)
{
    calls->fail_fast(NULL, NULL, 0);
}

static void fail_fast_with_a_record(void)
{
    EXCEPTION_RECORD record = {.ExceptionCode = EXCEPTION_CODE,
                               .ExceptionAddress = (void *)(uintptr_t)fail_fast_with_a_record};

    calls->fail_fast(&record, NULL, 0);
}

static LONG WINAPI filter(EXCEPTION_POINTERS *exception)
{
    InterlockedIncrement(&told->filtered);
    if (told->begun || exception->ExceptionRecord->ExceptionCode != EXCEPTION_CODE)
        told->failed = __LINE__;
    return EXCEPTION_EXECUTE_HANDLER;
}

static LONG WINAPI filter_that_continues(EXCEPTION_POINTERS *exception)
{
    (void)exception;
    InterlockedIncrement(&told->filtered);
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void leave_an_exception_unhandled(void)
{
    calls->set_filter(filter);
    RaiseException(EXCEPTION_CODE, 0, 0, NULL);
}

static void let_a_filter_continue(void)
{
    calls->set_filter(filter_that_continues);
    RaiseException(EXCEPTION_CODE, 0, 0, NULL);
    TerminateProcess(GetCurrentProcess(), EXIT_CODE); /* this program's own: not redirected */
}

/* Win32 refuses a handle without that right; then the process does end. */
static void fail_to_terminate_then_exit(void)
{
    HANDLE self = open_self(PROCESS_QUERY_LIMITED_INFORMATION);

    SetLastError(UNTOUCHED);
    if (calls->terminate_process(self, 1) || GetLastError() != ERROR_ACCESS_DENIED)
        told->failed = __LINE__;
    if (calls->nt_terminate_process(self, 1) >= 0)
        told->failed = __LINE__;
    calls->exit_process(EXIT_CODE);
}

static DWORD WINAPI exit_in_thread(void *unused)
{
    (void)unused;
    calls->exit_process(EXIT_CODE);
    return 0;
}

/* The process must not end before the callback has returned in the first of these threads. */
static void end_in_several_threads(void)
{
    for (int i = 0; i < 3; i++)
        CreateThread(NULL, 0, exit_in_thread, NULL, 0, NULL);
    Sleep(INFINITE);
}

/* Neither another process nor the other threads are this process. */
static void terminate_another_process(void)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION child;
    wchar_t path[MAX_PATH];

    if (!GetModuleFileNameW(NULL, path, MAX_PATH) ||
        !CreateProcessW(path, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup,
                        &child) ||
        !calls->terminate_process(child.hProcess, 5) || calls->nt_terminate_process(NULL, 0) < 0)
        told->failed = __LINE__;
    TerminateProcess(GetCurrentProcess(), EXIT_CODE);
}

static void exit_after_removal(void)
{
    FARPROC found = calls->look_up(GetModuleHandleW(L"kernel32.dll"), "ExitProcess");

    if (HostMemRemoveRedirection(redirection) != S_OK)
        told->failed = __LINE__;
    ((__typeof__(ExitProcess) *)(void (*)(void))found)(EXIT_CODE);
}

/* What the host expects of an end. */
static const struct scene {
    const char *name;
    void (*play)(void);
    HOSTMEM_ENDING_CALLBACK callback;
    DWORD flags;
    LONG told; /* how often the host is told */
    HOSTMEM_ENDING_KIND kind;
    DWORD code;
    DWORD exit_code; /* of the process; 0: the system chooses it */
} scenes[] = {
    {"exit", exit_process, note, HOSTMEM_REDIRECT_ENDINGS, 1, HostMemEndingExitProcess, EXIT_CODE,
     EXIT_CODE},
    {"pseudo", terminate_by_pseudo_handle, note, HOSTMEM_REDIRECT_ENDINGS, 1,
     HostMemEndingTerminateProcess, EXIT_CODE, EXIT_CODE},
    {"handle", terminate_by_handle, note, HOSTMEM_REDIRECT_ENDINGS, 1,
     HostMemEndingTerminateProcess, EXIT_CODE, EXIT_CODE},
    {"bare", terminate_by_handle_with_no_other_right, note, HOSTMEM_REDIRECT_ENDINGS, 1,
     HostMemEndingTerminateProcess, EXIT_CODE, EXIT_CODE},
    {"native", terminate_natively, note, HOSTMEM_REDIRECT_ENDINGS, 1, HostMemEndingTerminateProcess,
     EXIT_CODE, EXIT_CODE},
    {"lookup", terminate_by_looked_up_function, note, HOSTMEM_REDIRECT_ENDINGS, 1,
     HostMemEndingTerminateProcess, EXIT_CODE, EXIT_CODE},
    {"failfast", fail_fast, note, HOSTMEM_REDIRECT_ENDINGS, 1, HostMemEndingFailFast,
     FAIL_FAST_CODE, 0},
    {"record", fail_fast_with_a_record, note, HOSTMEM_REDIRECT_ENDINGS, 1, HostMemEndingFailFast,
     EXCEPTION_CODE, 0},
    {"unhandled", leave_an_exception_unhandled, note, HOSTMEM_REDIRECT_ENDINGS, 1,
     HostMemEndingUnhandledException, EXCEPTION_CODE, EXCEPTION_CODE},
    {"continued", let_a_filter_continue, note, HOSTMEM_REDIRECT_ENDINGS, 0, (HOSTMEM_ENDING_KIND)0,
     0, EXIT_CODE},
    {"refused", fail_to_terminate_then_exit, note, HOSTMEM_REDIRECT_ENDINGS, 3,
     HostMemEndingExitProcess, EXIT_CODE, EXIT_CODE},
    {"threads", end_in_several_threads, note_slowly, HOSTMEM_REDIRECT_ENDINGS, 1,
     HostMemEndingExitProcess, EXIT_CODE, EXIT_CODE},
    {"callback", exit_process, end_at_once, HOSTMEM_REDIRECT_ENDINGS, 1, HostMemEndingExitProcess,
     EXIT_CODE, EXIT_CODE_OF_CALLBACK},
    {"other", terminate_another_process, note, HOSTMEM_REDIRECT_ENDINGS, 0, (HOSTMEM_ENDING_KIND)0,
     0, EXIT_CODE},
    {"removed", exit_after_removal, note, HOSTMEM_REDIRECT_ENDINGS, 0, (HOSTMEM_ENDING_KIND)0, 0,
     EXIT_CODE},
    {"noflag", exit_process, note, 0, 0, (HOSTMEM_ENDING_KIND)0, 0, EXIT_CODE},
    {"nobody", exit_process, NULL, HOSTMEM_REDIRECT_ENDINGS, 0, (HOSTMEM_ENDING_KIND)0, 0,
     EXIT_CODE},
};

static const struct scene *find_scene(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(scenes); i++) {
        if (strcmp(scenes[i].name, name) == 0)
            return &scenes[i];
    }
    return NULL;
}

static void map_section(HANDLE section)
{
    told = section ? MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, sizeof(*told)) : NULL;
}

/* Plays a scene; returns only if something is wrong. */
static int play(const char *name, const char *section)
{
    const struct scene *scene = find_scene(name);
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options)};
    HMODULE module = LoadLibraryW(L"redirect_ending.dll");
    IHostMemoryManager *manager;

    map_section(OpenFileMappingA(FILE_MAP_WRITE, FALSE, section));
    if (!told || !scene || !module)
        return 2;
    calls = ((redirect_ending_function *)(void (*)(void))GetProcAddress(module,
                                                                        REDIRECT_ENDING_EXPORT))();
    options.pfnEnding = scene->callback;
    options.pEndingContext = told;
    told->ender = GetCurrentThreadId();
    if (HostMemCreateManager(&options, &manager) != S_OK ||
        FAILED(HostMemRedirectModule(manager, module, scene->flags, &redirection)))
        return 3;
    IHostMemoryManager_Release(manager);
    scene->play();
    return 4;
}

/* ------------------------------------------------------------------------------------------------
 * The process that looks
 * --------------------------------------------------------------------------------------------- */

static DWORD run(const char *scene, const char *section)
{
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION child;
    char command[2 * MAX_PATH], path[MAX_PATH];
    DWORD exit_code = 0;

    assert_true(GetModuleFileNameA(NULL, path, MAX_PATH) != 0);
    snprintf(command, sizeof(command), "\"%s\" %s %s", path, scene, section);
    assert_true(CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    assert_figure(WaitForSingleObject(child.hProcess, 60000), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(child.hProcess, &exit_code));
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return exit_code;
}

/* Plays a scene in a process of its own. */
static void assert_scene(const char *name)
{
    const struct scene *scene = find_scene(name);
    char section_name[64];
    HANDLE section;
    DWORD exit_code;

    snprintf(section_name, sizeof(section_name), "hostmem-ending-%lu", GetCurrentProcessId());
    section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(*told),
                                 section_name);
    map_section(section);
    assert_non_null(told);
    memset(told, 0, sizeof(*told));
    exit_code = run(name, section_name);
    assert_figure_of(name, told->failed, 0);
    assert_figure_of(name, told->begun, scene->told);
    assert_figure_of(name, told->last.Kind, scene->kind);
    assert_figure_of(name, told->last.Code, scene->code);
    if (scene->callback == note && scene->told)
        assert_figure_of(name, told->thread, told->ender);
    if (scene->callback != end_at_once)
        assert_figure_of(name, told->returned, told->begun);
    if (scene->exit_code)
        assert_figure_of(name, exit_code, scene->exit_code);
    UnmapViewOfFile(told);
    told = NULL;
    CloseHandle(section);
}

static void an_exit_is_told(void **state)
{
    (void)state;
    assert_scene("exit");
}

static void termination_of_the_process_by_itself_is_told_for_every_handle(void **state)
{
    (void)state;
    assert_scene("pseudo");
    assert_scene("handle");
    assert_scene("bare");
    assert_scene("native");
}

static void an_end_by_a_looked_up_function_is_told(void **state)
{
    (void)state;
    assert_scene("lookup");
}

static void a_fail_fast_is_told_with_its_code(void **state)
{
    (void)state;
    assert_scene("failfast");
    assert_scene("record");
}

static void an_unhandled_exception_is_told_after_the_module_s_filter(void **state)
{
    (void)state;
    assert_scene("unhandled");
    assert_scene("continued");
}

static void an_end_that_win32_refuses_is_told_and_the_next_one_too(void **state)
{
    (void)state;
    assert_scene("refused");
}

static void of_threads_that_end_the_process_one_tells_and_the_others_wait(void **state)
{
    (void)state;
    assert_scene("threads");
}

static void the_callback_may_end_the_process(void **state)
{
    (void)state;
    assert_scene("callback");
}

static void what_does_not_end_this_process_is_not_told(void **state)
{
    (void)state;
    assert_scene("other");
}

static void nothing_is_told_without_the_flag_the_callback_or_the_redirection(void **state)
{
    (void)state;
    assert_scene("removed");
    assert_scene("noflag");
    assert_scene("nobody");
}

/* ------------------------------------------------------------------------------------------------
 * Filters
 * --------------------------------------------------------------------------------------------- */

static LONG WINAPI first_filter(EXCEPTION_POINTERS *exception)
{
    (void)exception;
    return EXCEPTION_CONTINUE_SEARCH;
}

static LONG WINAPI second_filter(EXCEPTION_POINTERS *exception)
{
    (void)exception;
    return EXCEPTION_EXECUTE_HANDLER;
}

/* A module sees the filters that were set, not what stands in for them. */
static void SetUnhandledExceptionFilter_returns_the_filter_from_before(void **state)
{
    struct subject subject = subject_make(NULL);
    HMODULE module = LoadLibraryW(L"redirect_ending.dll");
    LPTOP_LEVEL_EXCEPTION_FILTER original, in_place;
    const struct redirect_ending *ending;

    (void)state;
    assert_non_null(module);
    ending = ((redirect_ending_function *)(void (*)(void))GetProcAddress(module,
                                                                         REDIRECT_ENDING_EXPORT))();
    assert_hresult(
        HostMemRedirectModule(subject.manager, module, HOSTMEM_REDIRECT_ENDINGS, &redirection),
        S_OK);
    original = SetUnhandledExceptionFilter(NULL);
    SetUnhandledExceptionFilter(original);
    assert_true(ending->set_filter(first_filter) == original);
    assert_true(ending->set_filter(second_filter) == first_filter);
    /* Somebody else takes out what is in place, and the module puts it back. */
    in_place = SetUnhandledExceptionFilter(first_filter);
    assert_true(in_place != second_filter);
    assert_true(ending->set_filter(in_place) == first_filter);
    assert_true(ending->set_filter(NULL) == second_filter);
    assert_true(ending->set_filter(original) == NULL);
    assert_hresult(HostMemRemoveRedirection(redirection), S_OK);
    SetUnhandledExceptionFilter(original);
    subject_end(&subject);
    FreeLibrary(module);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exit_is_told),
        cmocka_unit_test(termination_of_the_process_by_itself_is_told_for_every_handle),
        cmocka_unit_test(an_end_by_a_looked_up_function_is_told),
        cmocka_unit_test(a_fail_fast_is_told_with_its_code),
        cmocka_unit_test(an_unhandled_exception_is_told_after_the_module_s_filter),
        cmocka_unit_test(an_end_that_win32_refuses_is_told_and_the_next_one_too),
        cmocka_unit_test(of_threads_that_end_the_process_one_tells_and_the_others_wait),
        cmocka_unit_test(the_callback_may_end_the_process),
        cmocka_unit_test(what_does_not_end_this_process_is_not_told),
        cmocka_unit_test(nothing_is_told_without_the_flag_the_callback_or_the_redirection),
        cmocka_unit_test(SetUnhandledExceptionFilter_returns_the_filter_from_before),
    };

    if (argc == 3)
        return play(argv[1], argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
