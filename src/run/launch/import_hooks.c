/*
 * import_hooks.c: see import_hooks.h.
 */
#include "run/launch/import_hooks.h"

#include "pe/import_table.h"
#include "pe/import_write.h"

static import_hooks_lookup *lookups[IMPORT_HOOKS_LOOKUPS];
static size_t lookup_count;

void import_hooks_add_lookup(import_hooks_lookup *lookup)
{
    if (lookup_count < IMPORT_HOOKS_LOOKUPS)
        lookups[lookup_count++] = lookup;
}

FARPROC WINAPI import_hooks_get_proc_address(HMODULE module, LPCSTR name)
{
    FARPROC found = GetProcAddress(module, name);

    for (size_t i = 0; found && i < lookup_count; i++) {
        FARPROC answer = lookups[i](module, name, found);

        if (answer != found)
            return answer;
    }
    return found;
}

struct hooks {
    const struct import_hook *items;
    size_t count;
};

static bool write_import(void *context, const struct import *import)
{
    const struct hooks *hooks = context;

    for (size_t i = 0; i < hooks->count; i++)
        if (import_text_is_equal(import->function, hooks->items[i].function))
            import_write(import->entry, hooks->items[i].replacement);
    return true;
}

void import_hooks_write(HMODULE module, const struct import_hook *hooks, size_t count)
{
    struct hooks all = {hooks, count};

    import_walk(module, write_import, &all);
}
