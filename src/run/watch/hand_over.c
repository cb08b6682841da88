/*
 * hand_over.c: see hand_over.h.
 */
#include "run/watch/hand_over.h"

#include "base/exit_code.h"
#include "base/wide.h"
#include "run/watch/command_line.h"
#include "run/watch/console.h"
#include "run/watch/job.h"

static int no_job(HANDLE process)
{
    int code = fail(EXIT_CODE_NOT_WATCHED,
                    "the system does not let the other hostmem-run end with this one "
                    "(Windows error %lu).",
                    GetLastError());

    TerminateProcess(process, (UINT)code);
    return code;
}

int hand_over(const wchar_t *other, bool ends_with_parent, DWORD *exit_code)
{
    HANDLE job = NULL;
    wchar_t *line = command_line_with(other, command_line_from(GetCommandLineW(), 1));
    PROCESS_INFORMATION made;
    STARTUPINFOW startup;

    GetStartupInfoW(&startup);
    startup.lpReserved = NULL;
    console_begin();
    if (!CreateProcessW(other, line, NULL, NULL, TRUE, CREATE_SUSPENDED | console_creation_flags(),
                        NULL, NULL, &startup, &made))
        return fail(EXIT_CODE_BITNESS, "%s cannot be started (Windows error %lu).",
                    utf8_from_wide(other), GetLastError());
    if (ends_with_parent) {
        job = job_begin(made.hProcess);
        if (!job)
            return no_job(made.hProcess);
    }
    ResumeThread(made.hThread);
    WaitForSingleObject(made.hProcess, INFINITE);
    GetExitCodeProcess(made.hProcess, exit_code);
    job_end(job);
    console_end();
    return GO_ON;
}
