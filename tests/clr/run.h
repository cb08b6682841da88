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

/* A process that runs. */
struct run_process {
    HANDLE process;
    DWORD process_id;
    const wchar_t *output; /* the file that its stdout goes to */
    const wchar_t *errors; /* that of its stderr */
    const wchar_t *json;   /* the file of the JSON report */
};

/* Any process to start, for tests that need more than run_host. What is zero is left as it is. */
struct run_order {
    const wchar_t *line;  /* its command line */
    const wchar_t *json;  /* the file that a JSON report is to be in; read and deleted afterwards */
    DWORD creation_flags; /* of CreateProcess */
    HANDLE input;         /* inheritable; NULL: there is no stdin. Closed once it has started. */
    HANDLE output;        /* likewise; NULL: a file, which becomes the run's output */

    /* Called while it runs; afterwards its end is waited for. */
    void (*meanwhile)(const struct run_process *process, void *context);
    void *context;
};

struct run *run_order(const struct run_order *order);

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

enum {
    SCRATCH_PATH_SIZE = 1024
};

/* Names a file in that directory, KIND being the name's end; no other file has the name. */
void scratch_file(wchar_t path[SCRATCH_PATH_SIZE], const wchar_t *kind);

/* Its text, without carriage returns; to be freed. NULL if there is no such file. */
char *read_file(const wchar_t *path);

/* The directory of the test program, where hostmem-run lies, too. */
void own_directory(wchar_t directory[SCRATCH_PATH_SIZE]);

/* Call first: nothing of the environment that the tests run in decides about a runtime. */
void run_tests_begin(void);

/* The same; for tests with the runtime in HOSTMEM_TEST_RUNTIME. False: there is no runtime to test
 * with; why has been printed. */
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
