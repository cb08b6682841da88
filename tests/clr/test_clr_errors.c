/*
 * test_clr_errors.c: hostmem-run's own failures: one sentence, one exit code, no report.
 *
 * No test here starts a runtime, so none is needed: the runtimes are files that only look like one.
 */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    PATH_SIZE = 1024
};

#ifdef _WIN64
#define OWN_MACHINE IMAGE_FILE_MACHINE_AMD64
#define OTHER_MACHINE IMAGE_FILE_MACHINE_I386
#define OTHER_PROGRAM L"Echo-x86"
#define OTHER_BITNESS "is a 32-bit program and this is the 64-bit hostmem-run"
#define WRONG_RUNTIME "is not a 64-bit one as this hostmem-run is"
#else
#define OWN_MACHINE IMAGE_FILE_MACHINE_I386
#define OTHER_MACHINE IMAGE_FILE_MACHINE_AMD64
#define OTHER_PROGRAM L"Echo-x64"
#define OTHER_BITNESS "is a 64-bit program and this is the 32-bit hostmem-run"
#define WRONG_RUNTIME "is not a 32-bit one as this hostmem-run is"
#endif

/* ------------------------------------------------------------------------------------------------
 * Files that look like something
 * --------------------------------------------------------------------------------------------- */

static void write_file(const wchar_t *path, const void *bytes, DWORD size)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD written;

    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, bytes, size, &written, NULL));
    CloseHandle(file);
}

/* The headers of a DLL for the machine, and nothing else: no loader takes it. */
static void write_headers(const wchar_t *path, WORD machine)
{
    struct {
        IMAGE_DOS_HEADER dos;
        IMAGE_NT_HEADERS nt;
    } file = {{.e_magic = IMAGE_DOS_SIGNATURE, .e_lfanew = offsetof(__typeof__(file), nt)},
              {.Signature = IMAGE_NT_SIGNATURE,
               .FileHeader = {.Machine = machine,
                              .SizeOfOptionalHeader = sizeof(IMAGE_OPTIONAL_HEADER),
                              .Characteristics = IMAGE_FILE_DLL},
               .OptionalHeader = {.Magic = IMAGE_NT_OPTIONAL_HDR_MAGIC}}};

    write_file(path, &file, sizeof(file));
}

/* A dotnet root in the scratch directory; versions are added to it one by one. */
static const wchar_t *dotnet_root(void)
{
    static wchar_t path[PATH_SIZE];

    swprintf(path, PATH_SIZE, L"%ls\\dotnet", scratch_directory());
    return path;
}

static void make_directories(const wchar_t *version)
{
    wchar_t path[PATH_SIZE];

    CreateDirectoryW(dotnet_root(), NULL);
    swprintf(path, PATH_SIZE, L"%ls\\shared", dotnet_root());
    CreateDirectoryW(path, NULL);
    swprintf(path, PATH_SIZE, L"%ls\\shared\\Microsoft.NETCore.App", dotnet_root());
    CreateDirectoryW(path, NULL);
    swprintf(path, PATH_SIZE, L"%ls\\shared\\Microsoft.NETCore.App\\%ls", dotnet_root(), version);
    CreateDirectoryW(path, NULL);
}

static void install(const wchar_t *version, WORD machine)
{
    wchar_t path[PATH_SIZE];

    make_directories(version);
    swprintf(path, PATH_SIZE, L"%ls\\shared\\Microsoft.NETCore.App\\%ls\\coreclr.dll",
             dotnet_root(), version);
    write_headers(path, machine);
}

static void uninstall(const wchar_t *version)
{
    wchar_t path[PATH_SIZE];

    swprintf(path, PATH_SIZE, L"%ls\\shared\\Microsoft.NETCore.App\\%ls\\coreclr.dll",
             dotnet_root(), version);
    DeleteFileW(path);
    *wcsrchr(path, L'\\') = L'\0';
    RemoveDirectoryW(path);
    for (int parent = 0; parent < 3; parent++) {
        *wcsrchr(path, L'\\') = L'\0';
        RemoveDirectoryW(path);
    }
}

/* ------------------------------------------------------------------------------------------------
 * The command line
 * --------------------------------------------------------------------------------------------- */

static void check_failure(struct run *run, DWORD exit_code, const char *sentence)
{
    check_run(run, run->exit_code == exit_code);
    check_run(run, strncmp(run->errors, "hostmem-run: ", 13) == 0);
    check_run(run, strstr(run->errors, sentence));
    check_run(run, occurrences(run->errors, "\n") == 1);
    check_run(run, *run->output == '\0');
    check_run(run, !run->report_left);
    run_free(run);
}

static void no_program_is_240(void **state)
{
    (void)state;
    check_failure(run_host(RUN_NO_RUNTIME, L""), 240, "no program is named");
    check_failure(run_host(RUN_NO_RUNTIME, L"--quiet"), 240, "no program is named");
}

static void an_unknown_option_is_240(void **state)
{
    (void)state;
    check_failure(run_host(RUN_WITH_JSON, L"--foo %ls", clr_program(L"Echo")), 240,
                  "the option --foo is not one of hostmem-run's");
    check_failure(run_host(RUN_WITH_JSON, L"-x %ls", clr_program(L"Echo")), 240,
                  "the option -x is not one of hostmem-run's");
}

static void an_option_without_its_value_is_240(void **state)
{
    (void)state;
    check_failure(run_host(RUN_NO_RUNTIME, L"--runtime"), 240,
                  "the option --runtime lacks its value");
    check_failure(run_host(RUN_NO_RUNTIME, L"--quiet=3 %ls", clr_program(L"Echo")), 240,
                  "the option --quiet=3 takes no value");
}

static void a_bad_size_is_240(void **state)
{
    static const wchar_t *const sizes[] = {L"", L"0", L"K", L"-1", L"1KB", L"99999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        check_failure(
            run_host(RUN_WITH_JSON, L"--guard \"%ls\" %ls", sizes[i], clr_program(L"Echo")), 240,
            "the option --guard wants a size such as 4096, 64K or 1M, not \"");
    check_failure(run_host(RUN_NO_RUNTIME, L"--guard"), 240, "the option --guard lacks its value");
}

static void a_bad_limit_is_240(void **state)
{
    static const wchar_t *const sizes[] = {L"0", L"-1", L"1X", L"64 M", L"99999999999G"};
    static const wchar_t *const pressures[] = {L"",     L"90",  L"70,90", L"90,90",    L"101,70",
                                               L"90,0", L"90,", L"90;70", L"90,70,50", L"on"};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        check_failure(
            run_host(RUN_WITH_JSON, L"--limit \"%ls\" %ls", sizes[i], clr_program(L"Echo")), 240,
            "the option --limit wants a size such as 4096, 64K or 1M, not \"");
        check_failure(run_host(RUN_WITH_JSON, L"--limit-reserved \"%ls\" %ls", sizes[i],
                               clr_program(L"Echo")),
                      240, "the option --limit-reserved wants a size");
    }
    for (size_t i = 0; i < sizeof(pressures) / sizeof(pressures[0]); i++)
        check_failure(run_host(RUN_WITH_JSON, L"--limit 64M --pressure \"%ls\" %ls", pressures[i],
                               clr_program(L"Echo")),
                      240, "the option --pressure wants two percentages such as 90,70");
    check_failure(run_host(RUN_NO_RUNTIME, L"--reserve 1M %ls", clr_program(L"Echo")), 240,
                  "the option --reserve wants --limit, too");
    check_failure(run_host(RUN_NO_RUNTIME, L"--reserve 64M --limit 64M %ls", clr_program(L"Echo")),
                  240, "the option --reserve leaves nothing of --limit");
    check_failure(run_host(RUN_NO_RUNTIME, L"--pressure 80,60 %ls", clr_program(L"Echo")), 240,
                  "the option --pressure LOW,HIGH wants --limit, too");
}

/* ------------------------------------------------------------------------------------------------
 * The program
 * --------------------------------------------------------------------------------------------- */

static void a_missing_program_is_241(void **state)
{
    (void)state;
    check_failure(run_host(RUN_WITH_JSON, L"no-such-program.exe"), 241,
                  "there is no program no-such-program.exe.");
    check_failure(run_host(RUN_WITH_JSON, L"no-such-directory\\program.exe"), 241,
                  "there is no program no-such-directory\\program.exe.");
}

static void a_directory_is_241(void **state)
{
    (void)state;
    check_failure(run_host(RUN_WITH_JSON, L"\"%ls\"", scratch_directory()), 241, "cannot be read");
}

static void a_native_library_is_242(void **state)
{
    wchar_t library[PATH_SIZE];

    (void)state;
    GetModuleFileNameW(NULL, library, PATH_SIZE);
    wcscpy(wcsrchr(library, L'\\') + 1, L"hostmem.dll");
    check_failure(run_host(RUN_WITH_JSON, L"\"%ls\"", library), 242,
                  "is a native DLL, and no program that can be started.");
}

static void a_text_file_is_242(void **state)
{
    static const char text[] = "MZ is how this text begins, and a program too; there it ends.\n"
                               "What else there is to say of it takes more than 64 characters.\n";
    wchar_t path[PATH_SIZE];

    (void)state;
    swprintf(path, PATH_SIZE, L"%ls\\text.exe", scratch_directory());
    write_file(path, text, sizeof(text) - 1);
    check_failure(run_host(RUN_WITH_JSON, L"\"%ls\"", path), 242,
                  "is not a program: it has no PE header.");
    write_file(path, text, 0);
    check_failure(run_host(RUN_WITH_JSON, L"\"%ls\"", path), 242,
                  "is not a program: it has no PE header.");
    DeleteFileW(path);
}

/* However short a program is cut, reading it ends well. */
static void a_truncated_program_is_242(void **state)
{
    const DWORD sizes[] = {63, 64, 0x84, 0x90, 0xf8, 0x170, 0x200};
    wchar_t source[PATH_SIZE];
    wchar_t path[PATH_SIZE];

    (void)state;
    swprintf(source, PATH_SIZE, L"%ls", clr_program(L"Echo") + 1);
    source[wcslen(source) - 1] = L'\0';
    swprintf(path, PATH_SIZE, L"%ls\\cut.exe", scratch_directory());
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        HANDLE file;

        assert_true(CopyFileW(source, path, FALSE));
        file = CreateFileW(path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        SetFilePointer(file, (LONG)sizes[i], NULL, FILE_BEGIN);
        assert_true(SetEndOfFile(file));
        CloseHandle(file);
        check_failure(run_host(RUN_WITH_JSON, L"\"%ls\"", path), 242, "is not a ");
    }
    DeleteFileW(path);
}

static void a_program_of_the_other_bitness_is_243(void **state)
{
    (void)state;
    check_failure(run_host(RUN_WITH_JSON, L"%ls", clr_program(OTHER_PROGRAM)), 243, OTHER_BITNESS);
}

/* ------------------------------------------------------------------------------------------------
 * The runtime
 * --------------------------------------------------------------------------------------------- */

static void a_runtime_directory_without_a_runtime_is_244(void **state)
{
    (void)state;
    check_failure(run_host(RUN_NO_RUNTIME, L"--runtime \"%ls\" %ls", scratch_directory(),
                           clr_program(L"Echo")),
                  244, "there is no runtime in ");
    check_failure(
        run_host(RUN_NO_RUNTIME, L"--runtime no-such-directory %ls", clr_program(L"Echo")), 244,
        "there is no runtime in no-such-directory (--runtime)");
}

static void a_hostmem_runtime_without_a_runtime_is_244(void **state)
{
    (void)state;
    SetEnvironmentVariableW(L"HOSTMEM_RUNTIME", L"no-such-directory");
    check_failure(run_host(RUN_NO_RUNTIME, L"%ls", clr_program(L"Echo")), 244,
                  "there is no runtime in no-such-directory (HOSTMEM_RUNTIME)");
    SetEnvironmentVariableW(L"HOSTMEM_RUNTIME", NULL);
}

/* Nothing is installed where this variable and its like lead. */
static void no_runtime_anywhere_is_244(void **state)
{
    static const wchar_t *const places[] = {L"ProgramFiles", L"ProgramW6432", L"ProgramFiles(x86)",
                                            L"LocalAppData", L"UserProfile",  L"PATH"};
    wchar_t values[6][PATH_SIZE];

    (void)state;
    for (int i = 0; i < 6; i++) {
        values[i][0] = L'\0';
        GetEnvironmentVariableW(places[i], values[i], PATH_SIZE);
        SetEnvironmentVariableW(places[i], scratch_directory());
    }
    check_failure(run_host(RUN_NO_RUNTIME, L"%ls", clr_program(L"Echo-net")), 244,
                  "-bit .NET Core runtime was found: give --runtime DIR, or set ");
    for (int i = 0; i < 6; i++)
        SetEnvironmentVariableW(places[i], values[i][0] ? values[i] : NULL);
}

static void a_runtime_of_the_other_bitness_is_243(void **state)
{
    (void)state;
    install(L"2.0.0", OTHER_MACHINE);
    check_failure(
        run_host(RUN_NO_RUNTIME, L"--runtime \"%ls\" %ls", dotnet_root(), clr_program(L"Echo")),
        243, WRONG_RUNTIME);
    uninstall(L"2.0.0");
}

/* Start succeeds all the same: what it asks for is process-critical, and never refused. */
static void a_limit_too_small_for_the_runtime_is_245(void **state)
{
    (void)state;
    check_failure(run_host(RUN_WITH_JSON, L"--limit 512K %ls", clr_program(L"Echo")), 245,
                  "CreateAppDomainWithManager failed (0x8007000e); the limit may be too small for "
                  "it. E_OUTOFMEMORY: ");
}

static void a_runtime_that_cannot_be_loaded_is_245(void **state)
{
    (void)state;
    install(L"2.0.0", OWN_MACHINE);
    check_failure(
        run_host(RUN_NO_RUNTIME, L"--runtime \"%ls\" %ls", dotnet_root(), clr_program(L"Echo")),
        245, "the runtime cannot be loaded: ");
    uninstall(L"2.0.0");
}

/* The sentence that says that the runtime cannot be loaded shows which one was chosen. */
static void check_choice(const char *directory)
{
    char sentence[64];

    snprintf(sentence, sizeof(sentence), "Microsoft.NETCore.App\\%s\\coreclr.dll", directory);
    SetEnvironmentVariableW(L"DOTNET_ROOT", dotnet_root());
    check_failure(run_host(RUN_NO_RUNTIME, L"%ls", clr_program(L"Echo-net")), 245, sentence);
    SetEnvironmentVariableW(L"DOTNET_ROOT", NULL);
}

static void the_newest_runtime_that_fits_is_taken(void **state)
{
    (void)state;
    install(L"2.0.9", OWN_MACHINE);
    check_choice("2.0.9");
    install(L"2.0.10", OWN_MACHINE);
    check_choice("2.0.10");
    install(L"10.0.0-preview.2", OWN_MACHINE);
    check_choice("10.0.0-preview.2");
    install(L"10.0.0-preview.10", OWN_MACHINE);
    check_choice("10.0.0-preview.10");
    install(L"10.0.0", OWN_MACHINE);
    check_choice("10.0.0");
    install(L"11.0.0", OTHER_MACHINE);
    check_choice("10.0.0");
    make_directories(L"12.0.0");
    check_choice("10.0.0");
    install(L"not-a-version", OWN_MACHINE);
    check_choice("10.0.0");
    uninstall(L"2.0.9");
    uninstall(L"2.0.10");
    uninstall(L"10.0.0-preview.2");
    uninstall(L"10.0.0-preview.10");
    uninstall(L"10.0.0");
    uninstall(L"11.0.0");
    uninstall(L"12.0.0");
    uninstall(L"not-a-version");
}

/* ------------------------------------------------------------------------------------------------
 * The report
 * --------------------------------------------------------------------------------------------- */

static void a_report_file_that_cannot_be_written_is_247(void **state)
{
    (void)state;
    install(L"2.0.0", OWN_MACHINE);
    check_failure(run_host(RUN_NO_RUNTIME,
                           L"--runtime \"%ls\" --json no-such-directory\\r.json %ls", dotnet_root(),
                           clr_program(L"Echo")),
                  247, "the report cannot be written to no-such-directory\\r.json");
    uninstall(L"2.0.0");
}

static void a_program_that_did_not_run_leaves_no_report_file(void **state)
{
    (void)state;
    install(L"2.0.0", OWN_MACHINE);
    check_failure(run_host(RUN_NO_RUNTIME | RUN_WITH_JSON, L"--runtime \"%ls\" %ls", dotnet_root(),
                           clr_program(L"Echo")),
                  245, "the runtime cannot be loaded: ");
    uninstall(L"2.0.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_program_is_240),
        cmocka_unit_test(an_unknown_option_is_240),
        cmocka_unit_test(an_option_without_its_value_is_240),
        cmocka_unit_test(a_bad_size_is_240),
        cmocka_unit_test(a_bad_limit_is_240),
        cmocka_unit_test(a_missing_program_is_241),
        cmocka_unit_test(a_directory_is_241),
        cmocka_unit_test(a_native_library_is_242),
        cmocka_unit_test(a_text_file_is_242),
        cmocka_unit_test(a_truncated_program_is_242),
        cmocka_unit_test(a_program_of_the_other_bitness_is_243),
        cmocka_unit_test(a_runtime_directory_without_a_runtime_is_244),
        cmocka_unit_test(a_hostmem_runtime_without_a_runtime_is_244),
        cmocka_unit_test(no_runtime_anywhere_is_244),
        cmocka_unit_test(a_runtime_of_the_other_bitness_is_243),
        cmocka_unit_test(a_runtime_that_cannot_be_loaded_is_245),
        cmocka_unit_test(a_limit_too_small_for_the_runtime_is_245),
        cmocka_unit_test(the_newest_runtime_that_fits_is_taken),
        cmocka_unit_test(a_report_file_that_cannot_be_written_is_247),
        cmocka_unit_test(a_program_that_did_not_run_leaves_no_report_file),
    };

    clr_tests_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
