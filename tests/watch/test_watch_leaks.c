/*
 * test_watch_leaks.c: what a .NET 10 program leaks, in whichever way, is found in the books of
 * hostmem-run --heap: with its bytes, and in the heap that it was allocated from.
 */
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum {
    LEAKED = 20 << 20, /* by each way */
    MORE = 1 << 20,    /* what the runtime itself has in the same size classes, at most */
    HEADER = 40        /* what COM and automation add to a block, at most */
};

/* The program's ways, and the size of each one's blocks (tests/clr/Leak.cs). */
static const struct way {
    const char *name;
    int size;
    const char *module; /* whose heap; "": the process's */
} ways[] = {
    {"AllocHGlobal", 500, ""},         {"StringToHGlobalUni", 700, ""},
    {"StringToHGlobalAnsi", 1000, ""}, {"AllocCoTaskMem", 1400, ""},
    {"StringToBSTR", 1900, ""},        {"HeapAlloc", 2600, ""},
    {"malloc", 3600, "msvcrt.dll"},    {"NativeMemory", 5000, "ucrtbase.dll"},
};

enum {
    WAYS = sizeof(ways) / sizeof(ways[0])
};

static json_int_t integer(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

static bool is_heap_of(const json_t *heap, const char *module)
{
    return !strcmp(json_string_value(json_object_get(heap, "of")),
                   *module ? "module" : "process") &&
           !strcmp(json_string_value(json_object_get(heap, "module")), module);
}

/* Bytes in live blocks of the size classes that such blocks fall into. */
static json_int_t bytes_in_classes(const json_t *heap, int size)
{
    json_int_t sum = 0;
    const json_t *one;
    size_t i;

    json_array_foreach(json_object_get(heap, "size_classes"), i, one)
    {
        if (integer(one, "smallest_request") <= size + HEADER &&
            integer(one, "largest_request") >= size)
            sum += integer(one, "block_bytes");
    }
    return sum;
}

/*
 * A run-time library that has no heap of its own, as on Windows, uses the process's: then its
 * blocks are to be there.
 */
static json_int_t bytes_of(const struct run *run, const struct way *way)
{
    const json_t *heap, *process = NULL;
    size_t i;

    json_array_foreach(report_member(run, "heaps"), i, heap)
    {
        if (is_heap_of(heap, way->module))
            return bytes_in_classes(heap, way->size);
        if (is_heap_of(heap, ""))
            process = heap;
    }
    return process ? bytes_in_classes(process, way->size) : 0;
}

static void what_is_leaked_is_in_the_books_by_its_bytes_and_its_heap(void **state)
{
    const wchar_t *root = dotnet_root(&dotnet_10);
    struct run *run;

    (void)state;
    if (!is_there(root))
        skip();
    run = run_watched(L"--heap --runtime \"%ls\" %ls", root, clr_program(L"Leak"));
    check_run(run, run->exit_code == 0);
    check_run(run, strstr(run->output, "leaked by VirtualAlloc"));
    check_whole_report(run);
    for (size_t i = 0; i < WAYS; i++) {
        json_int_t bytes = bytes_of(run, &ways[i]);

        if (bytes < LEAKED || bytes > LEAKED + MORE)
            print_error("%s: %lld bytes\n", ways[i].name, (long long)bytes);
        check_run(run, bytes >= LEAKED && bytes <= LEAKED + MORE);
    }
    check_run(run, report_integer(run, "statistics.committed.now") -
                           report_integer(run, "statistics.slab_bytes.now") >=
                       LEAKED);
    check_run(run, report_integer(run, "statistics.refused_frees") == 0);
    check_run(run, strstr(run->errors, "\n  libraries   "));
    check_run(run, strstr(run->errors, "\n  in place of the process's heap\n"));
    run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_leaked_is_in_the_books_by_its_bytes_and_its_heap),
    };

    watched_begin();
    return cmocka_run_group_tests_name("leaks under hostmem-run --heap", tests, NULL, NULL);
}
