/*
 * test_plan.c: what a program file is, what would be started for it, and what --explain says
 * (src/run/watch/plan.h). The files are made up: headers, and exports where they matter.
 */
#include "run/watch/plan.h"
#include "base/architecture.h"
#include "base/exit_code.h" /* before CMocka, which has a macro fail */
#include "base/standard_error.h"

#include "made_up_program.h"
#include "support.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <wchar.h>

enum {
    PATH_SIZE = 1024,
    TEXT_SIZE = 4096
};

#define OTHER_KIND (ARCHITECTURE_BITS == 64 ? MADE_UP_32_BIT : MADE_UP_64_BIT)
#define OWN_KIND (ARCHITECTURE_BITS == 64 ? MADE_UP_64_BIT : MADE_UP_32_BIT)

static char told[2048];
static wchar_t directory[PATH_SIZE];

/* Replaces the programs' own function (src/base/standard_error.c). */
void standard_error_write(const char *text)
{
    strncat(told, text, sizeof(told) - strlen(told) - 1);
}

static const wchar_t *in_directory(const wchar_t *name)
{
    static wchar_t path[PATH_SIZE];

    swprintf(path, PATH_SIZE, L"%ls\\%ls", directory, name);
    return path;
}

static int begin(void **state)
{
    wchar_t parent[PATH_SIZE];

    (void)state;
    GetTempPathW(PATH_SIZE, parent);
    swprintf(directory, PATH_SIZE, L"%lshostmem-plan-%lu", parent, GetCurrentProcessId());
    *told = '\0';
    return !CreateDirectoryW(directory, NULL);
}

static int end(void **state)
{
    static const wchar_t *const names[] = {L"program.exe", L"program.dll"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        DeleteFileW(in_directory(names[i]));
    return !RemoveDirectoryW(directory);
}

static void make(const wchar_t *name, unsigned kind, const char *export)
{
    assert_true(made_up_program_write(in_directory(name), kind, export));
}

/* ------------------------------------------------------------------------------------------------
 * What is planned and said
 * --------------------------------------------------------------------------------------------- */

static int plan_of(const wchar_t *name, struct arguments *arguments, struct plan *plan)
{
    static wchar_t path[PATH_SIZE];

    wcscpy(path, in_directory(name));
    arguments->program = path;
    return plan_make(plan, arguments);
}

static const char *explanation(const struct plan *plan, const struct arguments *arguments)
{
    static char text[TEXT_SIZE];
    wchar_t path[PATH_SIZE];
    int before = _dup(1), file;
    int length;

    wcscpy(path, in_directory(L"output"));
    file = _wopen(path, _O_CREAT | _O_TRUNC | _O_RDWR | _O_BINARY, _S_IREAD | _S_IWRITE);
    assert_true(file >= 0);
    fflush(stdout);
    _dup2(file, 1);
    plan_explain(plan, arguments);
    fflush(stdout);
    _dup2(before, 1);
    _lseek(file, 0, SEEK_SET);
    length = _read(file, text, TEXT_SIZE - 1);
    text[length > 0 ? length : 0] = '\0';
    _close(file);
    _close(before);
    DeleteFileW(path);
    return text;
}

static void check_plan(const wchar_t *name, struct arguments *arguments, enum program_shape shape,
                       enum plan_start start, const char *said)
{
    struct plan plan = {0};
    int code = plan_of(name, arguments, &plan);
    const char *text;

    if (code != GO_ON)
        fail_msg("refused with %d: %s", code, told);
    assert_int_equal(plan.shape, shape);
    assert_int_equal(plan.start, start);
    text = explanation(&plan, arguments);
    if (!strstr(text, said))
        fail_msg("\"%s\" does not say: %s", text, said);
}

static void check_refused(const wchar_t *name, int expected, const char *part)
{
    struct arguments arguments = {0};
    struct plan plan;
    int code = plan_of(name, &arguments, &plan);

    assert_int_equal(code, expected);
    if (!strstr(told, part))
        fail_msg("\"%s\" does not say: %s", told, part);
    assert_address(strchr(told, '\n'), told + strlen(told) - 1);
}

/* ------------------------------------------------------------------------------------------------
 * The shapes
 * --------------------------------------------------------------------------------------------- */

static void an_assembly_is_hosted(void **state)
{
    struct arguments arguments = {0};

    (void)state;
    make(L"program.dll", OWN_KIND | MADE_UP_DLL | MADE_UP_MANAGED, NULL);
    check_plan(L"program.dll", &arguments, SHAPE_ASSEMBLY, PLAN_HOST, "is an assembly");
    check_plan(L"program.dll", &arguments, SHAPE_ASSEMBLY, PLAN_HOST, "hostmem-host.exe");
}

static void an_apphost_is_started_itself(void **state)
{
    struct arguments arguments = {0};

    (void)state;
    make(L"program.exe", OWN_KIND, NULL);
    make(L"program.dll", OWN_KIND | MADE_UP_DLL | MADE_UP_MANAGED, NULL);
    check_plan(L"program.exe", &arguments, SHAPE_APPHOST, PLAN_ITSELF, "is an apphost");
}

static void an_apphost_is_hosted_for_who_names_a_runtime(void **state)
{
    struct arguments arguments = {.runtime = L"C:\\dotnet"};

    (void)state;
    make(L"program.exe", OWN_KIND, NULL);
    make(L"program.dll", OWN_KIND | MADE_UP_DLL | MADE_UP_MANAGED, NULL);
    check_plan(L"program.exe", &arguments, SHAPE_APPHOST, PLAN_HOST, "hosts a runtime");
}

static void a_single_file_is_known_by_its_export(void **state)
{
    struct arguments arguments = {0};

    (void)state;
    make(L"program.exe", OWN_KIND, "DotNetRuntimeInfo");
    check_plan(L"program.exe", &arguments, SHAPE_SINGLE_FILE, PLAN_ITSELF, "is a single file");
}

static void native_aot_is_known_by_its_export(void **state)
{
    struct arguments arguments = {0};

    (void)state;
    make(L"program.exe", OWN_KIND, "DotNetRuntimeDebugHeader");
    check_plan(L"program.exe", &arguments, SHAPE_NATIVE_AOT, PLAN_ITSELF, "compiled by NativeAOT");
}

static void any_other_program_is_native(void **state)
{
    struct arguments arguments = {.wanted_modules = {L"engine.dll"}, .wanted_module_count = 1};

    (void)state;
    make(L"program.exe", OWN_KIND, "SomethingElse");
    make(L"program.dll", OWN_KIND | MADE_UP_DLL, NULL); /* no assembly */
    check_plan(L"program.exe", &arguments, SHAPE_NATIVE, PLAN_ITSELF, "is a native program");
    check_plan(L"program.exe", &arguments, SHAPE_NATIVE, PLAN_ITSELF,
               "would be redirected besides: engine.dll\n");
    arguments.heap = true;
    check_plan(L"program.exe", &arguments, SHAPE_NATIVE, PLAN_ITSELF,
               "those of the libraries by which modules allocate");
}

/* ------------------------------------------------------------------------------------------------
 * Refusals
 * --------------------------------------------------------------------------------------------- */

static void a_native_dll_is_refused(void **state)
{
    (void)state;
    make(L"program.dll", OWN_KIND | MADE_UP_DLL, NULL);
    check_refused(L"program.dll", EXIT_CODE_NOT_MANAGED, "is a native DLL");
}

static void a_program_of_the_other_bitness_needs_the_other_hostmem_run(void **state)
{
    (void)state;
    make(L"program.exe", OTHER_KIND, NULL);
    check_refused(L"program.exe", EXIT_CODE_BITNESS, "use the other one");
}

static void a_program_for_another_processor_is_refused(void **state)
{
    (void)state;
    make(L"program.exe", MADE_UP_64_BIT | MADE_UP_ARM, NULL);
    check_refused(L"program.exe", EXIT_CODE_BITNESS, "for another processor (machine 0xaa64)");
}

static void what_is_not_there_is_told(void **state)
{
    (void)state;
    check_refused(L"program.exe", EXIT_CODE_PROGRAM_MISSING, "program.exe");
}

#define PLAN_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAN_TEST(an_assembly_is_hosted),
        PLAN_TEST(an_apphost_is_started_itself),
        PLAN_TEST(an_apphost_is_hosted_for_who_names_a_runtime),
        PLAN_TEST(a_single_file_is_known_by_its_export),
        PLAN_TEST(native_aot_is_known_by_its_export),
        PLAN_TEST(any_other_program_is_native),
        PLAN_TEST(a_native_dll_is_refused),
        PLAN_TEST(a_program_of_the_other_bitness_needs_the_other_hostmem_run),
        PLAN_TEST(a_program_for_another_processor_is_refused),
        PLAN_TEST(what_is_not_there_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
