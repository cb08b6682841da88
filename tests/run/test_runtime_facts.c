/*
 * test_runtime_facts.c: which runtime ran in a program, by what its board lists
 * (src/run/snapshot/runtime_facts.h).
 */
#include "replaced.h"
#include "support.h"

#include "run/snapshot/runtime_facts.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

static struct board board;
static struct arena arena;

static int begin(void **state)
{
    (void)state;
    ZeroMemory(&board, sizeof(board));
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_empty(&arena);
    return 0;
}

static struct board_redirected *list(int at, uint32_t kind, const char *path)
{
    struct board_redirected *module = &board.redirected[at];

    module->kind = kind;
    strcpy(module->path, path);
    atomic_store(&module->is_there, 1);
    return module;
}

static void check(const char *family, const char *version, const char *directory)
{
    struct snapshot_subject subject = {0};

    runtime_facts_take(&subject, &board, &arena);
    assert_string_equal(subject.runtime_family, family);
    assert_string_equal(subject.runtime_version, version);
    assert_string_equal(subject.runtime_directory, directory);
}

static void a_program_without_a_runtime_has_none(void **state)
{
    (void)state;
    list(0, 0, "C:\\program\\program.exe");
    list(1, HostMemModuleHost, "C:\\dotnet\\host\\fxr\\8.0.0\\hostfxr.dll");
    check("none", "", "");
}

static void what_hostmem_host_says_counts(void **state)
{
    (void)state;
    list(0, HostMemModuleRuntime, "C:\\other\\9.0.0\\coreclr.dll");
    strcpy(board.runtime.family, ".NET Framework");
    strcpy(board.runtime.version, "v4.0.30319");
    strcpy(board.runtime.directory, "C:\\Windows");
    atomic_store(&board.runtime.is_there, 1);
    check(".NET Framework", "v4.0.30319", "C:\\Windows");
}

static void a_directory_named_after_a_version_says_the_version(void **state)
{
    (void)state;
    list(0, 0, "C:\\program\\program.exe");
    list(1, HostMemModuleRuntime, "C:\\shared\\Microsoft.NETCore.App\\10.0.1\\coreclr.dll");
    list(2, HostMemModuleRuntime, "C:\\shared\\Microsoft.NETCore.App\\9.0.1\\coreclr.dll");
    check("CoreCLR", "10.0.1", "C:\\shared\\Microsoft.NETCore.App\\10.0.1");
}

static void elsewhere_the_file_says_the_version(void **state)
{
    char path[2 * MAX_PATH], directory[MAX_PATH];

    (void)state;
    GetModuleFileNameA(NULL, directory, MAX_PATH);
    *strrchr(directory, '\\') = '\0';
    snprintf(path, sizeof(path), "%s\\hostmem.dll", directory);
    list(0, HostMemModuleRuntime, path);
    check("CoreCLR", HOSTMEM_VERSION_TEXT, directory);
}

static void a_file_that_cannot_be_read_has_an_unknown_version(void **state)
{
    (void)state;
    list(0, HostMemModuleRuntime, "C:\\nowhere\\at all\\coreclr.dll");
    check("CoreCLR", "unknown", "C:\\nowhere\\at all");
}

/* What the resource of a file is to say; NULL: it says nothing. */
static const wchar_t *resource_text;
static UINT resource_length; /* in characters */

static BOOL WINAPI read_resource(LPCWSTR file, DWORD ignored, DWORD size, LPVOID resource)
{
    (void)file;
    (void)ignored;
    ZeroMemory(resource, size);
    if (resource_text)
        memcpy(resource, resource_text, (wcslen(resource_text) + 1) * sizeof(wchar_t));
    return TRUE;
}

static BOOL WINAPI find_in_resource(LPCVOID resource, LPCWSTR wanted, LPVOID *found, PUINT length)
{
    (void)wanted;
    *found = (void *)(uintptr_t)resource;
    *length = resource_length;
    return resource_text != NULL;
}

/* Since .NET 5 the third number is the patch's, and two digits of the year. */
static void the_file_s_version_is_written_as_people_know_it(void **state)
{
    static const struct {
        const wchar_t *says;
        UINT longer; /* than it is */
        const char *version;
    } files[] = {
        {L"10,0,1526,53008 @Commit: 1234", 0, "10.0.15"},
        {L"5.0.121.1000", 0, "5.0.1"},
        {L"4,6,25519,03 built by: dlab", 0, "4.6.25519.03"},
        {L"9.0.0-preview.1+abcdef", 0, "9.0.0-preview.1"},
        {L"8.0", 0, "8.0"},
        {L"eight", 0, "eight"},
        {L"8.0", 100000, "8.0"},
        {L"", 0, "unknown"},
        {NULL, 0, "unknown"},
    };
    struct replaced read, find;

    (void)state;
    list(0, HostMemModuleRuntime, "C:\\program\\coreclr.dll");
    replace_import(&read, "GetFileVersionInfoW", (void *)(uintptr_t)read_resource);
    replace_import(&find, "VerQueryValueW", (void *)(uintptr_t)find_in_resource);
    for (unsigned i = 0; i < COUNT_OF(files); i++) {
        resource_text = files[i].says;
        resource_length = (resource_text ? (UINT)wcslen(resource_text) : 0) + files[i].longer;
        check("CoreCLR", files[i].version, "C:\\program");
    }
    put_import_back(&find);
    put_import_back(&read);
}

static void a_path_without_a_directory_does_no_harm(void **state)
{
    (void)state;
    list(0, HostMemModuleRuntime, "no such file");
    check("CoreCLR", "unknown", "");
}

static void a_module_that_is_not_there_yet_is_passed_over(void **state)
{
    (void)state;
    atomic_store(&list(0, HostMemModuleRuntime, "C:\\9.0.1\\coreclr.dll")->is_there, 0);
    check("none", "", "");
}

static void a_runtime_in_the_program_s_own_file_is_known_by_the_program(void **state)
{
    struct snapshot_subject subject = {0};

    (void)state;
    board.orders.is_runtime = true;
    runtime_facts_take(&subject, &board, &arena);
    assert_string_equal(subject.runtime_family, "CoreCLR");
    board.orders.is_runtime = false;
    board.orders.is_native_aot = true;
    check("NativeAOT", "", "");
}

#define FACTS_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FACTS_TEST(a_program_without_a_runtime_has_none),
        FACTS_TEST(what_hostmem_host_says_counts),
        FACTS_TEST(a_directory_named_after_a_version_says_the_version),
        FACTS_TEST(elsewhere_the_file_says_the_version),
        FACTS_TEST(a_file_that_cannot_be_read_has_an_unknown_version),
        FACTS_TEST(the_file_s_version_is_written_as_people_know_it),
        FACTS_TEST(a_path_without_a_directory_does_no_harm),
        FACTS_TEST(a_module_that_is_not_there_yet_is_passed_over),
        FACTS_TEST(a_runtime_in_the_program_s_own_file_is_known_by_the_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
