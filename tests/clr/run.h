/*
 * run.h: starts hostmem-run as a user would, and keeps its output, exit code and report.
 *
 * No run lasts longer than its time limit: a run that would is ended, and the test says so.
 */
#ifndef HOSTMEM_TESTS_CLR_RUN_H
#define HOSTMEM_TESTS_CLR_RUN_H

#include <windows.h>

#include <jansson.h>

#include <stdbool.h>

enum {
    RUN_TIME_LIMIT_MILLISECONDS = 280 * 1000,
    EXIT_CODE_SKIPPED = 77, /* the exit code that means "skipped" to CTest */
    EXIT_CODE_TIMED_OUT = 0xDEAD
};

/* How hostmem-run is started; a combination. */
enum run_flag {
    RUN_PLAIN = 0,
    RUN_WITH_JSON = 1,  /* with --json and the name of a file, read afterwards */
    RUN_NO_RUNTIME = 2, /* without --runtime */
    RUN_WITHOUT_HOSTMEM =
        16,             /* by dotnet.exe of the runtime, without hostmem; no other flag with it */
    RUN_FRAMEWORK = 8,  /* the hostmem-run beside the stand-in for .NET Framework, no --runtime */
    RUN_INTERRUPTED = 4 /* interrupted by Ctrl+C as soon as the program prints "waiting" */
};

struct run {
    wchar_t *command_line;
    DWORD exit_code;
    char *output;     /* what it wrote on stdout, carriage returns left out */
    char *errors;     /* on stderr, likewise */
    json_t *report;   /* the JSON report; NULL: none was asked for, or it is none */
    bool report_left; /* the file for the JSON report was there afterwards */
};

/* The arguments are formatted, and follow the options that the flags stand for. */
struct run *run_host(unsigned flags, const wchar_t *format, ...);
void run_free(struct run *run);

/* The path of one of the C# programs beside the tests, in quotation marks. Kept in a static place.
 */
const wchar_t *clr_program(const wchar_t *name);

/* The dotnet root that the tests use. */
const wchar_t *clr_runtime(void);

/* A new directory, made anew for this process, for files of a test's own. Kept in a static place.
 */
const wchar_t *scratch_directory(void);

/* Call first. False: there is no runtime to test with; why has been printed. */
bool clr_tests_begin(void);

/* Fails the test, and shows all that is known of the run, unless the condition holds. */
#define check_run(run, condition) run_check(run, condition, #condition, __FILE__, __LINE__)
void run_check(const struct run *run, bool holds, const char *condition, const char *file,
               int line);

/* How often the text occurs. */
int occurrences(const char *text, const char *part);

/* The member at a path such as "statistics.reserved.now"; fails the test if there is none. */
json_int_t report_integer(const struct run *run, const char *path);
const char *report_text(const struct run *run, const char *path);
json_t *report_member(const struct run *run, const char *path);

#endif
