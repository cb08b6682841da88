/*
 * hook_catalogue.c: see hook_catalogue.h.
 */
#include "redirect/hooks/hook_catalogue.h"

#include "pe/loaded_image.h"
#include "redirect/hooks/ending_hooks.h"
#include "redirect/hooks/sections/handle_hooks.h"
#include "redirect/hooks/heap_hooks.h"
#include "redirect/hooks/loader_hooks.h"
#include "redirect/hooks/local_hooks.h"
#include "redirect/hooks/memory_status_hooks.h"
#include "redirect/hooks/newer_hooks.h"
#include "redirect/hooks/notification_hooks.h"
#include "redirect/hooks/page_hooks.h"
#include "redirect/hooks/sections/section_hooks.h"
#include "redirect/hooks/sections/view_hooks.h"

static const struct {
    const struct hook_table *table;
    unsigned feature;
    bool native; /* ntdll's functions, else Win32's */
} entries[] = {
    {&page_hooks, HOOKS_PAGES, false},           {&view_hooks, HOOKS_PAGES, false},
    {&newer_hooks, HOOKS_PAGES, false},          {&section_hooks, HOOKS_PAGES, false},
    {&handle_hooks, HOOKS_PAGES, false},         {&heap_hooks, HOOKS_HEAP, false},
    {&local_hooks, HOOKS_HEAP, false},           {&memory_status_hooks, HOOKS_STATUS, false},
    {&notification_hooks, HOOKS_STATUS, false},  {&loader_hooks, HOOKS_LOADS, false},
    {&child_hooks, HOOKS_ENDINGS, false},        {&ending_hooks, HOOKS_ENDINGS, false},
    {&native_ending_hooks, HOOKS_ENDINGS, true}, {&native_heap_hooks, HOOKS_HEAP, true},
};

enum {
    ENTRIES = sizeof(entries) / sizeof(entries[0])
};

/*
 * The libraries. Some of Win32's functions are forwarded to ntdll's; a module that asks ntdll
 * itself for them gets ntdll's, because it may pair them with others that no hook stands for. Of
 * functions of heaps that are given a block both have hooks, because a block may come from Win32's
 * HeapAlloc and go to ntdll's.
 */
static _Atomic(HMODULE) libraries[HOOK_LIBRARIES];

static HMODULE library(enum hook_library index)
{
    return atomic_load_explicit(&libraries[index], memory_order_acquire);
}

void hook_catalogue_prepare(void)
{
    if (library(HOOK_NTDLL))
        return;
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (entries[i].native)
            hook_table_prepare(entries[i].table, HOOK_NTDLL, 1);
        else
            hook_table_prepare(entries[i].table, HOOK_KERNELBASE, 2);
    }
    for (unsigned i = 0; i < HOOK_LIBRARIES; i++) /* ntdll is the last */
        atomic_store_explicit(&libraries[i], hook_table_library((enum hook_library)i),
                              memory_order_release);
}

/* ------------------------------------------------------------------------------------------------
 * Imports
 * --------------------------------------------------------------------------------------------- */

/* True: functions of this module are Win32's: kernel32, kernelbase or an API set. */
static bool is_win32(const char *module)
{
    return import_text_is_library(module, "kernel32.dll") ||
           import_text_is_library(module, "kernelbase.dll") ||
           import_text_has_prefix(module, "api-ms-win-core-");
}

static void *find_ordinal(const struct hook_table *table, const struct import *import)
{
    if (import_text_is_library(import->module, "kernel32.dll"))
        return hook_table_find_ordinal(table, HOOK_KERNEL32, import->ordinal);
    if (import_text_is_library(import->module, "kernelbase.dll"))
        return hook_table_find_ordinal(table, HOOK_KERNELBASE, import->ordinal);
    return NULL;
}

/* The numbers of ntdll's and the API sets' functions are not kept: the address tells those. */
static void *find_nameless(const struct hook_table *table, const struct import *import,
                           const void *address)
{
    void *hook = find_ordinal(table, import);

    return hook || !address ? hook : hook_table_find_export(table, address, NULL);
}

void *hook_catalogue_find_in(const struct hook_table *table, bool native,
                             const struct import *import, const void *address)
{
    bool fits =
        native ? import_text_is_library(import->module, "ntdll.dll") : is_win32(import->module);

    if (!fits)
        return NULL;
    return import->function ? hook_table_find(table, import->function)
                            : find_nameless(table, import, address);
}

void *hook_catalogue_find_import(unsigned features, const struct import *import,
                                 const void *address)
{
    void *hook = NULL;

    for (unsigned i = 0; i < ENTRIES && !hook; i++) {
        if (features & entries[i].feature)
            hook = hook_catalogue_find_in(entries[i].table, entries[i].native, import, address);
    }
    return hook;
}

static bool is_foreign(const void *address)
{
    bool foreign = true;

    for (unsigned i = 0; i < HOOK_LIBRARIES; i++)
        foreign = foreign && !loaded_image_holds(library((enum hook_library)i), address);
    return foreign;
}

static bool has_hook_by_ordinal(unsigned features, unsigned ordinal)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        if ((features & entries[i].feature) && !entries[i].native &&
            (hook_table_find_ordinal(entries[i].table, HOOK_KERNEL32, ordinal) ||
             hook_table_find_ordinal(entries[i].table, HOOK_KERNELBASE, ordinal)))
            return true;
    }
    return false;
}

/* Only the loader knows which of the two libraries is behind an API set. */
bool hook_catalogue_is_unknown(unsigned features, const struct import *import, const void *address)
{
    if (import->function || !is_win32(import->module) || !is_foreign(address) ||
        hook_catalogue_takes_blocks(address))
        return false;
    if (import_text_has_prefix(import->module, "api-ms-"))
        return import->ordinal && has_hook_by_ordinal(features, import->ordinal);
    return !import->ordinal;
}

/* ------------------------------------------------------------------------------------------------
 * What makes something, and what takes it
 * --------------------------------------------------------------------------------------------- */

/* The beginnings of the names of functions that give something new. */
static const char *const makers[] = {
    "HeapAlloc",    "HeapCreate",    "LocalAlloc",        "GlobalAlloc",     "RtlAllocateHeap",
    "VirtualAlloc", "MapViewOfFile", "CreateFileMapping", "OpenFileMapping", "CreateMemory"};

static bool is_maker(const char *function)
{
    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
        if (import_text_has_prefix(function, makers[i]))
            return true;
    }
    return false;
}

bool hook_catalogue_makes(const void *hook)
{
    const char *function = NULL;

    for (unsigned i = 0; i < ENTRIES && !function; i++)
        function = hook_table_name(entries[i].table, hook);
    return function && is_maker(function);
}

bool hook_catalogue_takes_blocks(const void *hook)
{
    return (hook_table_has(&heap_hooks, hook) || hook_table_has(&local_hooks, hook) ||
            hook_table_has(&native_heap_hooks, hook)) &&
           !hook_catalogue_makes(hook);
}

/* ------------------------------------------------------------------------------------------------
 * Look-ups
 * --------------------------------------------------------------------------------------------- */

void *hook_catalogue_find_export(unsigned features, const void *module, const void *address,
                                 const char *function)
{
    bool native = module == library(HOOK_NTDLL);
    void *hook = NULL;

    for (unsigned i = 0; i < ENTRIES && !hook; i++) {
        if ((features & entries[i].feature) && entries[i].native == native)
            hook = hook_table_find_export(entries[i].table, address, function);
    }
    return hook;
}
