/*
 * main.c: hostmem-run, from the command line to the exit code.
 */
#include "base/exit_code.h"
#include "base/standard_error.h"
#include "run/watch/hand_over.h"
#include "run/watch/watch.h"

#include <hostmem/version.h>

#include <stdio.h>

/* Keeps MinGW-w64's startup code from expanding wildcards: the arguments are the program's. */
int _dowildcard = 0;

static int print(const char *text)
{
    fputs(text, stdout);
    return 0;
}

static int run_program(const struct arguments *arguments)
{
    struct plan plan;
    DWORD exit_code;
    int code = plan_make(&plan, arguments);

    if (code != GO_ON)
        return code;
    if (arguments->explain) {
        plan_explain(&plan, arguments);
        return 0;
    }
    code = plan.start == PLAN_OTHER_BITNESS
               ? hand_over(plan.started, arguments->ends_with_parent, &exit_code)
               : watch(&plan, arguments, &exit_code);
    return code == GO_ON ? (int)exit_code : code;
}

int wmain(int argc, wchar_t **argv)
{
    struct arguments arguments = {0};
    int code;

    standard_error_open();
    code = arguments_read(&arguments, argc, argv);
    if (code != GO_ON)
        return code;
    if (arguments.help)
        return print(arguments_help);
    if (arguments.version)
        return print("hostmem-run " HOSTMEM_VERSION_TEXT "\n");
    return run_program(&arguments);
}
