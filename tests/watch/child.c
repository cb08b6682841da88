/*
 * child.c: see child.h.
 */
#include "child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tlhelp32.h>

enum {
    POLL_MILLISECONDS = 10
};

bool wait_for_output(const struct run_process *runner, const char *said)
{
    for (int left = RUN_TIME_LIMIT_MILLISECONDS; left > 0; left -= POLL_MILLISECONDS) {
        char *text = read_file(runner->output);
        bool found = text && strstr(text, said);

        free(text);
        if (found)
            return true;
        if (WaitForSingleObject(runner->process, POLL_MILLISECONDS) == WAIT_OBJECT_0)
            return false;
    }
    return false;
}

HANDLE open_child(const struct run_process *runner)
{
    HANDLE processes = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    HANDLE child = NULL;

    assert_true(processes != INVALID_HANDLE_VALUE);
    for (BOOL more = Process32FirstW(processes, &entry); more && !child;
         more = Process32NextW(processes, &entry))
        if (entry.th32ParentProcessID == runner->process_id)
            child = OpenProcess(PROCESS_TERMINATE | PROCESS_QUERY_INFORMATION | PROCESS_VM_READ |
                                    SYNCHRONIZE,
                                FALSE, entry.th32ProcessID);
    CloseHandle(processes);
    if (!child)
        fail_msg("hostmem-run (process %lu) has no child", runner->process_id);
    return child;
}
