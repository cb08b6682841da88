/*
 * watched.c: see watched.h.
 */
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    PLACES = 8,
    LINE_SIZE = 40 * 1024
};

#ifdef _WIN64
#define ARCHITECTURE L"x64"
#define VERSION_OF_10 "10.0.15"
#else
#define ARCHITECTURE L"x86"
#define VERSION_OF_10 "10.0.12"
#endif

const struct dotnet dotnet_8 = {L"net8.0", "8.0.33"};
const struct dotnet dotnet_9 = {L"net9.0", "9.0.22"};
const struct dotnet dotnet_10 = {L"net10.0", VERSION_OF_10};

void watched_begin(void)
{
    run_tests_begin();
    setvbuf(stdout, NULL, _IONBF, 0);
}

bool is_long_form(void)
{
    return getenv("HOSTMEM_TEST_LONG") != NULL;
}

/* ------------------------------------------------------------------------------------------------
 * Where programs lie
 * --------------------------------------------------------------------------------------------- */

const wchar_t *built(const wchar_t *format, ...)
{
    static wchar_t places[PLACES][SCRATCH_PATH_SIZE];
    static int next;
    wchar_t *path = places[next++ % PLACES];
    DWORD length = GetEnvironmentVariableW(L"HOSTMEM_TEST_BUILD", path, SCRATCH_PATH_SIZE);
    va_list values;

    path[length++] = L'\\';
    va_start(values, format);
    vswprintf(path + length, SCRATCH_PATH_SIZE - length, format, values);
    va_end(values);
    return path;
}

const wchar_t *hello(const struct dotnet *dotnet, const wchar_t *shape, const wchar_t *file)
{
    return built(L"programs\\hello\\%ls-" ARCHITECTURE L"-%ls\\%ls", dotnet->framework, shape,
                 file);
}

const wchar_t *dotnet_root(const struct dotnet *dotnet)
{
    return built(L"runtimes\\%hs-" ARCHITECTURE, dotnet->version);
}

const wchar_t *witness(void)
{
    static wchar_t path[SCRATCH_PATH_SIZE + 16];
    wchar_t directory[SCRATCH_PATH_SIZE];

    own_directory(directory);
    swprintf(path, SCRATCH_PATH_SIZE + 16, L"\"%ls\\witness.exe\"", directory);
    return path;
}

bool is_there(const wchar_t *path)
{
    if (GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES)
        return true;
    printf("Skipped: there is no %ls.\n", path);
    return false;
}

/* ------------------------------------------------------------------------------------------------
 * Running
 * --------------------------------------------------------------------------------------------- */

static wchar_t *new_line(void)
{
    wchar_t *line = calloc(LINE_SIZE, sizeof(*line));

    assert_non_null(line);
    return line;
}

static struct run *take_order(struct run_order *order, wchar_t *line)
{
    struct run *run;

    order->line = line;
    run = run_order(order);
    free(line);
    return run;
}

static struct run *run_with_report(struct run_order *order, const wchar_t *format, va_list values)
{
    wchar_t directory[SCRATCH_PATH_SIZE], json[SCRATCH_PATH_SIZE];
    wchar_t *line = new_line();
    int length;

    if (!order->json) {
        scratch_file(json, L"json");
        order->json = json;
    }
    own_directory(directory);
    length = swprintf(line, LINE_SIZE, L"\"%ls\\hostmem-run.exe\" --json \"%ls\" ", directory,
                      order->json);
    vswprintf(line + length, LINE_SIZE - (size_t)length, format, values);
    return take_order(order, line);
}

static struct run *run_without(struct run_order *order, const wchar_t *format, va_list values)
{
    wchar_t *line = new_line();

    vswprintf(line, LINE_SIZE, format, values);
    return take_order(order, line);
}

struct run *run_watched(const wchar_t *format, ...)
{
    struct run_order order = {0};
    struct run *run;
    va_list values;

    va_start(values, format);
    run = run_with_report(&order, format, values);
    va_end(values);
    return run;
}

struct run *run_plain(const wchar_t *format, ...)
{
    struct run_order order = {0};
    struct run *run;
    va_list values;

    va_start(values, format);
    run = run_without(&order, format, values);
    va_end(values);
    return run;
}

struct run *order_watched(struct run_order order, const wchar_t *format, ...)
{
    struct run *run;
    va_list values;

    va_start(values, format);
    run = run_with_report(&order, format, values);
    va_end(values);
    return run;
}

struct run *order_plain(struct run_order order, const wchar_t *format, ...)
{
    struct run *run;
    va_list values;

    va_start(values, format);
    run = run_without(&order, format, values);
    va_end(values);
    return run;
}

/* ------------------------------------------------------------------------------------------------
 * What came of it
 * --------------------------------------------------------------------------------------------- */

int first_difference(const char *one, const char *other)
{
    int line = 1;

    for (; *one && *one == *other; one++, other++)
        line += *one == '\n';
    return *one == *other ? 0 : line;
}

void check_same(const struct run *watched, const struct run *plain)
{
    int line = first_difference(watched->output, plain->output);

    check_run(plain, plain->exit_code != EXIT_CODE_TIMED_OUT);
    if (watched->exit_code == plain->exit_code && !line)
        return;
    fprintf(stderr, "Without hostmem it ends with 0x%08lx, and writes (line %d differs):\n%s\n",
            plain->exit_code, line, plain->output);
    check_run(watched, watched->exit_code == plain->exit_code);
    check_run(watched, !strcmp(watched->output, plain->output));
}

static void check_one_report(const struct run *watched, const char *against, const char *verdict)
{
    check_run(watched, watched->exit_code != EXIT_CODE_TIMED_OUT);
    check_run(watched, occurrences(watched->errors, "---- hostmem ") == 1);
    check_run(watched, occurrences(watched->errors, verdict) == 1);
    check_run(watched, watched->report != NULL);
    check_run(watched, report_integer(watched, "exit_code") == (json_int_t)watched->exit_code);
    check_run(watched, !strcmp(report_text(watched, "audit.against"), against));
    check_run(watched, !strcmp(report_text(watched, "audit.result"), "0x00000000"));
    check_run(watched, report_integer(watched, "audit.difference_count") == 0);
    check_run(watched, !strcmp(report_text(watched, "statistics.status"), "open"));
}

void check_whole_report(const struct run *watched)
{
    check_one_report(watched, "system", "\nAudit: no difference (");
}

void check_report_of_unseen_end(const struct run *watched)
{
    bool at_rest = json_is_true(report_member(watched, "audit.totals_compared"));

    check_one_report(watched, "records",
                     at_rest ? "\nBooks: totals equal the records (" : "\nBooks: no difference (");
    check_run(watched, at_rest == (report_integer(watched, "audit.calls_under_way") == 0));
    check_run(watched, !strcmp(report_text(watched, "ended_by"), "force, or a crash"));
}

void check_redirected(const struct run *watched, const char *const *names)
{
    const json_t *modules = report_member(watched, "host.redirected_modules");
    size_t count = 0;

    for (; names[count]; count++) {
        const char *name = json_string_value(json_array_get(modules, count));

        if (!name || _stricmp(name, names[count]))
            fprintf(stderr, "Module %d of those redirected is %s, not %s.\n", (int)count + 1,
                    name ? name : "missing", names[count]);
        check_run(watched, name && !_stricmp(name, names[count]));
    }
    check_run(watched, json_array_size(modules) == count);
}

void check_no_part_left(const struct run *watched)
{
    wchar_t pattern[SCRATCH_PATH_SIZE];
    WIN32_FIND_DATAW found;

    swprintf(pattern, SCRATCH_PATH_SIZE, L"%ls\\*.part", scratch_directory());
    check_run(watched, FindFirstFileW(pattern, &found) == INVALID_HANDLE_VALUE);
}
