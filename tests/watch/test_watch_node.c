/*
 * test_watch_node.c: programs without a CLR: node, whose engine takes its memory as a CLR does, and
 * a library compiled by NativeAOT that node loads.
 */
#include "layout.h"
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const wchar_t library[] = L"programs\\node-api-dotnet\\win-x64\\"
                                 L"Microsoft.JavaScript.NodeApi.node";

static const wchar_t *node(void)
{
    return built(L"programs\\node\\bin\\node.exe");
}

/* JavaScript beside the test's source. Kept in a static place. */
static const wchar_t *script(const wchar_t *name)
{
    static wchar_t path[SCRATCH_PATH_SIZE];
    DWORD length = GetEnvironmentVariableW(L"HOSTMEM_TEST_SCRIPTS", path, SCRATCH_PATH_SIZE);

    swprintf(path + length, SCRATCH_PATH_SIZE - length, L"\\%ls", name);
    return path;
}

static void a_workload_that_checks_itself(void **state)
{
    struct run *watched = run_watched(L"\"%ls\" \"%ls\"", node(), script(L"workload.js"));
    struct run *plain = run_plain(L"\"%ls\" \"%ls\"", node(), script(L"workload.js"));

    (void)state;
    check_run(plain, plain->exit_code == 0 && strstr(plain->output, "\nworker "));
    check_same(watched, plain);
    check_whole_report(watched);
    check_redirected(watched, (const char *[]){"node.exe", NULL});
    check_run(watched, !strcmp(report_text(watched, "runtime.family"), "none"));
    check_run(watched, report_integer(watched, "statistics.methods.VirtualAlloc.calls") >= 50);
    check_run(watched, report_integer(watched, "statistics.committed.peak") >= 8 << 20);
    run_free(watched);
    run_free(plain);
}

/* As soon as it is loaded: its collector reserves memory before the load returns. */
static void a_library_compiled_by_native_aot(void **state)
{
    const wchar_t *load = layout_path(L"load.js");
    struct run *watched;

    (void)state;
    layout_text(load, "const loaded = require(process.argv[2]);\n"
                      "console.log('loaded', typeof loaded);\n");
    watched = run_watched(L"\"%ls\" \"%ls\" \"%ls\"", node(), load, built(library));
    DeleteFileW(load);
    check_run(watched, watched->exit_code == 0);
    check_run(watched, !strcmp(watched->output, "loaded object\n"));
    check_whole_report(watched);
    check_redirected(watched,
                     (const char *[]){"node.exe", "Microsoft.JavaScript.NodeApi.node", NULL});
    check_run(watched, !strcmp(report_text(watched, "runtime.family"), "NativeAOT"));
    check_run(watched, report_integer(watched, "statistics.reserved.now") >= 256 << 20);
    run_free(watched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_workload_that_checks_itself),
        cmocka_unit_test(a_library_compiled_by_native_aot),
    };

    watched_begin();
    if (!is_there(node()) || !is_there(built(library)))
        return EXIT_CODE_SKIPPED;
    /* Node 20 asks for a newer Windows than Wine 8 says it is. */
    SetEnvironmentVariableW(L"NODE_SKIP_PLATFORM_CHECK", L"1");
    return cmocka_run_group_tests_name("programs without a CLR", tests, NULL, NULL);
}
