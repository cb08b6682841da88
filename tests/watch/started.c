/*
 * started.c: see started.h.
 */
#include "started.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
    POLL_MILLISECONDS = 20
};

/* ------------------------------------------------------------------------------------------------
 * Files
 * --------------------------------------------------------------------------------------------- */

const wchar_t *bin_directory(void)
{
    static wchar_t path[STARTED_PATH];

    if (!*path) {
        GetModuleFileNameW(NULL, path, STARTED_PATH);
        *wcsrchr(path, L'\\') = L'\0';
    }
    return path;
}

const wchar_t *scratch(void)
{
    static wchar_t path[STARTED_PATH];
    wchar_t parent[STARTED_PATH];

    if (!*path) {
        GetTempPathW(STARTED_PATH, parent);
        swprintf(path, STARTED_PATH, L"%lshostmem-watch-%lu", parent, GetCurrentProcessId());
        CreateDirectoryW(path, NULL);
    }
    return path;
}

void copy_file(const wchar_t *from_directory, const wchar_t *name, const wchar_t *to_directory)
{
    wchar_t from[STARTED_PATH], to[STARTED_PATH];

    swprintf(from, STARTED_PATH, L"%ls\\%ls", from_directory, name);
    swprintf(to, STARTED_PATH, L"%ls\\%ls", to_directory, name);
    if (!CopyFileW(from, to, FALSE))
        fail_msg("%ls cannot be copied to %ls: %lu", from, to, GetLastError());
}

static HANDLE create_inherited(wchar_t path[STARTED_PATH], const wchar_t *kind)
{
    static int files;
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof(attributes), .bInheritHandle = TRUE};
    HANDLE file;

    swprintf(path, STARTED_PATH, L"%ls\\%d.%ls", scratch(), ++files, kind);
    file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                       &attributes, CREATE_ALWAYS, 0, NULL);
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

/* An empty text if there is no such file. */
static char *read_text(const wchar_t *path)
{
    HANDLE file =
        CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, 0, NULL);
    DWORD size = file == INVALID_HANDLE_VALUE ? 0 : GetFileSize(file, NULL);
    char *text = calloc(1, (size_t)size + 1);
    DWORD read;

    assert_non_null(text);
    if (file != INVALID_HANDLE_VALUE) {
        ReadFile(file, text, size, &read, NULL);
        CloseHandle(file);
    }
    leave_out_carriage_returns(text);
    return text;
}

/* ------------------------------------------------------------------------------------------------
 * Programs
 * --------------------------------------------------------------------------------------------- */

HANDLE start_input, start_output;

static struct started *start_line(const wchar_t *format, va_list values)
{
    struct started *started = calloc(1, sizeof(*started));
    STARTUPINFOW startup = {.cb = sizeof(startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION made;
    BOOL done;
    int length;

    assert_non_null(started);
    length =
        *format == L'"' ? 0 : swprintf(started->line, 2 * STARTED_PATH, L"%ls\\", bin_directory());
    vswprintf(started->line + length, 2 * STARTED_PATH - (size_t)length, format, values);
    startup.hStdInput = start_input;
    startup.hStdOutput =
        start_output ? start_output : create_inherited(started->output_path, L"output");
    startup.hStdError = create_inherited(started->errors_path, L"errors");
    done = CreateProcessW(NULL, started->line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made);
    if (!start_output)
        CloseHandle(startup.hStdOutput);
    CloseHandle(startup.hStdError);
    if (!done)
        fail_msg("%ls could not be started: %lu", started->line, GetLastError());
    CloseHandle(made.hThread);
    started->process = made.hProcess;
    return started;
}

struct started *start(const wchar_t *format, ...)
{
    struct started *started;
    va_list values;

    va_start(values, format);
    started = start_line(format, values);
    va_end(values);
    return started;
}

/* 0: it has not written that line yet. */
static DWORD find_number(const struct started *started, const char *word)
{
    char *text = read_text(started->output_path);
    const char *at = strstr(text, word);
    DWORD number = 0;

    if (at && strchr(at, '\n'))
        number = strtoul(at + strlen(word), NULL, 10);
    free(text);
    return number;
}

DWORD number_after(struct started *started, const char *word)
{
    DWORD number = find_number(started, word);

    for (int left = STARTED_PATIENCE; !number && left > 0; left -= POLL_MILLISECONDS) {
        bool ended = WaitForSingleObject(started->process, POLL_MILLISECONDS) == WAIT_OBJECT_0;

        number = find_number(started, word);
        if (ended)
            break;
    }
    if (!number) {
        finish(started);
        check_started(started, number != 0);
    }
    return number;
}

void finish(struct started *started)
{
    if (WaitForSingleObject(started->process, STARTED_PATIENCE) != WAIT_OBJECT_0) {
        TerminateProcess(started->process, 0xDEAD);
        WaitForSingleObject(started->process, STARTED_PATIENCE);
    }
    GetExitCodeProcess(started->process, &started->exit_code);
    started->output = read_text(started->output_path);
    started->errors = read_text(started->errors_path);
    DeleteFileW(started->output_path);
    DeleteFileW(started->errors_path);
}

struct started *run(const wchar_t *format, ...)
{
    struct started *started;
    va_list values;

    va_start(values, format);
    started = start_line(format, values);
    va_end(values);
    finish(started);
    return started;
}

void forget(struct started *started)
{
    CloseHandle(started->process);
    free(started->output);
    free(started->errors);
    free(started);
}

/* ------------------------------------------------------------------------------------------------
 * What came of it
 * --------------------------------------------------------------------------------------------- */

void started_check(const struct started *started, bool holds, const char *condition,
                   const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "This does not hold: %s\nof: %ls\nexit code: %lu%s\nstdout:\n%s\nstderr:\n%s\n",
            condition, started->line, started->exit_code,
            started->exit_code == 0xDEAD ? " (ended by the time limit)" : "",
            started->output ? started->output : "", started->errors ? started->errors : "");
    _fail(file, line);
}

json_t *take_json(const struct started *started, const wchar_t *path)
{
    char *text = read_text(path);
    json_t *json = json_loads(text, 0, NULL);

    free(text);
    DeleteFileW(path);
    check_started(started, json != NULL);
    return json;
}

json_int_t integer_at(json_t *object, const char *path)
{
    char name[64];

    while (object && *path) {
        size_t length = strcspn(path, ".");

        snprintf(name, sizeof(name), "%.*s", (int)length, path);
        object = json_object_get(object, name);
        path += length + (path[length] == '.');
    }
    return json_is_integer(object) ? json_integer_value(object) : -1;
}
