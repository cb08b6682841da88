/*
 * test_standin_scenarios.c: the stand-in for .NET Framework as a host sees it: the installed
 * runtimes, the programs, and each failure that it can be told to show.
 */
#include "standin_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oleauto.h>

#define TOO_SMALL HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER)

#ifdef _WIN64
#define V4_DIRECTORY L"C:\\windows\\Microsoft.NET\\Framework64\\v4.0.30319\\"
#else
#define V4_DIRECTORY L"C:\\windows\\Microsoft.NET\\Framework\\v4.0.30319\\"
#endif

static HRESULT get_runtime(const struct standin *standin, const wchar_t *version,
                           ICLRRuntimeInfo **info)
{
    return standin->meta->lpVtbl->GetRuntime(standin->meta, version, &IID_ICLRRuntimeInfo,
                                             (void **)info);
}

/* ------------------------------------------------------------------------------------------------
 * The installed runtimes
 * --------------------------------------------------------------------------------------------- */

/* Enumerates the installed runtimes, and fails the test unless they are these. */
static void assert_installed(const struct standin *standin, const wchar_t *const *versions,
                             unsigned count)
{
    IEnumUnknown *runtimes = NULL;
    IUnknown *items[4];
    ULONG fetched = 99;

    assert_hresult(standin->meta->lpVtbl->EnumerateInstalledRuntimes(standin->meta, &runtimes),
                   S_OK);
    assert_hresult(IEnumUnknown_Next(runtimes, COUNT_OF(items), items, &fetched), S_FALSE);
    assert_figure(fetched, count);
    for (unsigned i = 0; i < count; i++) {
        ICLRRuntimeInfo *info = NULL;
        wchar_t version[32];
        DWORD length = COUNT_OF(version);

        assert_hresult(IUnknown_QueryInterface(items[i], &IID_ICLRRuntimeInfo, (void **)&info),
                       S_OK);
        assert_hresult(info->lpVtbl->GetVersionString(info, version, &length), S_OK);
        assert_figure(wcscmp(version, versions[i]), 0);
        info->lpVtbl->Release(info);
        IUnknown_Release(items[i]);
    }
    assert_figure(IEnumUnknown_Release(runtimes), 0);
}

static void two_runtimes_are_installed(void **state)
{
    static const wchar_t *const versions[] = {L"v2.0.50727", L"v4.0.30319"};
    struct standin standin;

    (void)state;
    standin_load(&standin, NULL, NULL);
    assert_installed(&standin, versions, 2);
    standin_end(&standin);
}

static void with_v2_only_that_is_installed(void **state)
{
    static const wchar_t *const versions[] = {L"v2.0.50727"};
    struct standin standin;
    ICLRRuntimeInfo *info = NULL;

    (void)state;
    standin_load(&standin, L"v2", NULL);
    assert_installed(&standin, versions, 1);
    assert_hresult(get_runtime(&standin, L"v2.0.50727", &info), S_OK);
    assert_hresult(get_runtime(&standin, L"v4.0.30319", &info), CLR_E_SHIM_RUNTIME);
    assert_address(info, NULL);
    standin_end(&standin);
}

static void with_none_no_runtime_is_installed(void **state)
{
    struct standin standin;
    ICLRRuntimeInfo *info = SOMETHING;

    (void)state;
    standin_load(&standin, L"none", NULL);
    assert_installed(&standin, NULL, 0);
    assert_hresult(get_runtime(&standin, L"v4.0.30319", &info), CLR_E_SHIM_RUNTIME);
    assert_address(info, NULL);
    standin_end(&standin);
}

static void a_version_that_is_not_installed_is_not_found(void **state)
{
    struct standin standin;
    ICLRRuntimeInfo *info = SOMETHING;

    (void)state;
    standin_load(&standin, NULL, NULL);
    assert_hresult(get_runtime(&standin, L"v1.1.4322", &info), CLR_E_SHIM_RUNTIME);
    assert_address(info, NULL);
    standin_end(&standin);
}

static void an_enumeration_begins_anew_skips_and_is_cloned(void **state)
{
    struct standin standin;
    IEnumUnknown *runtimes = NULL, *clone = NULL;
    IUnknown *first = NULL, *second = NULL, *again = NULL;

    (void)state;
    standin_load(&standin, NULL, NULL);
    standin.meta->lpVtbl->EnumerateInstalledRuntimes(standin.meta, &runtimes);
    assert_hresult(IEnumUnknown_Next(runtimes, 1, &first, NULL), S_OK);
    assert_hresult(IEnumUnknown_Clone(runtimes, &clone), S_OK);
    assert_hresult(IEnumUnknown_Next(clone, 1, &second, NULL), S_OK);
    assert_true(first != second);
    assert_hresult(IEnumUnknown_Skip(runtimes, 1), S_OK);
    assert_hresult(IEnumUnknown_Skip(runtimes, 1), S_FALSE);
    assert_hresult(IEnumUnknown_Reset(runtimes), S_OK);
    assert_hresult(IEnumUnknown_Next(runtimes, 1, &again, NULL), S_OK);
    assert_address(again, first);
    IEnumUnknown_Release(clone);
    IEnumUnknown_Release(runtimes);
    standin_end(&standin);
}

static void a_text_needs_room_for_its_null(void **state)
{
    struct standin standin;
    wchar_t text[80] = L"";
    DWORD length = 0;

    (void)state;
    standin_bind(&standin, NULL, NULL);
    assert_hresult(standin.info->lpVtbl->GetVersionString(standin.info, NULL, &length), S_OK);
    assert_figure(length, 11);
    length = 10;
    assert_hresult(standin.info->lpVtbl->GetVersionString(standin.info, text, &length), TOO_SMALL);
    assert_figure(length, 11);
    assert_figure(text[0], 0);
    assert_hresult(standin.info->lpVtbl->GetVersionString(standin.info, text, &length), S_OK);
    assert_figure(wcscmp(text, L"v4.0.30319"), 0);
    assert_hresult(standin.info->lpVtbl->GetVersionString(standin.info, text, NULL), E_POINTER);
    length = COUNT_OF(text);
    assert_hresult(standin.info->lpVtbl->GetRuntimeDirectory(standin.info, text, &length), S_OK);
    assert_figure(wcscmp(text, V4_DIRECTORY), 0);
    assert_figure(length, wcslen(V4_DIRECTORY) + 1);
    standin_end(&standin);
}

static void a_file_tells_the_version_of_its_metadata(void **state)
{
    static const char metadata[] = "MZ..BSJB\1\0\1\0\0\0\0\0\14\0\0\0v2.0.50727\0\0";
    struct standin standin;
    wchar_t path[MAX_PATH], version[32];
    DWORD length = COUNT_OF(version);
    FILE *file;

    (void)state;
    standin_load(&standin, NULL, NULL);
    temporary_file(path);
    file = _wfopen(path, L"wb");
    assert_non_null(file);
    assert_figure(fwrite(metadata, 1, sizeof(metadata), file), sizeof(metadata));
    fclose(file);
    assert_hresult(standin.meta->lpVtbl->GetVersionFromFile(standin.meta, path, version, &length),
                   S_OK);
    assert_figure(wcscmp(version, L"v2.0.50727"), 0);
    DeleteFileW(path);
    length = COUNT_OF(version);
    assert_hresult(standin.meta->lpVtbl->GetVersionFromFile(standin.meta, path, version, &length),
                   COR_E_FILENOTFOUND);
    standin_end(&standin);
}

static void with_unloadable_no_runtime_can_be_loaded(void **state)
{
    struct standin standin;
    ICLRRuntimeInfo *info = NULL;
    void *host = SOMETHING;
    BOOL loadable = TRUE;

    (void)state;
    standin_load(&standin, L"unloadable", NULL);
    assert_hresult(get_runtime(&standin, L"v4.0.30319", &info), S_OK);
    assert_hresult(info->lpVtbl->IsLoadable(info, &loadable), S_OK);
    assert_figure(loadable, FALSE);
    assert_hresult(
        info->lpVtbl->GetInterface(info, &CLSID_CLRRuntimeHost, &IID_ICLRRuntimeHost, &host),
        CLR_E_SHIM_RUNTIME);
    assert_address(host, NULL);
    standin_end(&standin);
}

static void the_other_runtime_cannot_be_loaded_beside_the_first(void **state)
{
    struct standin standin;
    ICLRRuntimeInfo *other = NULL;
    BOOL loadable = TRUE, loaded = FALSE;

    (void)state;
    standin_bind(&standin, NULL, NULL);
    assert_hresult(get_runtime(&standin, L"v2.0.50727", &other), S_OK);
    assert_hresult(other->lpVtbl->IsLoadable(other, &loadable), S_OK);
    assert_figure(loadable, FALSE);
    assert_hresult(standin.info->lpVtbl->IsLoadable(standin.info, &loadable), S_OK);
    assert_figure(loadable, TRUE);
    assert_hresult(standin.info->lpVtbl->IsLoaded(standin.info, GetCurrentProcess(), &loaded),
                   S_OK);
    assert_figure(loaded, TRUE);
    standin_end(&standin);
}

/* ------------------------------------------------------------------------------------------------
 * Start and stop
 * --------------------------------------------------------------------------------------------- */

static void both_interfaces_are_to_the_same_runtime(void **state)
{
    struct standin standin;
    IUnknown *domain = SOMETHING;
    BOOL started = FALSE;
    DWORD flags = 99;

    (void)state;
    standin_bind(&standin, NULL, NULL);
    assert_hresult(ICorRuntimeHost_GetDefaultDomain(standin.cor, &domain), HOST_E_CLRNOTAVAILABLE);
    assert_address(domain, NULL);
    assert_hresult(ICLRRuntimeHost_Start(standin.host), S_OK);
    assert_hresult(ICorRuntimeHost_GetDefaultDomain(standin.cor, &domain), S_OK);
    assert_hresult(standin.info->lpVtbl->IsStarted(standin.info, &started, &flags), S_OK);
    assert_figure(started, TRUE);
    assert_hresult(ICorRuntimeHost_Stop(standin.cor), S_OK);
    assert_hresult(ICLRRuntimeHost_Stop(standin.host), HOST_E_CLRNOTAVAILABLE);
    assert_hresult(ICLRRuntimeHost_Start(standin.host), HOST_E_CLRNOTAVAILABLE);
    standin_end(&standin);
}

static void startup_flags_can_be_set_until_Start(void **state)
{
    struct standin standin;
    DWORD flags = 0;

    (void)state;
    standin_bind(&standin, NULL, NULL);
    assert_hresult(standin.info->lpVtbl->SetDefaultStartupFlags(standin.info, 2, NULL), S_OK);
    assert_hresult(standin.info->lpVtbl->GetDefaultStartupFlags(standin.info, &flags, NULL, NULL),
                   S_OK);
    assert_figure(flags, 2);
    assert_hresult(ICLRRuntimeHost_Start(standin.host), S_OK);
    assert_hresult(standin.info->lpVtbl->SetDefaultStartupFlags(standin.info, 3, NULL),
                   HOST_E_INVALIDOPERATION);
    standin_end(&standin);
}

static void with_start_fails_Start_does(void **state)
{
    struct standin standin;

    (void)state;
    standin_bind(&standin, L"start-fails", NULL);
    assert_hresult(ICLRRuntimeHost_Start(standin.host), COR_E_EXECUTIONENGINE);
    assert_hresult(ICorRuntimeHost_Start(standin.cor), COR_E_EXECUTIONENGINE);
    standin_end(&standin);
}

static void with_refuses_control_SetHostControl_fails(void **state)
{
    struct standin standin;

    (void)state;
    standin_bind(&standin, L"refuses-control", NULL);
    assert_hresult(
        ICLRRuntimeHost_SetHostControl(standin.host, &standin.recorder.IHostControl_iface), E_FAIL);
    assert_figure(standin.recorder.asked, 0);
    standin_end(&standin);
}

static void words_are_combined_by_semicolons(void **state)
{
    static const wchar_t *const versions[] = {L"v2.0.50727"};
    struct standin standin;
    ICLRRuntimeInfo *info = NULL;
    BOOL loadable = TRUE;

    (void)state;
    standin_load(&standin, L"v2;no-such-word;unloadable", NULL);
    assert_installed(&standin, versions, 1);
    assert_hresult(get_runtime(&standin, L"v2.0.50727", &info), S_OK);
    assert_hresult(info->lpVtbl->IsLoadable(info, &loadable), S_OK);
    assert_figure(loadable, FALSE);
    standin_end(&standin);
}

/* ------------------------------------------------------------------------------------------------
 * Programs
 * --------------------------------------------------------------------------------------------- */

/* What a program printed must be these lines, the path of the program in the first. */
static void assert_printed(char *printed, const char *first, const char *rest)
{
    char path[3 * MAX_PATH], expected[4 * MAX_PATH];

    assert_true(
        WideCharToMultiByte(CP_UTF8, 0, program_path(), -1, path, sizeof(path), NULL, NULL) > 0);
    snprintf(expected, sizeof(expected), "%s%s\r\n%s", first, path, rest);
    assert_string_equal(printed, expected);
    free(printed);
}

static void a_program_prints_its_arguments_and_ends_with_their_number(void **state)
{
    static const wchar_t *const arguments[] = {L"plain", L"", L"\u00e9\u4e2d"};
    struct standin standin;
    struct capture capture;
    LONG exit_code = 0;

    (void)state;
    standin_start(&standin, NULL, NULL);
    capture_begin(&capture, STD_OUTPUT_HANDLE);
    assert_hresult(standin_execute(&standin, program_path(), arguments, 3, &exit_code), S_OK);
    assert_printed(capture_end(&capture), "Main of ",
                   "argument plain\r\nargument \r\nargument \xc3\xa9\xe4\xb8\xad\r\n");
    assert_figure(exit_code, 43);
    standin_end(&standin);
}

static void a_method_prints_its_argument_and_results_in_7(void **state)
{
    struct standin standin;
    struct capture capture;
    DWORD result = 0;

    (void)state;
    standin_start(&standin, NULL, NULL);
    capture_begin(&capture, STD_OUTPUT_HANDLE);
    assert_hresult(ICLRRuntimeHost_ExecuteInDefaultAppDomain(
                       standin.host, program_path(), L"A.Type", L"Method", L"given", &result),
                   S_OK);
    assert_printed(capture_end(&capture), "A.Type.Method of ", "argument given\r\n");
    assert_figure(result, 7);
    standin_end(&standin);
}

static void a_program_that_is_not_there_is_not_found(void **state)
{
    struct standin standin;
    LONG exit_code = 99;
    DWORD result = 99;

    (void)state;
    standin_start(&standin, NULL, NULL);
    assert_hresult(standin_execute(&standin, missing_path(), NULL, 0, &exit_code),
                   COR_E_FILENOTFOUND);
    assert_hresult(ICLRRuntimeHost_ExecuteInDefaultAppDomain(standin.host, missing_path(), L"Type",
                                                             L"Method", NULL, &result),
                   COR_E_FILENOTFOUND);
    standin_end(&standin);
}

static void a_runtime_that_has_not_started_runs_nothing(void **state)
{
    struct standin standin;
    DWORD result = 99;

    (void)state;
    standin_bind(&standin, NULL, NULL);
    assert_hresult(ICLRRuntimeHost_ExecuteInDefaultAppDomain(standin.host, program_path(), L"Type",
                                                             L"Method", NULL, &result),
                   HOST_E_CLRNOTAVAILABLE);
    standin_end(&standin);
}

static void with_unhandled_the_program_throws_and_says_why(void **state)
{
    struct standin standin;
    struct capture capture;
    LONG exit_code = 99;
    IErrorInfo *information = NULL;
    BSTR description = NULL;

    (void)state;
    standin_start(&standin, L"unhandled", NULL);
    capture_begin(&capture, STD_OUTPUT_HANDLE);
    assert_hresult(standin_execute(&standin, program_path(), NULL, 0, &exit_code),
                   COR_E_INVALIDOPERATION);
    assert_printed(capture_end(&capture), "Main of ", "");
    assert_hresult(GetErrorInfo(0, &information), S_OK);
    assert_hresult(IErrorInfo_GetDescription(information, &description), S_OK);
    assert_figure(wcscmp(description, L"The stand-in's program throws."), 0);
    SysFreeString(description);
    IErrorInfo_Release(information);
    standin_end(&standin);
}

static void with_no_method_there_is_none(void **state)
{
    struct standin standin;
    DWORD result = 99;

    (void)state;
    standin_start(&standin, L"no-method", NULL);
    assert_hresult(ICLRRuntimeHost_ExecuteInDefaultAppDomain(standin.host, program_path(), L"Type",
                                                             L"Method", NULL, &result),
                   COR_E_MISSINGMETHOD);
    standin_end(&standin);
}

static void with_no_type_there_is_none(void **state)
{
    struct standin standin;
    DWORD result = 99;

    (void)state;
    standin_start(&standin, L"no-type", NULL);
    assert_hresult(ICLRRuntimeHost_ExecuteInDefaultAppDomain(standin.host, program_path(), L"Type",
                                                             L"Method", NULL, &result),
                   COR_E_TYPELOAD);
    standin_end(&standin);
}

/* ------------------------------------------------------------------------------------------------
 * The domain's other methods
 * --------------------------------------------------------------------------------------------- */

/* On x86, one that took the wrong number of words off the stack would not come back here. */
static void the_domain_s_other_methods_are_E_NOTIMPL(void **state)
{
    struct standin standin;
    IUnknown *unknown = NULL;
    clr_app_domain *domain = NULL;
    VARIANT other = {0};
    void *result = NULL;

    (void)state;
    standin_bind(&standin, NULL, NULL);
    assert_hresult(ICLRRuntimeHost_Start(standin.host), S_OK);
    assert_hresult(ICorRuntimeHost_GetDefaultDomain(standin.cor, &unknown), S_OK);
    assert_hresult(IUnknown_QueryInterface(unknown, &IID__AppDomain, (void **)&domain), S_OK);

#define METHOD(slot, ...) ((HRESULT(STDMETHODCALLTYPE *)(__VA_ARGS__))domain->lpVtbl->unused[slot])
    assert_hresult(METHOD(4, clr_app_domain *, void **)(domain, &result), E_NOTIMPL);
    assert_hresult(METHOD(5, clr_app_domain *, VARIANT, void **)(domain, other, &result),
                   E_NOTIMPL);
    assert_hresult(
        METHOD(45, clr_app_domain *, void *, void *, void **)(domain, NULL, NULL, &result),
        E_NOTIMPL);
    assert_hresult(METHOD(38, clr_app_domain *, BSTR, BSTR, VARIANT_BOOL, int, void *, void *,
                          void *, void *, void *,
                          void **)(domain, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, &result),
                   E_NOTIMPL);
    assert_hresult(METHOD(48, clr_app_domain *, BSTR, LONG *)(domain, NULL, NULL), E_NOTIMPL);
#undef METHOD
    standin_end(&standin);
}

/* ------------------------------------------------------------------------------------------------
 * A process that ends
 * --------------------------------------------------------------------------------------------- */

/* The test program itself, started with this argument, is the process. */
#define AS_PROGRAM_THAT_EXITS L"exits"

static void run_until_exit(void)
{
    struct standin standin;
    LONG exit_code;

    standin_start(&standin, L"exit", NULL);
    standin_execute(&standin, program_path(), NULL, 0, &exit_code);
}

static void with_exit_the_program_ends_its_process(void **state)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    wchar_t line[MAX_PATH + 16];
    DWORD exit_code = 99;

    (void)state;
    swprintf(line, COUNT_OF(line), L"\"%ls\" " AS_PROGRAM_THAT_EXITS, program_path());
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    assert_figure(WaitForSingleObject(process.hProcess, INFINITE), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(process.hProcess, &exit_code));
    assert_figure(exit_code, 9);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_runtimes_are_installed),
        cmocka_unit_test(with_v2_only_that_is_installed),
        cmocka_unit_test(with_none_no_runtime_is_installed),
        cmocka_unit_test(a_version_that_is_not_installed_is_not_found),
        cmocka_unit_test(an_enumeration_begins_anew_skips_and_is_cloned),
        cmocka_unit_test(a_text_needs_room_for_its_null),
        cmocka_unit_test(a_file_tells_the_version_of_its_metadata),
        cmocka_unit_test(with_unloadable_no_runtime_can_be_loaded),
        cmocka_unit_test(the_other_runtime_cannot_be_loaded_beside_the_first),
        cmocka_unit_test(both_interfaces_are_to_the_same_runtime),
        cmocka_unit_test(startup_flags_can_be_set_until_Start),
        cmocka_unit_test(with_start_fails_Start_does),
        cmocka_unit_test(with_refuses_control_SetHostControl_fails),
        cmocka_unit_test(words_are_combined_by_semicolons),
        cmocka_unit_test(a_program_prints_its_arguments_and_ends_with_their_number),
        cmocka_unit_test(a_method_prints_its_argument_and_results_in_7),
        cmocka_unit_test(a_program_that_is_not_there_is_not_found),
        cmocka_unit_test(a_runtime_that_has_not_started_runs_nothing),
        cmocka_unit_test(with_unhandled_the_program_throws_and_says_why),
        cmocka_unit_test(with_no_method_there_is_none),
        cmocka_unit_test(with_no_type_there_is_none),
        cmocka_unit_test(the_domain_s_other_methods_are_E_NOTIMPL),
        cmocka_unit_test(with_exit_the_program_ends_its_process),
    };

    (void)argv;
    if (argc > 1) {
        run_until_exit();
        return 1; /* it did not exit */
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
