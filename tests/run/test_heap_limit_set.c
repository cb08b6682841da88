/*
 * test_heap_limit_set.c: what a program's own settings say of its collector's heap is found where
 * its runtime reads it (src/run/watch/heap_limit_set.h).
 */
#include "run/watch/heap_limit_set.h"

#include "support.h"

#include <stdio.h>
#include <string.h>

enum {
    PATH_SIZE = 1024,
    CHUNK = 1 << 16 /* heap_limit_set.c reads so many bytes at once */
};

static wchar_t directory[PATH_SIZE];

static const wchar_t *in_directory(const wchar_t *name)
{
    static wchar_t paths[2][PATH_SIZE];
    static int next;
    wchar_t *path = paths[next++ % 2];

    swprintf(path, PATH_SIZE, L"%ls\\%ls", directory, name);
    return path;
}

static int begin(void **state)
{
    wchar_t parent[PATH_SIZE];

    (void)state;
    GetTempPathW(PATH_SIZE, parent);
    swprintf(directory, PATH_SIZE, L"%lshostmem-heap-limit-%lu", parent, GetCurrentProcessId());
    return !CreateDirectoryW(directory, NULL);
}

static int end(void **state)
{
    static const wchar_t *const names[] = {L"program.exe", L"program.runtimeconfig.json",
                                           L"other.json"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        DeleteFileW(in_directory(names[i]));
    return !RemoveDirectoryW(directory);
}

/* A file of that text behind so many blanks. */
static void write_file(const wchar_t *name, int blanks, const char *text)
{
    FILE *file = _wfopen(in_directory(name), L"wb");

    assert_non_null(file);
    for (int i = 0; i < blanks; i++)
        fputc(' ', file);
    fputs(text, file);
    fclose(file);
}

static struct board_orders look(enum program_shape shape, const struct arguments *arguments)
{
    static struct board_orders orders;
    static wchar_t path[PATH_SIZE];
    const struct plan plan = {.program = path, .shape = shape};

    wcscpy(path, in_directory(L"program.exe"));
    memset(&orders, 0, sizeof(orders));
    heap_limit_set_by_program(&orders, &plan, arguments);
    return orders;
}

static const struct arguments none;

static void a_program_that_sets_nothing_has_decided_nothing(void **state)
{
    (void)state;
    assert_false(look(SHAPE_ASSEMBLY, &none).program_has_heap_limit);
    write_file(L"program.runtimeconfig.json", 0, "{\"System.GC.Server\": true}");
    assert_false(look(SHAPE_ASSEMBLY, &none).program_has_heap_limit);
    assert_false(look(SHAPE_ASSEMBLY, &none).program_has_region_size);
}

static void the_file_beside_an_assembly_or_apphost_counts(void **state)
{
    (void)state;
    write_file(L"program.runtimeconfig.json", 0, "{\"System.GC.HeapHardLimitPercent\": 30}");
    assert_true(look(SHAPE_ASSEMBLY, &none).program_has_heap_limit);
    assert_true(look(SHAPE_APPHOST, &none).program_has_heap_limit);
    assert_false(look(SHAPE_APPHOST, &none).program_has_region_size);
    assert_false(look(SHAPE_SINGLE_FILE, &none).program_has_heap_limit);
    write_file(L"program.runtimeconfig.json", 0, "{\"System.GC.RegionSize\": 30}");
    assert_false(look(SHAPE_ASSEMBLY, &none).program_has_heap_limit);
    assert_true(look(SHAPE_ASSEMBLY, &none).program_has_region_size);
}

static void the_file_of_the_option_counts_instead(void **state)
{
    const wchar_t *options[] = {L"--runtimeconfig", NULL};
    const struct arguments arguments = {.host_options = options, .host_option_count = 2};
    wchar_t path[PATH_SIZE];

    (void)state;
    wcscpy(path, in_directory(L"other.json"));
    options[1] = path;
    write_file(L"program.runtimeconfig.json", 0, "{\"System.GC.HeapHardLimit\": 1}");
    write_file(L"other.json", 0, "{}");
    assert_false(look(SHAPE_ASSEMBLY, &arguments).program_has_heap_limit);
    write_file(L"other.json", 0, "{\"System.GC.HeapHardLimit\": 1}");
    assert_true(look(SHAPE_ASSEMBLY, &arguments).program_has_heap_limit);
}

/* Also where two pieces of the file meet. */
static void the_file_inside_a_single_file_counts(void **state)
{
    (void)state;
    for (int blanks = CHUNK - 26; blanks <= CHUNK + 1; blanks++) {
        write_file(L"program.exe", blanks, "\"System.GC.HeapHardLimit\": 1}");
        assert_true(look(SHAPE_SINGLE_FILE, &none).program_has_heap_limit);
    }
    write_file(L"program.exe", 10, "System.GC.HeapHardLimit without a quotation mark");
    assert_false(look(SHAPE_SINGLE_FILE, &none).program_has_heap_limit);
}

#define SET_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(a_program_that_sets_nothing_has_decided_nothing),
        SET_TEST(the_file_beside_an_assembly_or_apphost_counts),
        SET_TEST(the_file_of_the_option_counts_instead),
        SET_TEST(the_file_inside_a_single_file_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
