/*
 * import_hooks.c: see import_hooks.h.
 */
#include "run/host/import_hooks.h"

#include "pe/import_table.h"
#include "pe/import_write.h"

static import_hooks_lookup *lookups[IMPORT_HOOKS_LOOKUPS];
static size_t lookup_count;

void import_hooks_add_lookup(import_hooks_lookup *lookup)
{
    if (lookup_count < IMPORT_HOOKS_LOOKUPS)
        lookups[lookup_count++] = lookup;
}

/*
 * What a replaced import of GetProcAddress held before: Windows' own function, or the one that
 * hostmem.dll redirects it to. Of several modules' imports the last one replaced counts. That is a
 * module of the runtime; .NET's host, which hostmem.dll redirects to another function, comes
 * earlier, and looks up nothing for which the two differ.
 */
static void *volatile replaced_get_proc_address;

static FARPROC look_up_as_before(HMODULE module, LPCSTR name)
{
    typedef FARPROC WINAPI look_up(HMODULE module, LPCSTR name);
    look_up *before = (look_up *)(uintptr_t)replaced_get_proc_address;
    FARPROC found = before ? before(module, name) : GetProcAddress(module, name);

    /* A module that looks up GetProcAddress itself gets the replacement. */
    if (found && IMPORT_OF(found) == replaced_get_proc_address)
        found = (FARPROC)(void (*)(void))import_hooks_get_proc_address;
    return found;
}

FARPROC WINAPI import_hooks_get_proc_address(HMODULE module, LPCSTR name)
{
    FARPROC found = look_up_as_before(module, name);

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

static void replace(void *volatile *entry, void *replacement)
{
    if (*entry == replacement)
        return;
    if (replacement == IMPORT_OF(import_hooks_get_proc_address))
        replaced_get_proc_address = *entry;
    import_write(entry, replacement);
}

static bool write_import(void *context, const struct import *import)
{
    const struct hooks *hooks = context;

    for (size_t i = 0; import->function && i < hooks->count; i++)
        if (import_text_is_equal(import->function, hooks->items[i].function))
            replace(import->entry, hooks->items[i].replacement);
    return true;
}

void import_hooks_write(HMODULE module, const struct import_hook *hooks, size_t count)
{
    struct hooks all = {hooks, count};

    import_walk(module, write_import, &all);
}
