/*
 * exit_code.h: the exit codes of hostmem-run's own failures, and the one way to announce one.
 *
 * When a program has run, hostmem-run exits with the program's exit code. The codes of
 * hostmem-run's own failures are at the end of the range that every shell can show: few programs
 * use them.
 */
#ifndef HOSTMEM_BASE_EXIT_CODE_H
#define HOSTMEM_BASE_EXIT_CODE_H

enum exit_code {
    EXIT_CODE_USAGE = 240,           /* bad options, or no program */
    EXIT_CODE_PROGRAM_MISSING = 241, /* the program cannot be opened */
    EXIT_CODE_NOT_MANAGED = 242,     /* it is no program that can be started */
    EXIT_CODE_BITNESS = 243,    /* it, or the runtime, is for another processor or hostmem-run */
    EXIT_CODE_NO_RUNTIME = 244, /* no runtime was found */
    EXIT_CODE_RUNTIME_FAILED = 245, /* the runtime cannot be loaded or started */
    EXIT_CODE_HOSTMEM_FAILED = 246, /* hostmem failed in it, or its books make no sense */
    EXIT_CODE_REPORT_FILE = 247,    /* the JSON report cannot be written */
    EXIT_CODE_NOT_RUN = 248,        /* the runtime could not run the program */
    EXIT_CODE_NO_MEMORY = 249,      /* hostmem-run itself has no memory to start with */
    EXIT_CODE_NO_METHOD = 250,      /* the program lacks the method of --call */
    EXIT_CODE_UNHANDLED = 251,      /* .NET Framework: the program did not handle an exception */
    EXIT_CODE_NOT_WATCHED = 252     /* the agent cannot be put into the program */
};

/* What a function that can fail returns when it did not fail: the caller goes on. */
enum {
    GO_ON = 0
};

/* The name that failures are announced with; set it before anything can fail. */
extern const char *fail_program;

/* Writes the program's name, a colon, the sentence and a line feed to stderr (UTF-8). Returns code.
 */
int fail(enum exit_code code, const char *format, ...) __attribute__((format(gnu_printf, 2, 3)));

/* Announces EXIT_CODE_NO_MEMORY, and returns it. */
int fail_without_memory(void);

#endif
