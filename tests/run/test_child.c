/*
 * test_child.c: what keeps the agent out of a program (src/run/watch/child.h): each thing ends in
 * one sentence and an exit code, and nothing is left that runs half watched.
 *
 * Wine lets everything in. So the functions of Win32 that a system would refuse are replaced by
 * such as refuse, or do what that system would do.
 */
#include "base/exit_code.h" /* before CMocka, which has a macro fail */
#include "replaced.h"
#include "support.h"

#include "base/standard_error.h"
#include "run/watch/child.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define INVALID_IMAGE_HASH ((DWORD)0xc0000428) /* STATUS_INVALID_IMAGE_HASH */

enum {
    PATIENCE = 60 * 1000,
    SENTENCE = 2048
};

/* With an argument, this program is the one that is started. */
static wchar_t program[1024];
static wchar_t errors_path[1024];

static DWORD refusal; /* the last error of whatever is refused */
static struct replaced replaced;

/* ------------------------------------------------------------------------------------------------
 * One start
 * --------------------------------------------------------------------------------------------- */

static HANDLE errors_file(DWORD disposition)
{
    return CreateFileW(errors_path, GENERIC_READ | GENERIC_WRITE,
                       FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, disposition, 0, NULL);
}

static void read_errors(char text[SENTENCE])
{
    HANDLE file = errors_file(OPEN_EXISTING);
    DWORD read = 0;

    assert_true(ReadFile(file, text, SENTENCE - 1, &read, NULL));
    text[read] = '\0';
    CloseHandle(file);
}

static int start(struct child *child, bool ends_with_parent, char errors[SENTENCE])
{
    wchar_t line[] = L"program goes";
    const struct child_order order = {.program = program,
                                      .command_line = line,
                                      .shown_program = "PROGRAM",
                                      .orders.limits.cbSize = sizeof(HOSTMEM_LIMITS),
                                      .ends_with_parent = ends_with_parent};
    HANDLE standard = GetStdHandle(STD_ERROR_HANDLE), file = errors_file(CREATE_ALWAYS);
    int code;

    SetStdHandle(STD_ERROR_HANDLE, file);
    standard_error_open();
    code = child_start(child, &order);
    SetStdHandle(STD_ERROR_HANDLE, standard);
    CloseHandle(file);
    read_errors(errors);
    return code;
}

/* Starts it while the function does not do what it should. */
static void check_kept_out(const char *function, uintptr_t instead, bool ends_with_parent,
                           int expected_code, const char *sentence)
{
    struct child child = {0};
    char errors[SENTENCE];
    int code;

    replace_import(&replaced, function, (void *)instead);
    code = start(&child, ends_with_parent, errors);
    put_import_back(&replaced);
    assert_figure((unsigned)code, (unsigned)expected_code);
    assert_string_equal(errors, sentence);
    if (child.process)
        assert_figure(WaitForSingleObject(child.process, PATIENCE), WAIT_OBJECT_0);
}

/* ------------------------------------------------------------------------------------------------
 * Programs that cannot be started
 * --------------------------------------------------------------------------------------------- */

static BOOL WINAPI refuse_to_create(LPCWSTR file, LPWSTR line, SECURITY_ATTRIBUTES *process,
                                    SECURITY_ATTRIBUTES *thread, BOOL inherit, DWORD flags,
                                    LPVOID environment, LPCWSTR directory, STARTUPINFOW *startup,
                                    PROCESS_INFORMATION *made)
{
    (void)file, (void)line, (void)process, (void)thread, (void)inherit, (void)flags;
    (void)environment, (void)directory, (void)startup, (void)made;
    SetLastError(refusal);
    return FALSE;
}

static void a_program_that_wants_an_administrator(void **state)
{
    (void)state;
    refusal = 740; /* ERROR_ELEVATION_REQUIRED */
    check_kept_out("CreateProcessW", (uintptr_t)refuse_to_create, false, EXIT_CODE_NOT_WATCHED,
                   "hostmem-run: PROGRAM wants to run as an administrator: start hostmem-run as "
                   "one.\n");
}

static void a_program_of_another_machine(void **state)
{
    (void)state;
    refusal = ERROR_EXE_MACHINE_TYPE_MISMATCH;
    check_kept_out("CreateProcessW", (uintptr_t)refuse_to_create, false, EXIT_CODE_BITNESS,
                   "hostmem-run: PROGRAM is no program that this Windows can start.\n");
}

/* An application control policy: AppLocker, for one. */
static void a_program_that_a_policy_blocks(void **state)
{
    (void)state;
    refusal = 1260; /* ERROR_ACCESS_DISABLED_BY_POLICY */
    check_kept_out("CreateProcessW", (uintptr_t)refuse_to_create, false, EXIT_CODE_PROGRAM_MISSING,
                   "hostmem-run: PROGRAM cannot be started (Windows error 1260).\n");
}

/* ------------------------------------------------------------------------------------------------
 * Programs that are protected from hostmem-run: by a security product, or by higher rights
 * --------------------------------------------------------------------------------------------- */

static BOOL WINAPI refuse_to_write(HANDLE process, LPVOID to, LPCVOID from, SIZE_T size,
                                   SIZE_T *written)
{
    (void)process, (void)to, (void)from, (void)size, (void)written;
    SetLastError(ERROR_ACCESS_DENIED);
    return FALSE;
}

static void memory_that_cannot_be_written(void **state)
{
    (void)state;
    check_kept_out("WriteProcessMemory", (uintptr_t)refuse_to_write, false, EXIT_CODE_NOT_WATCHED,
                   "hostmem-run: PROGRAM cannot be watched: the system does not let its imports "
                   "be changed (Windows error 5).\n");
}

static HANDLE WINAPI refuse_a_section(HANDLE file, SECURITY_ATTRIBUTES *attributes, DWORD protect,
                                      DWORD size_high, DWORD size_low, LPCWSTR name)
{
    (void)file, (void)attributes, (void)protect, (void)size_high, (void)size_low, (void)name;
    SetLastError(ERROR_NOT_ENOUGH_QUOTA);
    return NULL;
}

static void a_section_that_cannot_be_made(void **state)
{
    (void)state;
    check_kept_out("CreateFileMappingW", (uintptr_t)refuse_a_section, false, EXIT_CODE_NOT_WATCHED,
                   "hostmem-run: PROGRAM cannot be watched: the section for the books cannot be "
                   "made (Windows error 1816).\n");
}

static BOOL WINAPI refuse_to_duplicate(HANDLE source_process, HANDLE source, HANDLE target_process,
                                       LPHANDLE target, DWORD access, BOOL inherit, DWORD options)
{
    if (target_process == GetCurrentProcess())
        return ORIGINAL_OF(replaced, DuplicateHandle)(source_process, source, target_process,
                                                      target, access, inherit, options);
    SetLastError(ERROR_ACCESS_DENIED);
    return FALSE;
}

static void a_process_that_is_given_no_handle(void **state)
{
    (void)state;
    check_kept_out("DuplicateHandle", (uintptr_t)refuse_to_duplicate, false, EXIT_CODE_NOT_WATCHED,
                   "hostmem-run: PROGRAM cannot be watched: the system does not let it have the "
                   "books (Windows error 5).\n");
}

static BOOL WINAPI refuse_the_job(HANDLE job, HANDLE process)
{
    (void)job, (void)process;
    SetLastError(ERROR_ACCESS_DENIED);
    return FALSE;
}

static void a_process_that_must_not_be_in_another_job(void **state)
{
    (void)state;
    check_kept_out("AssignProcessToJobObject", (uintptr_t)refuse_the_job, true,
                   EXIT_CODE_NOT_WATCHED,
                   "hostmem-run: PROGRAM cannot be watched: the system does not let it end with "
                   "hostmem-run (Windows error 5).\n");
}

static DWORD WINAPI refuse_to_resume(HANDLE thread)
{
    (void)thread;
    SetLastError(ERROR_ACCESS_DENIED);
    return (DWORD)-1;
}

static void a_thread_that_cannot_be_resumed(void **state)
{
    (void)state;
    check_kept_out("ResumeThread", (uintptr_t)refuse_to_resume, false, EXIT_CODE_NOT_WATCHED,
                   "hostmem-run: PROGRAM cannot be watched: the system does not let it run "
                   "(Windows error 5).\n");
}

/* ------------------------------------------------------------------------------------------------
 * Programs whose loader refuses the agent: by a signature policy, or as it cannot read the file
 * from an AppContainer
 * --------------------------------------------------------------------------------------------- */

static DWORD WINAPI end_as_the_loader_would(HANDLE thread)
{
    HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, GetProcessIdOfThread(thread));

    assert_true(TerminateProcess(process, INVALID_IMAGE_HASH));
    CloseHandle(process);
    return 1;
}

static void a_loader_that_refuses_the_agent(void **state)
{
    (void)state;
    check_kept_out("ResumeThread", (uintptr_t)end_as_the_loader_would, false, EXIT_CODE_NOT_WATCHED,
                   "hostmem-run: PROGRAM ended before hostmem-agent.dll started in it "
                   "(0xc0000428): a DLL is missing, or the system does not let the agent in.\n");
}

static void a_program_that_nothing_keeps_out_is_watched(void **state)
{
    struct child child = {0};
    char errors[SENTENCE];

    (void)state;
    assert_figure((unsigned)start(&child, false, errors), GO_ON);
    assert_string_equal(errors, "");
    assert_true(child_wait(&child, PATIENCE));
    assert_figure(child_exit_code(&child), 7);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_that_wants_an_administrator),
        cmocka_unit_test(a_program_of_another_machine),
        cmocka_unit_test(a_program_that_a_policy_blocks),
        cmocka_unit_test(memory_that_cannot_be_written),
        cmocka_unit_test(a_section_that_cannot_be_made),
        cmocka_unit_test(a_process_that_is_given_no_handle),
        cmocka_unit_test(a_process_that_must_not_be_in_another_job),
        cmocka_unit_test(a_thread_that_cannot_be_resumed),
        cmocka_unit_test(a_loader_that_refuses_the_agent),
        cmocka_unit_test(a_program_that_nothing_keeps_out_is_watched),
    };

    if (count > 1 && !strcmp(arguments[1], "goes"))
        return 7;
    GetModuleFileNameW(NULL, program, 1024);
    swprintf(errors_path, 1024, L"%ls.errors-%lu", program, GetCurrentProcessId());
    count = cmocka_run_group_tests(tests, NULL, NULL);
    DeleteFileW(errors_path);
    return count;
}
