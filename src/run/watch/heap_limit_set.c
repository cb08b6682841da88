/*
 * heap_limit_set.c: looks for the property's name in the file, as JSON has it. In a single file the
 * runtimeconfig.json is never compressed; compiled code and the runtime itself have such names in
 * UTF-16, and without the quotation mark.
 */
#include "run/watch/heap_limit_set.h"

#include "base/path.h"
#include "base/wide.h"
#include "run/launch/program.h"

#include <string.h>
#include <windows.h>

static const char wanted[] = "\"System.GC.HeapHardLimit";

enum {
    WANTED_LENGTH = sizeof(wanted) - 1,
    CHUNK = 1 << 16
};

static bool holds(const char *bytes, size_t length)
{
    const char *at = bytes;

    while ((size_t)(at - bytes) + WANTED_LENGTH <= length) {
        at = memchr(at, wanted[0], length - (size_t)(at - bytes) - WANTED_LENGTH + 1);
        if (!at)
            return false;
        if (memcmp(at, wanted, WANTED_LENGTH) == 0)
            return true;
        at++;
    }
    return false;
}

/* What lies across two chunks is found, too: the end of one is kept before the next. */
static bool file_holds(const wchar_t *path)
{
    static char bytes[WANTED_LENGTH + CHUNK];
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    size_t kept = 0;
    bool found = false;
    DWORD read;

    if (file == INVALID_HANDLE_VALUE)
        return false;
    while (!found && ReadFile(file, bytes + kept, CHUNK, &read, NULL) && read) {
        size_t length = kept + read;

        found = holds(bytes, length);
        kept = length < WANTED_LENGTH ? length : WANTED_LENGTH - 1;
        memmove(bytes, bytes + length - kept, kept);
    }
    CloseHandle(file);
    return found;
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

bool heap_limit_set_by_program(const struct plan *plan, const struct arguments *arguments)
{
    const struct program program = {.path = plan->program};
    const wchar_t *given = option_value(arguments, L"--runtimeconfig");

    if (plan->shape == SHAPE_SINGLE_FILE || plan->shape == SHAPE_NATIVE)
        return file_holds(plan->program);
    if (given)
        return file_holds(path_full(given));
    return file_holds(program_companion(&program, L".runtimeconfig.json"));
}
