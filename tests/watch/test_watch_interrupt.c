/*
 * test_watch_interrupt.c: Ctrl+C and Ctrl+Break are for the program, and a report comes whether it
 * takes them or ends by them. This is a program of its own because it moves to a console of its
 * own: the event reaches every process of a console.
 */
#include "child.h"
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    MOMENT = 300 /* milliseconds from what the program says to its wait */
};

struct interrupt {
    const char *said; /* when it is to come */
    DWORD event;
    bool is_sent;
};

/* This process is to live on. */
static BOOL WINAPI ignore(DWORD event)
{
    return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
}

static int move_to_a_new_console(void **state)
{
    (void)state;
    FreeConsole();
    return AllocConsole() && SetConsoleCtrlHandler(ignore, TRUE) ? 0 : -1;
}

static void send_event(const struct run_process *process, void *context)
{
    struct interrupt *interrupt = context;
    HANDLE child;

    if (!wait_for_output(process, interrupt->said))
        return;
    Sleep(MOMENT);
    interrupt->is_sent = GenerateConsoleCtrlEvent(interrupt->event, 0);
    if (interrupt->is_sent)
        return;
    print_message("This system cannot send the event (Windows error %lu).\n", GetLastError());
    child = open_child(process);
    TerminateProcess(child, 1);
    CloseHandle(child);
}

static void check_interrupt(const wchar_t *way, struct interrupt interrupt, const char *ended_by)
{
    static const wchar_t format[] = L"\"%ls\" --mib 1 --threads 1 --end %ls";
    const wchar_t *program = hello(&dotnet_10, L"fdd", L"Hello.exe");
    const struct run_order order = {.meanwhile = send_event, .context = &interrupt};
    struct run *watched = order_watched(order, format, program, way);
    struct run *plain;

    check_run(watched, interrupt.is_sent);
    plain = order_plain(order, format, program, way);
    check_same(watched, plain);
    check_whole_report(watched);
    check_run(watched, !strcmp(report_text(watched, "ended_by"), ended_by));
    run_free(watched);
    run_free(plain);
}

static void an_interrupt_that_the_program_takes(void **state)
{
    (void)state;
    check_interrupt(L"interrupt --code 7",
                    (struct interrupt){"waiting for an interrupt", CTRL_C_EVENT, false},
                    "return or ExitProcess");
}

static void an_interrupt_that_ends_the_program(void **state)
{
    (void)state;
    check_interrupt(L"sleep", (struct interrupt){"ending by sleep", CTRL_C_EVENT, false},
                    "console control event");
}

/* Wine 8 refuses to send it. Wine 10 ends the first thread of each process of the console instead.
 */
static void a_break_that_ends_the_program(void **state)
{
    (void)state;
    if (GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version"))
        skip();
    check_interrupt(L"sleep", (struct interrupt){"ending by sleep", CTRL_BREAK_EVENT, false},
                    "console control event");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_break_that_ends_the_program),
        cmocka_unit_test(an_interrupt_that_the_program_takes),
        cmocka_unit_test(an_interrupt_that_ends_the_program),
    };

    watched_begin();
    if (!is_there(hello(&dotnet_10, L"fdd", L"Hello.exe")) || !is_there(dotnet_root(&dotnet_10)))
        return EXIT_CODE_SKIPPED;
    SetEnvironmentVariableW(L"DOTNET_ROOT", dotnet_root(&dotnet_10));
    return cmocka_run_group_tests(tests, move_to_a_new_console, NULL);
}
