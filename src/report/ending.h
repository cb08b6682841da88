/*
 * ending.h: how the program came to its end, as far as hostmem-run could see.
 */
#ifndef HOSTMEM_REPORT_ENDING_H
#define HOSTMEM_REPORT_ENDING_H

#include <windows.h>

#include <stdbool.h>

enum ending_kind {
    ENDING_RETURN,              /* its Main returned */
    ENDING_EXIT_PROCESS,        /* the runtime called ExitProcess: Environment.Exit */
    ENDING_TERMINATE_PROCESS,   /* the runtime called TerminateProcess on its own process */
    ENDING_FAIL_FAST,           /* the runtime called RaiseFailFastException */
    ENDING_UNHANDLED_EXCEPTION, /* an exception met no handler */
    ENDING_CONSOLE_CONTROL,     /* Ctrl+C, Ctrl+Break or the like, which the program did not take */
    ENDING_PROCESS_DETACH       /* something else ended the process by ExitProcess */
};

struct ending {
    enum ending_kind kind;
    bool has_exit_code; /* false: it cannot be known yet */
    DWORD exit_code;
};

#endif
