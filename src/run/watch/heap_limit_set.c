/*
 * heap_limit_set.c: looks for the properties' names in the file, as JSON has it. In a single file
 * the runtimeconfig.json is never compressed; compiled code and the runtime itself have such names
 * in UTF-16, and without the quotation mark.
 */
#include "run/watch/heap_limit_set.h"

#include "base/path.h"
#include "base/wide.h"
#include "run/launch/program.h"

#include <string.h>
#include <windows.h>

#define HEAP_LIMIT "\"System.GC.HeapHardLimit"
#define REGION_SIZE "\"System.GC.RegionSize"

enum {
    MOST_NAME = sizeof(HEAP_LIMIT) - 1, /* characters of the longer one */
    CHUNK = 1 << 16
};

static bool holds(const char *bytes, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    const char *at = bytes, *end = bytes + length;

    while ((size_t)(end - at) >= name_length) {
        at = memchr(at, name[0], (size_t)(end - at) - name_length + 1);
        if (!at)
            return false;
        if (memcmp(at, name, name_length) == 0)
            return true;
        at++;
    }
    return false;
}

/* What lies across two chunks is found, too: the end of one is kept before the next. */
static void look_in_file(const wchar_t *path, struct board_orders *orders)
{
    static char bytes[MOST_NAME + CHUNK];
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    size_t kept = 0;
    DWORD read;

    if (file == INVALID_HANDLE_VALUE)
        return;
    while (ReadFile(file, bytes + kept, CHUNK, &read, NULL) && read) {
        size_t length = kept + read;

        orders->program_has_heap_limit |= holds(bytes, length, HEAP_LIMIT);
        orders->program_has_region_size |= holds(bytes, length, REGION_SIZE);
        kept = length < MOST_NAME ? length : MOST_NAME - 1;
        memmove(bytes, bytes + length - kept, kept);
    }
    CloseHandle(file);
}

/* NULL: it was not given. */
static const wchar_t *option_value(const struct arguments *arguments, const wchar_t *option)
{
    for (int i = 0; i + 1 < arguments->host_option_count; i += 2) {
        if (wcscmp(arguments->host_options[i], option) == 0)
            return arguments->host_options[i + 1];
    }
    return NULL;
}

void heap_limit_set_by_program(struct board_orders *orders, const struct plan *plan,
                               const struct arguments *arguments)
{
    const struct program program = {.path = plan->program};
    const wchar_t *given = option_value(arguments, L"--runtimeconfig");

    if (plan->shape == SHAPE_SINGLE_FILE || plan->shape == SHAPE_NATIVE)
        look_in_file(plan->program, orders);
    else if (given)
        look_in_file(path_full(given), orders);
    else
        look_in_file(program_companion(&program, L".runtimeconfig.json"), orders);
}
