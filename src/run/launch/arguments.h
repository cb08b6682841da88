/*
 * arguments.h: hostmem-run's command line.
 */
#ifndef HOSTMEM_RUN_LAUNCH_ARGUMENTS_H
#define HOSTMEM_RUN_LAUNCH_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

enum {
    ARGUMENTS_MODULES = 8 /* how often --module can be given */
};

struct arguments {
    const wchar_t *runtime;   /* --runtime; NULL: not given */
    const wchar_t *json_file; /* --json; NULL: not given */
    bool quiet;
    bool explain;                                     /* --explain: nothing is run */
    bool ends_with_parent;                            /* --kill-with-parent */
    bool no_write_xor_execute;                        /* --no-write-xor-execute */
    unsigned interval;                                /* --interval, seconds; 0: not given */
    const wchar_t *wanted_modules[ARGUMENTS_MODULES]; /* --module */
    int wanted_module_count;
    bool heap; /* --heap, or implied by one of the four below */
    bool callers;
    bool check;
    bool harden;
    size_t guard_above;      /* --guard; 0: not given */
    uint64_t limit;          /* --limit; 0: not given */
    uint64_t limit_reserved; /* --limit-reserved; 0: not given */
    uint64_t reserve;        /* --reserve, if has_reserve */
    bool has_reserve;
    bool no_pressure;     /* --pressure off */
    unsigned low_percent; /* --pressure LOW,HIGH; 0: not given */
    unsigned high_percent;
    const wchar_t *clr;       /* --clr, such as L"v4.0.30319"; NULL: not given */
    const wchar_t *call_type; /* --call; NULL: not given */
    const wchar_t *call_method;
    const wchar_t **host_options; /* options of .NET's host, each followed by its value */
    int host_option_count;        /* options and values */
    bool help;
    bool version;
    const wchar_t *program; /* NULL only with help or version */
    int program_number;     /* which of the command line's arguments it is; 0: its own name */
    int program_argument_count;
    wchar_t **program_arguments; /* as they were given */
};

/* GO_ON, or the exit code of the failure that it has announced. */
int arguments_read(struct arguments *arguments, int argc, wchar_t **argv);

extern const char arguments_help[]; /* arguments_help.c */

#endif
