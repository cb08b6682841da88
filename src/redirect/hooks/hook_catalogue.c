/*
 * hook_catalogue.c: see hook_catalogue.h.
 */
#include "redirect/hooks/hook_catalogue.h"

#include "pe/import_table.h"
#include "redirect/hooks/ending_hooks.h"
#include "redirect/hooks/heap_hooks.h"
#include "redirect/hooks/loader_hooks.h"
#include "redirect/hooks/local_hooks.h"
#include "redirect/hooks/memory_status_hooks.h"
#include "redirect/hooks/newer_hooks.h"
#include "redirect/hooks/notification_hooks.h"
#include "redirect/hooks/page_hooks.h"
#include "redirect/hooks/view_hooks.h"

static const struct {
    const struct hook_table *table;
    unsigned feature;
    bool native; /* ntdll's functions, else Win32's */
} entries[] = {
    {&page_hooks, HOOKS_PAGES, false},           {&view_hooks, HOOKS_PAGES, false},
    {&newer_hooks, HOOKS_PAGES, false},          {&heap_hooks, HOOKS_HEAP, false},
    {&local_hooks, HOOKS_HEAP, false},           {&memory_status_hooks, HOOKS_STATUS, false},
    {&notification_hooks, HOOKS_STATUS, false},  {&loader_hooks, HOOKS_LOADS, false},
    {&child_hooks, HOOKS_ENDINGS, false},        {&ending_hooks, HOOKS_ENDINGS, false},
    {&native_ending_hooks, HOOKS_ENDINGS, true},
};

enum {
    ENTRIES = sizeof(entries) / sizeof(entries[0])
};

/*
 * ntdll. Some of Win32's functions are forwarded to ntdll's; a module that asks ntdll itself for
 * them gets ntdll's, because it may pair them with others that no hook stands for.
 */
static _Atomic(HMODULE) ntdll;

void hook_catalogue_prepare(void)
{
    HMODULE module = NULL;

    if (atomic_load_explicit(&ntdll, memory_order_acquire))
        return;
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (entries[i].native)
            hook_table_prepare(entries[i].table, HOOK_NTDLL, 1);
        else
            hook_table_prepare(entries[i].table, HOOK_KERNELBASE, 2);
    }
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, L"ntdll.dll", &module);
    atomic_store_explicit(&ntdll, module, memory_order_release);
}

bool hook_catalogue_is_win32(const char *module)
{
    return import_text_is_equal(module, "kernel32.dll") ||
           import_text_is_equal(module, "kernelbase.dll") ||
           import_text_has_prefix(module, "api-ms-win-core-");
}

void *hook_catalogue_find_import(unsigned features, const char *module, const char *function)
{
    bool win32 = hook_catalogue_is_win32(module);
    bool native = import_text_is_equal(module, "ntdll.dll");
    void *hook = NULL;

    for (unsigned i = 0; i < ENTRIES && !hook; i++) {
        if ((features & entries[i].feature) && (entries[i].native ? native : win32))
            hook = hook_table_find(entries[i].table, function);
    }
    return hook;
}

void *hook_catalogue_find_export(unsigned features, const void *module, const void *address,
                                 const char *function)
{
    bool native = module == atomic_load_explicit(&ntdll, memory_order_acquire);
    void *hook = NULL;

    for (unsigned i = 0; i < ENTRIES && !hook; i++) {
        if ((features & entries[i].feature) && entries[i].native == native)
            hook = hook_table_find_export(entries[i].table, address, function);
    }
    return hook;
}
