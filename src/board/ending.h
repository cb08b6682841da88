/*
 * ending.h: how the program ended, as far as hostmem-run could see.
 */
#ifndef HOSTMEM_BOARD_ENDING_H
#define HOSTMEM_BOARD_ENDING_H

#include <windows.h>

#include <stdbool.h>

enum ending_kind {
    ENDING_RETURN,              /* its Main returned to the program that hosted it */
    ENDING_EXIT_PROCESS,        /* the runtime called ExitProcess: Environment.Exit */
    ENDING_TERMINATE_PROCESS,   /* the runtime called TerminateProcess on its own process */
    ENDING_FAIL_FAST,           /* the runtime called RaiseFailFastException */
    ENDING_UNHANDLED_EXCEPTION, /* an exception that no handler took */
    ENDING_CONSOLE_CONTROL, /* Ctrl+C, Ctrl+Break or the like, which the program did not handle */
    ENDING_PROCESS_DETACH,  /* the process returned, or somebody else called ExitProcess */
    ENDING_UNSEEN /* nothing in the process saw it: it was ended from outside, or by force */
};

struct ending {
    enum ending_kind kind;
    bool has_exit_code; /* false: Windows has yet to choose it */
    DWORD exit_code;
};

#endif
