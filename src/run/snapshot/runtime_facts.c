/*
 * runtime_facts.c: hostmem-host says what it hosts. Of other programs the first runtime that was
 * redirected counts; its file has a version resource.
 */
#include "run/snapshot/runtime_facts.h"

#include "base/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATH_SIZE = 4 * BOARD_TEXT,
    RESOURCE_MOST = 16384
};

static const char *copy(struct arena *arena, const char *text, size_t length)
{
    char *made = arena_alloc(arena, length + 1);

    return made ? memcpy(made, text, length) : "";
}

/*
 * Writes the version that people know a runtime's file by. Since .NET 5 the third number of a
 * file's version is that of the patch, followed by two digits of the year: 10.0.1526.53008
 * is 10.0.15.
 */
static const char *write_version(struct arena *arena, const char *text)
{
    unsigned long numbers[3];
    const char *at = text;
    char known[64];

    for (int i = 0; i < 3; i++) {
        char *end;

        numbers[i] = strtoul(at, &end, 10);
        if (end == at || *end != '.')
            return copy(arena, text, strcspn(text, " +"));
        at = end + 1;
    }
    if (numbers[0] < 5)
        return copy(arena, text, strcspn(text, " +"));
    snprintf(known, sizeof(known), "%lu.%lu.%lu", numbers[0], numbers[1], numbers[2] / 100);
    return copy(arena, known, strlen(known));
}

/* Of the file's version, what comes before a space or a plus, with dots. */
static const char *version_of_file(const char *path, struct arena *arena)
{
    static const wchar_t wanted[] = L"\\StringFileInfo\\040904B0\\ProductVersion";
    static _Alignas(8) char resource[RESOURCE_MOST];
    wchar_t wide[PATH_SIZE];
    char text[64] = "";
    wchar_t *found;
    size_t rest;
    UINT length;

    if (!MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, PATH_SIZE) ||
        !GetFileVersionInfoW(wide, 0, sizeof(resource), resource) ||
        !VerQueryValueW(resource, wanted, (void **)&found, &length) || !length)
        return "unknown";
    /* The file may say that its text is longer than the file. */
    rest = (size_t)(resource + RESOURCE_MOST - (char *)found) / sizeof(*found);
    WideCharToMultiByte(CP_UTF8, 0, found, (int)(length < rest ? length : rest), text,
                        sizeof(text) - 1, NULL, NULL);
    for (char *at = text; *at; at++)
        if (*at == ',')
            *at = '.';
    return write_version(arena, text);
}

/* A runtime that is installed lies in a directory named after its version. */
static bool is_version(const char *text)
{
    wchar_t wide[64];

    return MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, 64) && version_is_one(wide);
}

static void take_module(struct snapshot_subject *subject, const struct board_redirected *module,
                        struct arena *arena)
{
    const char *separator = strrchr(module->path, '\\');
    const char *directory =
        separator ? copy(arena, module->path, (size_t)(separator - module->path)) : "";
    const char *name = strrchr(directory, '\\');

    subject->runtime_family = module->kind == HostMemModuleRuntime ? "CoreCLR" : "NativeAOT";
    subject->runtime_directory = directory;
    subject->runtime_version =
        name && is_version(name + 1) ? name + 1 : version_of_file(module->path, arena);
}

static void take_hosted(struct snapshot_subject *subject, const struct board_runtime *runtime,
                        struct arena *arena)
{
    subject->runtime_family = copy(arena, runtime->family, strlen(runtime->family));
    subject->runtime_version = copy(arena, runtime->version, strlen(runtime->version));
    subject->runtime_directory = copy(arena, runtime->directory, strlen(runtime->directory));
}

static const char *family_of_program(const struct board_orders *orders)
{
    if (orders->is_runtime)
        return "CoreCLR";
    return orders->is_native_aot ? "NativeAOT" : "none";
}

void runtime_facts_take(struct snapshot_subject *subject, const struct board *board,
                        struct arena *arena)
{
    subject->runtime_family = family_of_program(&board->orders);
    subject->runtime_version = subject->runtime_directory = "";
    if (atomic_load_explicit(&board->runtime.is_there, memory_order_relaxed)) {
        take_hosted(subject, &board->runtime, arena);
        return;
    }
    for (size_t i = 0; i < sizeof(board->redirected) / sizeof(board->redirected[0]); i++) {
        const struct board_redirected *module = &board->redirected[i];

        if (atomic_load_explicit(&module->is_there, memory_order_relaxed) &&
            (module->kind == HostMemModuleRuntime || module->kind == HostMemModuleNativeAot)) {
            take_module(subject, module, arena);
            return;
        }
    }
}
