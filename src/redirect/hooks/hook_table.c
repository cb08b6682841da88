/*
 * hook_table.c: see hook_table.h.
 */
#include "redirect/hooks/hook_table.h"

#include "pe/export_table.h"
#include "pe/import_table.h"

HMODULE hook_table_library(enum hook_library library)
{
    static const LPCWSTR names[HOOK_LIBRARIES] = {
        [HOOK_KERNEL32] = L"kernel32.dll",
        [HOOK_KERNELBASE] = L"kernelbase.dll",
        [HOOK_NTDLL] = L"ntdll.dll",
    };
    HMODULE module = NULL;

    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, names[library], &module);
    return module;
}

void hook_table_prepare(const struct hook_table *table, enum hook_library first, unsigned count)
{
    for (unsigned library = first; library < first + count; library++) {
        HMODULE module = hook_table_library((enum hook_library)library);

        for (size_t i = 0; module && i < table->count; i++) {
            struct hook *hook = &table->hooks[i];
            FARPROC function = GetProcAddress(module, hook->function);

            atomic_store_explicit(&hook->ordinals[library],
                                  export_table_ordinal(module, hook->function),
                                  memory_order_relaxed);
            atomic_store_explicit(&hook->exports[library], (void *)(uintptr_t)function,
                                  memory_order_release);
        }
    }
}

static void *code_of(const struct hook *hook)
{
    return (void *)(uintptr_t)hook->code;
}

void *hook_table_find(const struct hook_table *table, const char *function)
{
    for (size_t i = 0; i < table->count; i++) {
        if (import_text_is_equal(function, table->hooks[i].function))
            return code_of(&table->hooks[i]);
    }
    return NULL;
}

const char *hook_table_name(const struct hook_table *table, const void *code)
{
    for (size_t i = 0; i < table->count; i++) {
        if (code_of(&table->hooks[i]) == code)
            return table->hooks[i].function;
    }
    return NULL;
}

bool hook_table_has(const struct hook_table *table, const void *code)
{
    return hook_table_name(table, code) != NULL;
}

static bool is_at(const struct hook *hook, const void *address)
{
    for (unsigned library = 0; library < HOOK_LIBRARIES; library++) {
        if (atomic_load_explicit(&hook->exports[library], memory_order_acquire) == address)
            return true;
    }
    return false;
}

void *hook_table_find_export(const struct hook_table *table, const void *address,
                             const char *function)
{
    void *found = NULL;

    for (size_t i = 0; i < table->count; i++) {
        const struct hook *hook = &table->hooks[i];

        if (!is_at(hook, address))
            continue;
        if (function && import_text_is_equal(function, hook->function))
            return code_of(hook);
        if (!found)
            found = code_of(hook);
    }
    return found;
}

void *hook_table_find_ordinal(const struct hook_table *table, enum hook_library library,
                              unsigned ordinal)
{
    for (size_t i = 0; ordinal && i < table->count; i++) {
        const struct hook *hook = &table->hooks[i];

        if (atomic_load_explicit(&hook->ordinals[library], memory_order_relaxed) == ordinal)
            return code_of(hook);
    }
    return NULL;
}

hook_function *hook_win32(const struct hook *hook)
{
    void *function = NULL;

    for (unsigned library = 0; library < HOOK_LIBRARIES && !function; library++)
        function = atomic_load_explicit(&hook->exports[library], memory_order_acquire);
    return (hook_function *)(uintptr_t)function;
}
