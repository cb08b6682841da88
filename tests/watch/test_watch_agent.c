/*
 * test_watch_agent.c: HostMemAgentStart in the process's own name (include/hostmem/agent.h). The
 * tests build on each other: the agent can be started once.
 */
#include "started.h"

#include <hostmem/agent.h>

#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum {
    OWN_MEMORY = 5 << 20
};

#define EXCEPTION_OF_CRASH ((DWORD)0xe0001234)

static IHostMemoryManager *started_manager;

static LONG WINAPI own_filter(EXCEPTION_POINTERS *exception)
{
    (void)exception;
    return EXCEPTION_CONTINUE_SEARCH;
}

static HRESULT CALLBACK ignore_damage(void *context, const HOSTMEM_DAMAGE *damage)
{
    (void)context;
    (void)damage;
    return S_OK;
}

static void CALLBACK ignore_module(void *context, const HOSTMEM_MODULE *module)
{
    (void)context;
    (void)module;
}

static void CALLBACK ignore_ending(void *context, const HOSTMEM_ENDING *ending)
{
    (void)context;
    (void)ending;
}

static void section_name(wchar_t name[64])
{
    swprintf(name, 64, L"Local\\hostmem-%lu", GetCurrentProcessId());
}

/* Refused with that result, and nothing is left: no manager, no section, the process's filter. */
static void check_refused(const HOSTMEM_AGENT_OPTIONS *options, HRESULT expected)
{
    IHostMemoryManager *manager = SOMETHING;
    LPTOP_LEVEL_EXCEPTION_FILTER filter;
    wchar_t name[64];

    SetUnhandledExceptionFilter(own_filter);
    assert_hresult(HostMemAgentStart(options, &manager), expected);
    assert_null(manager);
    filter = SetUnhandledExceptionFilter(NULL);
    assert_true(filter == own_filter);
    section_name(name);
    assert_null(OpenFileMappingW(FILE_MAP_READ, FALSE, name));
}

/* ------------------------------------------------------------------------------------------------
 * Refusals
 * --------------------------------------------------------------------------------------------- */

static void there_must_be_a_place_for_the_manager(void **state)
{
    (void)state;
    assert_hresult(HostMemAgentStart(NULL, NULL), E_POINTER);
}

static void sizes_of_other_versions_are_refused(void **state)
{
    HOSTMEM_OPTIONS of_manager = {.cbSize = sizeof(of_manager) - 1};
    HOSTMEM_AGENT_OPTIONS options = {.cbSize = sizeof(options) + 1};

    (void)state;
    check_refused(&options, E_INVALIDARG);
    options.cbSize = sizeof(options);
    options.pManager = &of_manager;
    check_refused(&options, E_INVALIDARG);
}

static void members_of_the_agent_s_own_are_refused(void **state)
{
    static char books[16];
    const HOSTMEM_OPTIONS wrong[] = {
        {.cbSize = sizeof(*wrong), .pBooks = books},
        {.cbSize = sizeof(*wrong), .cbBooks = 16},
        {.cbSize = sizeof(*wrong), .pfnDamage = ignore_damage},
        {.cbSize = sizeof(*wrong), .pfnModule = ignore_module},
        {.cbSize = sizeof(*wrong), .pfnEnding = ignore_ending},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        const HOSTMEM_AGENT_OPTIONS options = {.cbSize = sizeof(options), .pManager = &wrong[i]};

        check_refused(&options, E_INVALIDARG);
    }
}

static void what_the_manager_or_the_redirection_refuse_is_refused(void **state)
{
    const HOSTMEM_OPTIONS of_manager = {.cbSize = sizeof(of_manager), .dwFlags = 0x80000000u};
    HOSTMEM_AGENT_OPTIONS options = {.cbSize = sizeof(options), .pManager = &of_manager};

    (void)state;
    check_refused(&options, E_INVALIDARG);
    options.pManager = NULL;
    options.dwRedirectFlags = 0x40000000u;
    check_refused(&options, E_INVALIDARG);
    options.dwRedirectFlags = 0;
    options.hModule = GetModuleHandleW(L"kernel32.dll");
    check_refused(&options, E_INVALIDARG);
}

static void a_name_that_exists_is_refused(void **state)
{
    IHostMemoryManager *manager = SOMETHING;
    wchar_t name[64];
    HANDLE other;

    (void)state;
    section_name(name);
    other = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x1000, name);
    assert_non_null(other);
    assert_hresult(HostMemAgentStart(NULL, &manager), HRESULT_FROM_WIN32(ERROR_ALREADY_EXISTS));
    assert_null(manager);
    CloseHandle(other);
}

/* ------------------------------------------------------------------------------------------------
 * The agent
 * --------------------------------------------------------------------------------------------- */

static void it_starts_after_all_that_and_redirects_the_program(void **state)
{
    const HOSTMEM_OPTIONS of_manager = {.cbSize = sizeof(of_manager), .GuardAbove = 4096};
    const HOSTMEM_AGENT_OPTIONS options = {.cbSize = sizeof(options),
                                           .dwRedirectFlags = HOSTMEM_REDIRECT_HEAP,
                                           .pManager = &of_manager};
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};
    IHostMemInspection *inspection;
    void *memory;

    (void)state;
    assert_hresult(HostMemAgentStart(&options, &started_manager), S_OK);
    memory = VirtualAlloc(NULL, OWN_MEMORY, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    assert_non_null(memory);
    assert_hresult(IHostMemoryManager_QueryInterface(started_manager, &IID_IHostMemInspection,
                                                     (void **)&inspection),
                   S_OK);
    assert_hresult(IHostMemInspection_GetStatistics(inspection, &statistics), S_OK);
    assert_at_least(statistics.Committed.Now, OWN_MEMORY);
    assert_figure(statistics.Methods[HostMemVirtualAlloc].Calls, 1);
    IHostMemInspection_Release(inspection);
}

static void a_second_call_gets_the_same_manager(void **state)
{
    IHostMemoryManager *manager = NULL;

    (void)state;
    assert_hresult(HostMemAgentStart(NULL, &manager),
                   HRESULT_FROM_WIN32(ERROR_ALREADY_INITIALIZED));
    assert_address(manager, started_manager);
    IHostMemoryManager_Release(manager);
}

static void hostmem_top_shows_it_with_its_options(void **state)
{
    struct started *top = run(L"hostmem-top.exe --json %lu", GetCurrentProcessId());
    json_t *reports = json_loads(top->output, 0, NULL);
    json_t *report = json_array_get(reports, 0);

    (void)state;
    check_started(top, top->exit_code == 0);
    check_started(top, report != NULL);
    check_started(top, strstr(top->output, "test_watch_agent.exe") != NULL);
    check_started(top, integer_at(report, "process_id") == (json_int_t)GetCurrentProcessId());
    check_started(top, integer_at(report, "statistics.committed.now") >= OWN_MEMORY);
    check_started(top, integer_at(report, "audit.difference_count") == 0);
    check_started(top, integer_at(report, "host.guard_above") == 4096);
    json_decref(reports);
    forget(top);
}

/* ------------------------------------------------------------------------------------------------
 * The process's own filter of unhandled exceptions
 * --------------------------------------------------------------------------------------------- */

static LONG WINAPI telling_filter(EXCEPTION_POINTERS *exception)
{
    printf("filtered %lx\n", exception->ExceptionRecord->ExceptionCode);
    fflush(stdout);
    return EXCEPTION_EXECUTE_HANDLER;
}

/* This program, started once more. */
static int crash(void)
{
    IHostMemoryManager *manager;

    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    SetUnhandledExceptionFilter(telling_filter);
    if (HostMemAgentStart(NULL, &manager) == S_OK)
        RaiseException(EXCEPTION_OF_CRASH, 0, 0, NULL);
    return 1;
}

static void a_filter_that_was_there_before_is_still_called(void **state)
{
    struct started *crashed = run(L"test_watch_agent.exe crash");

    (void)state;
    check_started(crashed, strstr(crashed->output, "filtered e0001234\n") != NULL);
    check_started(crashed, crashed->exit_code == EXCEPTION_OF_CRASH);
    forget(crashed);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_must_be_a_place_for_the_manager),
        cmocka_unit_test(sizes_of_other_versions_are_refused),
        cmocka_unit_test(members_of_the_agent_s_own_are_refused),
        cmocka_unit_test(what_the_manager_or_the_redirection_refuse_is_refused),
        cmocka_unit_test(a_name_that_exists_is_refused),
        cmocka_unit_test(it_starts_after_all_that_and_redirects_the_program),
        cmocka_unit_test(a_second_call_gets_the_same_manager),
        cmocka_unit_test(hostmem_top_shows_it_with_its_options),
        cmocka_unit_test(a_filter_that_was_there_before_is_still_called),
    };
    int failures;

    if (argc > 1 && !strcmp(argv[1], "crash"))
        return crash();
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    RemoveDirectoryW(scratch());
    return failures;
}
