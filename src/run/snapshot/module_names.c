/*
 * module_names.c: a module is whatever the system has mapped as an image. Its name is its file's.
 */
#include "run/snapshot/module_names.h"

#include "base/path.h"

#include <windows.h>

/* Makes <psapi.h> use the entry points in kernel32.dll instead of psapi.dll. */
#define PSAPI_VERSION 2
#include <psapi.h>

enum {
    PATH_SIZE = 1024
};

void module_names_begin(struct module_names *names, struct arena *arena)
{
    const struct module_names begun = {
        .modules = {.arena = arena, .item_size = sizeof(struct module_name)}};

    *names = begun;
}

static const struct module_name *find_known(const struct module_names *names, const void *base)
{
    const struct module_name *modules = names->modules.items;

    for (size_t i = 0; i < names->modules.count; i++)
        if (modules[i].base == base)
            return &modules[i];
    return NULL;
}

/* The system's path is one such as \Device\HarddiskVolume2\...: only the file name is of use. */
static const char *name_of(void *base, struct arena *arena)
{
    wchar_t path[PATH_SIZE];
    DWORD length = GetMappedFileNameW(GetCurrentProcess(), base, path, PATH_SIZE - 1);
    const wchar_t *name;
    char *copy;
    int size;

    path[length] = L'\0';
    name = path_file_name(path);
    if (!*name)
        return "unnamed module";
    size = WideCharToMultiByte(CP_UTF8, 0, name, -1, NULL, 0, NULL, NULL);
    copy = arena_alloc(arena, (size_t)size + 1);
    if (copy)
        WideCharToMultiByte(CP_UTF8, 0, name, -1, copy, size, NULL, NULL);
    return copy;
}

const struct module_name *module_names_find(struct module_names *names, const void *address)
{
    const struct module_name *known;
    struct module_name fresh;
    MEMORY_BASIC_INFORMATION pages;

    if (!VirtualQuery(address, &pages, sizeof(pages)) || pages.Type != MEM_IMAGE)
        return NULL;
    known = find_known(names, pages.AllocationBase);
    if (known)
        return known;
    fresh.base = pages.AllocationBase;
    fresh.name = name_of(pages.AllocationBase, names->modules.arena);
    if (!fresh.name || !list_add(&names->modules, &fresh))
        return NULL;
    return find_known(names, pages.AllocationBase);
}
