/*
 * test_watch_example.c: the host in examples/agent_start can be seen while it runs, also with a
 * runtime in it.
 */
#include "started.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

static void it_can_be_seen_while_it_holds_memory(void **state)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
    struct started *example, *top;
    HANDLE writing;
    DWORD process;

    (void)state;
    assert_true(CreatePipe(&start_input, &writing, &inherited, 0));
    SetHandleInformation(writing, HANDLE_FLAG_INHERIT, 0);
    example = start(L"agent_start.exe");
    CloseHandle(start_input);
    start_input = NULL;
    process = number_after(example, "process ");
    top = run(L"hostmem-top.exe --once %lu", process);
    CloseHandle(writing);
    finish(example);
    check_started(example, example->exit_code == 0);
    check_started(example, strstr(example->output, ": 16777216 bytes committed") != NULL);
    check_started(top, top->exit_code == 0);
    check_started(top, strstr(top->output, "agent_start.exe") != NULL);
    check_started(top, strstr(top->output, "16.0 MiB") != NULL);
    forget(example);
    forget(top);
}

static void a_runtime_in_it_uses_its_manager(void **state)
{
    wchar_t build[STARTED_PATH], hostfxr[STARTED_PATH];
    unsigned long long committed = 0, calls = 0;
    struct started *example;
    const char *told;

    (void)state;
    GetEnvironmentVariableW(L"HOSTMEM_TEST_BUILD", build, STARTED_PATH);
    swprintf(hostfxr, STARTED_PATH, L"%ls\\runtimes\\10.0.15-x64\\host\\fxr\\10.0.15\\hostfxr.dll",
             build);
    if (sizeof(void *) == 4 || GetFileAttributesW(hostfxr) == INVALID_FILE_ATTRIBUTES) {
        printf("Skipped: there is no %ls for this bitness.\n", hostfxr);
        skip();
    }
    example = run(L"agent_start.exe \"%ls\" \"%ls\\programs\\hello\\net10.0-x64-fdd\\Hello.dll\" "
                  L"--code 3",
                  hostfxr, build);
    check_started(example, example->exit_code == 3);
    told = strstr(example->output, "process ");
    check_started(example,
                  told && sscanf(told, "process %*u: %llu bytes committed at most, by %llu",
                                 &committed, &calls) == 2);
    check_started(example, committed > 1 << 20 && calls > 10);
    forget(example);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_can_be_seen_while_it_holds_memory),
        cmocka_unit_test(a_runtime_in_it_uses_its_manager),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    RemoveDirectoryW(scratch());
    return failures;
}
