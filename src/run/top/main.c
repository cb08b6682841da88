/*
 * main.c: hostmem-top, which shows the memory of the processes that run under hostmem. It only
 * reads.
 */
#include "base/exit_code.h"
#include "base/standard_error.h"
#include "run/snapshot/books_read.h"
#include "run/top/frame.h"
#include "run/top/top_arguments.h"

#include <hostmem/version.h>

#include <stdio.h>

static int print(const char *text)
{
    fputs(text, stdout);
    return 0;
}

/* A console that understands escape sequences is cleared for each frame; elsewhere they follow. */
static void begin_frame(void)
{
    static const char clear[] = "\x1b[H\x1b[2J";
    HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE);
    DWORD mode;

    if (GetConsoleMode(output, &mode) &&
        SetConsoleMode(output, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING))
        fputs(clear, stdout);
}

static int show(const struct top_arguments *arguments)
{
    int code;

    do {
        if (!arguments->once)
            begin_frame();
        code = arguments->process ? frame_of_process(arguments->process, arguments->json)
                                  : frame_of_all(arguments->json);
        if (code == GO_ON && (fflush(stdout) || ferror(stdout)))
            code = fail(EXIT_CODE_REPORT_FILE, "standard output cannot be written to.");
        if (code != GO_ON || arguments->once)
            break;
        Sleep(arguments->interval * 1000);
    } while (true);
    return code;
}

int wmain(int argc, wchar_t **argv)
{
    struct top_arguments arguments;
    int code;

    fail_program = "hostmem-top";
    standard_error_open();
    code = top_arguments_read(&arguments, argc, argv);
    if (code != GO_ON)
        return code;
    if (arguments.help)
        return print(top_arguments_help);
    if (arguments.version)
        return print("hostmem-top " HOSTMEM_VERSION_TEXT "\n");
    code = books_check_version();
    if (code != GO_ON)
        return code;
    SetConsoleOutputCP(CP_UTF8);
    return show(&arguments);
}
