/*
 * child.c: a process is created suspended, its section made, the agent put before its imports; then
 * it is let run, and the agent tells by an event that it has started.
 */
#include "run/watch/child.h"

#include "base/exit_code.h"
#include "run/launch/result_text.h"
#include "board/board_copy.h"
#include "board/board_section.h"
#include "run/watch/agent_path.h"
#include "run/watch/console.h"
#include "run/watch/inject.h"
#include "run/watch/job.h"

#include <hostmem/version.h>

#include <string.h>

/* MinGW-w64's headers lack it. */
#ifndef ERROR_ELEVATION_REQUIRED
#define ERROR_ELEVATION_REQUIRED 740
#endif

#define MIB (UINT64_C(1) << 20)

enum {
    NAME_ATTEMPTS = 40, /* to get a name that another process had a moment ago */
    NAME_PAUSE_MILLISECONDS = 50
};

/* ------------------------------------------------------------------------------------------------
 * Creating
 * --------------------------------------------------------------------------------------------- */

static HANDLE inherited(DWORD which)
{
    HANDLE handle = GetStdHandle(which);

    if (handle != NULL && handle != INVALID_HANDLE_VALUE)
        SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    return handle;
}

/* The program inherits what hostmem-run has inherited. */
static bool create(const struct child_order *order, PROCESS_INFORMATION *made)
{
    STARTUPINFOW startup;
    DWORD error;
    bool created;

    GetStartupInfoW(&startup);
    startup.lpReserved = NULL;
    startup.dwFlags |= STARTF_USESTDHANDLES;
    startup.hStdInput = inherited(STD_INPUT_HANDLE);
    startup.hStdOutput = inherited(STD_OUTPUT_HANDLE);
    startup.hStdError = inherited(STD_ERROR_HANDLE);
    if (order->orders.has_variable)
        SetEnvironmentVariableW(BOARD_VARIABLE, L"0");
    created =
        CreateProcessW(order->program, order->command_line, NULL, NULL, TRUE,
                       CREATE_SUSPENDED | console_creation_flags(), NULL, NULL, &startup, made);
    error = GetLastError();
    if (order->orders.has_variable)
        SetEnvironmentVariableW(BOARD_VARIABLE, NULL);
    SetLastError(error);
    return created;
}

static int not_created(const struct child_order *order)
{
    const char *name = order->shown_program;
    DWORD error = GetLastError();

    switch (error) {
    case ERROR_ELEVATION_REQUIRED:
        return fail(EXIT_CODE_NOT_WATCHED,
                    "%s wants to run as an administrator: start hostmem-run as one.", name);
    case ERROR_BAD_EXE_FORMAT:
    case ERROR_EXE_MACHINE_TYPE_MISMATCH:
        return fail(EXIT_CODE_BITNESS, "%s is no program that this Windows can start.", name);
    default:
        return fail(EXIT_CODE_PROGRAM_MISSING, "%s cannot be started (Windows error %lu).", name,
                    error);
    }
}

/* ------------------------------------------------------------------------------------------------
 * The agent
 * --------------------------------------------------------------------------------------------- */

static HANDLE give(const struct child *child, HANDLE own, DWORD access)
{
    HANDLE given = NULL;

    DuplicateHandle(GetCurrentProcess(), own, child->process, &given, access, FALSE, 0);
    return given;
}

static int not_watched(const struct child_order *order, const char *what)
{
    return fail(EXIT_CODE_NOT_WATCHED, "%s cannot be watched: %s (Windows error %lu).",
                order->shown_program, what, GetLastError());
}

/* A text that does not fit is cut between two characters. */
static void name_program(struct board *board, const char *name)
{
    size_t length = strlen(name);

    if (length > sizeof(board->program) - 1)
        length = sizeof(board->program) - 1;
    while (length && (name[length] & 0xC0) == 0x80)
        length--;
    memcpy(board->program, name, length);
}

/*
 * The identifier of the process, and so the name, may be that of a process that has ended: another
 * hostmem-run, or a viewer, closes that one's section soon.
 */
static int make_section(struct child *child, const struct child_order *order)
{
    for (int attempt = 0; attempt < NAME_ATTEMPTS && !child->section; attempt++) {
        if (attempt)
            Sleep(NAME_PAUSE_MILLISECONDS);
        child->section = board_section_create(child->process_id, &child->board);
        if (!child->section && GetLastError() != ERROR_ALREADY_EXISTS)
            break;
    }
    if (!child->section)
        return not_watched(order, "the section for the books cannot be made");
    child->board->orders = order->orders;
    name_program(child->board, order->shown_program);
    return GO_ON;
}

static int put_agent(struct child *child, const struct child_order *order, const char *agent,
                     HANDLE started)
{
    HANDLE section = give(child, child->section, SECTION_MAP_READ | SECTION_MAP_WRITE);

    child->board->orders.started = (uintptr_t)give(child, started, EVENT_MODIFY_STATE);
    if (!section || !child->board->orders.started)
        return not_watched(order, "the system does not let it have the books");
    switch (inject(child->process, agent, section)) {
    case INJECT_OK:
        return GO_ON;
    case INJECT_BAD_IMAGE:
        return not_watched(order, "its headers in memory make no sense");
    default:
        return not_watched(order, "the system does not let its imports be changed");
    }
}

/* The least limit is told in whole MiB, the reserve included. */
bool child_limit_is_too_small(const struct board *board, int *code)
{
    uint64_t least = atomic_load_explicit(&board->least_limit, memory_order_acquire);
    const HOSTMEM_LIMIT *limit = &board->orders.limits.Committed;

    if (!least)
        return false;
    least = (least + limit->AppDomainReserve + MIB - 1) / MIB;
    *code = fail(EXIT_CODE_RUNTIME_FAILED,
                 "the limit is too small for this runtime to start: it takes %lluM, and more for "
                 "what the program keeps.",
                 (unsigned long long)least);
    return true;
}

static int agent_not_started(const struct child *child, const struct child_order *order)
{
    const struct board *board = child->board;
    const char *name = order->shown_program;
    bool failed = atomic_load_explicit(&board->stage, memory_order_acquire) == BOARD_FAILED;
    int code;

    if (child_limit_is_too_small(board, &code))
        return code;
    if (failed && board->failed_result == HRESULT_FROM_WIN32(ERROR_REVISION_MISMATCH))
        return fail(EXIT_CODE_HOSTMEM_FAILED,
                    "hostmem-agent.dll is of version %.*s, and this is hostmem-run %s: they belong "
                    "together.",
                    (int)sizeof(board->agent_version), board->agent_version, HOSTMEM_VERSION_TEXT);
    if (failed)
        return fail(EXIT_CODE_HOSTMEM_FAILED,
                    "hostmem cannot start in %s: %.*s failed (0x%08lx).%s", name,
                    (int)sizeof(board->failed_step), board->failed_step,
                    (unsigned long)board->failed_result, result_text(board->failed_result));
    return fail(EXIT_CODE_NOT_WATCHED,
                "%s ended before hostmem-agent.dll started in it (0x%08lx): a DLL is missing, or "
                "the system does not let the agent in.",
                name, (unsigned long)child_exit_code(child));
}

static int run_agent(struct child *child, const struct child_order *order, const char *agent,
                     HANDLE thread, HANDLE started)
{
    const HANDLE handles[] = {started, child->process};
    int code = make_section(child, order);

    if (code == GO_ON)
        code = put_agent(child, order, agent, started);
    if (code != GO_ON)
        return code;
    if (ResumeThread(thread) == (DWORD)-1)
        return not_watched(order, "the system does not let it run");
    if (WaitForMultipleObjects(2, handles, FALSE, INFINITE) == WAIT_OBJECT_0)
        return GO_ON;
    return agent_not_started(child, order);
}

/* A suspended process is there from here to its end: nothing in between may end hostmem-run. */
static int start_with(struct child *child, const struct child_order *order, const char *agent,
                      HANDLE started)
{
    PROCESS_INFORMATION made;
    int code;

    if (!create(order, &made))
        return not_created(order);
    child->process = made.hProcess;
    child->process_id = made.dwProcessId;
    if (order->ends_with_parent)
        child->job = job_begin(child->process);
    if (order->ends_with_parent && !child->job)
        code = not_watched(order, "the system does not let it end with hostmem-run");
    else
        code = run_agent(child, order, agent, made.hThread, started);
    if (code != GO_ON)
        TerminateProcess(child->process, (UINT)code);
    CloseHandle(made.hThread);
    return code;
}

int child_start(struct child *child, const struct child_order *order)
{
    const char *agent = agent_path();
    HANDLE started;
    int code;

    if (!agent)
        return fail(EXIT_CODE_NOT_WATCHED,
                    "hostmem-agent.dll lies at a path with characters that a program's imports "
                    "cannot name: move hostmem to another directory.");
    started = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!started)
        return fail_without_memory();
    code = start_with(child, order, agent, started);
    CloseHandle(started);
    return code;
}

/* ------------------------------------------------------------------------------------------------
 * Running and ending
 * --------------------------------------------------------------------------------------------- */

bool child_wait(const struct child *child, DWORD milliseconds)
{
    return WaitForSingleObject(child->process, milliseconds) == WAIT_OBJECT_0;
}

DWORD child_exit_code(const struct child *child)
{
    DWORD code = 0;

    GetExitCodeProcess(child->process, &code);
    return code;
}

void child_let_go(struct child *child)
{
    job_end(child->job);
    child->job = NULL;
}

bool child_copy_board(const struct child *child, struct board *copy)
{
    return board_copy(copy, child->board);
}
