/*
 * hook_table.h: tables of hooks by the name of the Win32 function that each stands for.
 */
#ifndef HOSTMEM_REDIRECT_HOOK_TABLE_H
#define HOSTMEM_REDIRECT_HOOK_TABLE_H

#include "pe/import_table.h"

#include <stddef.h>
#include <stdint.h>

struct hook {
    const char *function;
    void (*code)(void);
};

#define HOOK(function)                                                                             \
    {                                                                                              \
#function, (void (*)(void))hook_##function                                                 \
    }

/* The hook for the Win32 function of that name; NULL: the table has none. */
static inline void *hook_table_find(const struct hook *hooks, size_t count, const char *function)
{
    for (size_t i = 0; i < count; i++) {
        if (import_text_is_equal(function, hooks[i].function))
            return (void *)(uintptr_t)hooks[i].code;
    }
    return NULL;
}

#endif
