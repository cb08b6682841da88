/*
 * run.c: see run.h. The output of a process goes to files, not to pipes: a child process that kept
 * a pipe open would hold the test up.
 */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

enum {
    PATH_SIZE = SCRATCH_PATH_SIZE,
    COMMAND_LINE_SIZE = 8192,
    POLL_MILLISECONDS = 10
};

/* ------------------------------------------------------------------------------------------------
 * Paths
 * --------------------------------------------------------------------------------------------- */

static wchar_t runtime_directory[PATH_SIZE];

void own_directory(wchar_t directory[PATH_SIZE])
{
    GetModuleFileNameW(NULL, directory, PATH_SIZE);
    *wcsrchr(directory, L'\\') = L'\0';
}

const wchar_t *clr_program(const wchar_t *name)
{
    static wchar_t path[PATH_SIZE];
    wchar_t directory[PATH_SIZE];

    own_directory(directory);
    swprintf(path, PATH_SIZE, L"\"%ls\\clr\\%ls.exe\"", directory, name);
    return path;
}

const wchar_t *clr_runtime(void)
{
    return runtime_directory;
}

const wchar_t *scratch_directory(void)
{
    static wchar_t path[PATH_SIZE];
    wchar_t parent[PATH_SIZE];

    if (!*path) {
        GetTempPathW(PATH_SIZE, parent);
        swprintf(path, PATH_SIZE, L"%lshostmem-test-%lu", parent, GetCurrentProcessId());
        CreateDirectoryW(path, NULL);
    }
    return path;
}

static void remove_scratch_directory(void)
{
    RemoveDirectoryW(scratch_directory());
}

void run_tests_begin(void)
{
    SetEnvironmentVariableW(L"HOSTMEM_RUNTIME", NULL);
    SetEnvironmentVariableW(L"DOTNET_ROOT", NULL);
    SetEnvironmentVariableW(L"DOTNET_ROOT(x86)", NULL);
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    atexit(remove_scratch_directory);
}

bool clr_tests_begin(void)
{
    wchar_t runtimes[PATH_SIZE];

    run_tests_begin();
    GetEnvironmentVariableW(L"HOSTMEM_TEST_RUNTIME", runtime_directory, PATH_SIZE);
    swprintf(runtimes, PATH_SIZE, L"%ls\\shared\\Microsoft.NETCore.App", runtime_directory);
    if (GetFileAttributesW(runtimes) != INVALID_FILE_ATTRIBUTES)
        return true;
    printf("Skipped: there is no runtime in \"%ls\" (HOSTMEM_TEST_RUNTIME).\n", runtime_directory);
    return false;
}

/* ------------------------------------------------------------------------------------------------
 * Files
 * --------------------------------------------------------------------------------------------- */

void scratch_file(wchar_t path[PATH_SIZE], const wchar_t *kind)
{
    static int files;

    swprintf(path, PATH_SIZE, L"%ls\\%d.%ls", scratch_directory(), ++files, kind);
}

static HANDLE create_inherited(const wchar_t *path)
{
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof(attributes), .bInheritHandle = TRUE};
    HANDLE file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &attributes,
                              CREATE_ALWAYS, 0, NULL);

    assert_true(file != INVALID_HANDLE_VALUE);
    return file;
}

static void leave_out_carriage_returns(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++)
        if (*from != '\r')
            *to++ = *from;
    *to = '\0';
}

char *read_file(const wchar_t *path)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    DWORD size;
    DWORD read = 0;
    char *text;

    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    size = GetFileSize(file, NULL);
    text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    ReadFile(file, text, size, &read, NULL);
    CloseHandle(file);
    leave_out_carriage_returns(text);
    return text;
}

static char *take_file(const wchar_t *path)
{
    char *text = read_file(path);

    DeleteFileW(path);
    return text;
}

/* ------------------------------------------------------------------------------------------------
 * The process
 * --------------------------------------------------------------------------------------------- */

struct output_files {
    wchar_t output[PATH_SIZE];
    wchar_t errors[PATH_SIZE];
};

/* The program that runs the other, and the options that the flags stand for. */
static int write_runner(wchar_t *line, unsigned flags, const wchar_t *json)
{
    wchar_t directory[PATH_SIZE];
    int length;

    if (flags & RUN_WITHOUT_HOSTMEM)
        return swprintf(line, COMMAND_LINE_SIZE, L"\"%ls\\dotnet.exe\" ", runtime_directory);
    own_directory(directory);
    length = swprintf(line, COMMAND_LINE_SIZE, L"\"%ls\\%lshostmem-run.exe\" ", directory,
                      flags & RUN_FRAMEWORK ? L"standin\\" : L"");
    if (!(flags & (RUN_NO_RUNTIME | RUN_FRAMEWORK)))
        length += swprintf(line + length, COMMAND_LINE_SIZE - (size_t)length, L"--runtime \"%ls\" ",
                           runtime_directory);
    if (flags & RUN_WITH_JSON)
        length +=
            swprintf(line + length, COMMAND_LINE_SIZE - (size_t)length, L"--json \"%ls\" ", json);
    return length;
}

static wchar_t *make_command_line(unsigned flags, const wchar_t *json, const wchar_t *format,
                                  va_list values)
{
    wchar_t *line = calloc(COMMAND_LINE_SIZE, sizeof(*line));
    int length;

    assert_non_null(line);
    length = write_runner(line, flags, json);
    vswprintf(line + length, COMMAND_LINE_SIZE - (size_t)length, format, values);
    return line;
}

static struct run_process start(const struct run *run, const struct run_order *order,
                                const struct output_files *files)
{
    STARTUPINFOW startup = {.cb = sizeof(startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    BOOL started;

    startup.hStdInput = order->input;
    startup.hStdOutput = order->output ? order->output : create_inherited(files->output);
    startup.hStdError = create_inherited(files->errors);
    started = CreateProcessW(NULL, run->command_line, NULL, NULL, TRUE, order->creation_flags, NULL,
                             NULL, &startup, &process);
    if (startup.hStdInput)
        CloseHandle(startup.hStdInput);
    CloseHandle(startup.hStdOutput);
    CloseHandle(startup.hStdError);
    if (!started)
        fail_msg("%.1000ls could not be started: %lu", run->command_line, GetLastError());
    CloseHandle(process.hThread);
    return (struct run_process){process.hProcess, process.dwProcessId, files->output, files->errors,
                                order->json};
}

/* As soon as the program has said that it waits, or has ended. */
static void interrupt(const struct run_process *process, void *context)
{
    (void)context;
    for (int left = RUN_TIME_LIMIT_MILLISECONDS; left > 0; left -= POLL_MILLISECONDS) {
        char *text = read_file(process->output);
        bool waiting = text && strstr(text, "waiting");

        free(text);
        if (waiting) {
            assert_true(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0));
            return;
        }
        if (WaitForSingleObject(process->process, POLL_MILLISECONDS) == WAIT_OBJECT_0)
            return;
    }
}

static DWORD wait_for_exit_code(HANDLE process)
{
    DWORD exit_code = EXIT_CODE_TIMED_OUT;

    if (WaitForSingleObject(process, RUN_TIME_LIMIT_MILLISECONDS) != WAIT_OBJECT_0) {
        TerminateProcess(process, EXIT_CODE_TIMED_OUT);
        WaitForSingleObject(process, RUN_TIME_LIMIT_MILLISECONDS);
    }
    GetExitCodeProcess(process, &exit_code);
    CloseHandle(process);
    return exit_code;
}

static void collect(struct run *run, const struct run_order *order,
                    const struct output_files *files)
{
    char *json = order->json ? take_file(order->json) : NULL;

    run->output = take_file(files->output);
    run->errors = take_file(files->errors);
    run->report_left = json != NULL;
    run->report = json ? json_loads(json, 0, NULL) : NULL;
    free(json);
}

struct run *run_order(const struct run_order *order)
{
    struct run *run = calloc(1, sizeof(*run));
    struct output_files files;
    struct run_process process;

    assert_non_null(run);
    scratch_file(files.output, L"output");
    scratch_file(files.errors, L"errors");
    run->command_line = wcsdup(order->line);
    assert_non_null(run->command_line);
    process = start(run, order, &files);
    if (order->meanwhile)
        order->meanwhile(&process, order->context);
    run->exit_code = wait_for_exit_code(process.process);
    collect(run, order, &files);
    return run;
}

struct run *run_host(unsigned flags, const wchar_t *format, ...)
{
    wchar_t json[SCRATCH_PATH_SIZE];
    struct run_order order = {.json = json};
    wchar_t *line;
    struct run *run;
    va_list values;

    scratch_file(json, L"json");
    va_start(values, format);
    line = make_command_line(flags, json, format, values);
    va_end(values);
    order.line = line;
    order.meanwhile = flags & RUN_INTERRUPTED ? interrupt : NULL;
    run = run_order(&order);
    free(line);
    return run;
}

void run_free(struct run *run)
{
    free(run->command_line);
    free(run->output);
    free(run->errors);
    json_decref(run->report);
    free(run);
}

/* ------------------------------------------------------------------------------------------------
 * What came of it
 * --------------------------------------------------------------------------------------------- */

void run_check(const struct run *run, bool holds, const char *condition, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "This does not hold: %s\nof: %.1000ls\n", condition, run->command_line);
    fprintf(stderr, "exit code: 0x%08lx%s\n", run->exit_code,
            run->exit_code == EXIT_CODE_TIMED_OUT ? " (ended by the time limit)" : "");
    fprintf(stderr, "stdout:\n%s\nstderr:\n%s\n", run->output, run->errors);
    _fail(file, line);
}

int occurrences(const char *text, const char *part)
{
    int count = 0;

    for (text = strstr(text, part); text; text = strstr(text + 1, part))
        count++;
    return count;
}

json_t *report_member(const struct run *run, const char *path)
{
    json_t *at = run->report;
    char name[64];

    while (at && *path) {
        size_t length = strcspn(path, ".");

        snprintf(name, sizeof(name), "%.*s", (int)length, path);
        at = json_object_get(at, name);
        path += length + (path[length] == '.');
    }
    check_run(run, at != NULL);
    return at;
}

json_int_t report_integer(const struct run *run, const char *path)
{
    json_t *member = report_member(run, path);

    check_run(run, json_is_integer(member));
    return json_integer_value(member);
}

const char *report_text(const struct run *run, const char *path)
{
    json_t *member = report_member(run, path);

    check_run(run, json_is_string(member));
    return json_string_value(member);
}
