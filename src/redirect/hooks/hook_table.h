/*
 * hook_table.h: tables of hooks: each by the name of the Win32 function that it stands for, and by
 * the addresses at which the system's libraries export that function.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_HOOK_TABLE_H
#define HOSTMEM_REDIRECT_HOOKS_HOOK_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

/* The libraries that a function may be exported by, each at an address of its own. */
enum hook_library {
    HOOK_KERNELBASE,
    HOOK_KERNEL32,
    HOOK_NTDLL,
    HOOK_LIBRARIES
};

/* A function of any type, to be cast to its own. */
typedef void hook_function(void);

struct hook {
    const char *function;
    hook_function *code;

    /*
     * Where each library exports the function, forwarders followed; NULL: it does not. Written with
     * release by every thread that prepares, always with the same value; read with acquire.
     */
    _Atomic(void *) exports[HOOK_LIBRARIES];

    /* The ordinal under which it does; 0: none is known. Written before `exports`, in the same way.
     */
    _Atomic uint32_t ordinals[HOOK_LIBRARIES];
};

struct hook_table {
    struct hook *hooks;
    size_t count;
};

#define HOOK(function) HOOK_NAMED(#function, hook_##function)
#define HOOK_NAMED(function, hook)                                                                 \
    {                                                                                              \
        function, (hook_function *)(hook), {NULL},                                                 \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define HOOK_TABLE(hooks)                                                                          \
    {                                                                                              \
        hooks, sizeof(hooks) / sizeof((hooks)[0])                                                  \
    }

/* The loaded library, which the system never unloads. Calls the loader. */
HMODULE hook_table_library(enum hook_library library);

/* Finds the exports of `count` libraries from `first` on. Calls the loader. */
void hook_table_prepare(const struct hook_table *table, enum hook_library first, unsigned count);

/* The hook for the Win32 function of that name; NULL: the table has none. */
void *hook_table_find(const struct hook_table *table, const char *function);

/* True if the code is that of one of the table's hooks. */
bool hook_table_has(const struct hook_table *table, const void *code);

/* The name of the function whose hook has this code; NULL: it is none of the table's. */
const char *hook_table_name(const struct hook_table *table, const void *code);

/*
 * The hook for the Win32 function at an address. Functions that do the same may share an address:
 * the one of that name, which may be NULL, is preferred. NULL: the table has none.
 */
void *hook_table_find_export(const struct hook_table *table, const void *address,
                             const char *function);

/* The hook for the function that a library exports under an ordinal; NULL: the table has none. */
void *hook_table_find_ordinal(const struct hook_table *table, enum hook_library library,
                              unsigned ordinal);

/* Win32's own function that a hook stands for, of the first library that exports it; or NULL. */
hook_function *hook_win32(const struct hook *hook);

#endif
