/*
 * lookup_hooks.c: see lookup_hooks.h.
 *
 * Win32 finds the function. Its address decides whether a hook takes its place, so that functions
 * of the same name in other modules are left alone.
 */
#include "redirect/hooks/lookup_hooks.h"

#include "pe/import_table.h"
#include "redirect/binding.h"
#include "redirect/hooks/hook_catalogue.h"
#include "redirect/hooks/hook_table.h"

static FARPROC look_up(HMODULE module, LPCSTR name, unsigned features);

/* Its code is here for the features of nobody: lookup_hooks_at tells the code for each set of them.
 */
static struct hook own[] = {{"GetProcAddress", (hook_function *)look_up, {NULL}, {0}}};

static const struct hook_table own_table = HOOK_TABLE(own);

/* True if GetProcAddress itself was found. */
static bool is_own(const void *address)
{
    return address == atomic_load_explicit(&own[0].exports[HOOK_KERNEL32], memory_order_acquire) ||
           address == atomic_load_explicit(&own[0].exports[HOOK_KERNELBASE], memory_order_acquire);
}

static FARPROC look_up(HMODULE module, LPCSTR name, unsigned features)
{
    FARPROC found = GetProcAddress(module, name);
    void *address = (void *)(uintptr_t)found;
    void *hook;

    if (!found)
        return NULL;
    hook = is_own(address) ? lookup_hooks_at(features)
                           : hook_catalogue_find_export(features, module, address,
                                                        IS_INTRESOURCE(name) ? NULL : name);
    return hook && binding_give_out() ? (FARPROC)(uintptr_t)hook : found;
}

/* ------------------------------------------------------------------------------------------------
 * A hook for each set of features.
 * --------------------------------------------------------------------------------------------- */

#define LOOK_UP(features)                                                                          \
    static FARPROC WINAPI look_up_##features(HMODULE module, LPCSTR name)                          \
    {                                                                                              \
        return look_up(module, name, features);                                                    \
    }

LOOK_UP(1)
LOOK_UP(2)
LOOK_UP(3)
LOOK_UP(4)
LOOK_UP(5)
LOOK_UP(6)
LOOK_UP(7)
LOOK_UP(8)
LOOK_UP(9)
LOOK_UP(10)
LOOK_UP(11)
LOOK_UP(12)
LOOK_UP(13)
LOOK_UP(14)
LOOK_UP(15)
LOOK_UP(16)
LOOK_UP(17)
LOOK_UP(18)
LOOK_UP(19)
LOOK_UP(20)
LOOK_UP(21)
LOOK_UP(22)
LOOK_UP(23)
LOOK_UP(24)
LOOK_UP(25)
LOOK_UP(26)
LOOK_UP(27)
LOOK_UP(28)
LOOK_UP(29)
LOOK_UP(30)
LOOK_UP(31)

typedef FARPROC WINAPI look_up_function(HMODULE module, LPCSTR name);

static look_up_function *const functions[HOOKS_ALL + 1] = {
    NULL,       look_up_1,  look_up_2,  look_up_3,  look_up_4,  look_up_5,  look_up_6,  look_up_7,
    look_up_8,  look_up_9,  look_up_10, look_up_11, look_up_12, look_up_13, look_up_14, look_up_15,
    look_up_16, look_up_17, look_up_18, look_up_19, look_up_20, look_up_21, look_up_22, look_up_23,
    look_up_24, look_up_25, look_up_26, look_up_27, look_up_28, look_up_29, look_up_30, look_up_31,
};

_Static_assert(HOOKS_ALL == 31, "the numbers of the functions above are sets of features");

void *lookup_hooks_at(unsigned features)
{
    return (void *)(uintptr_t)functions[features & HOOKS_ALL];
}

unsigned lookup_hooks_features(const void *hook)
{
    for (unsigned features = 1; features <= HOOKS_ALL; features++) {
        if (functions[features] && lookup_hooks_at(features) == hook)
            return features;
    }
    return 0;
}

void *lookup_hooks_find(unsigned features, const struct import *import, const void *address)
{
    return hook_catalogue_find_in(&own_table, false, import, address) ? lookup_hooks_at(features)
                                                                      : NULL;
}

void lookup_hooks_prepare(void)
{
    hook_table_prepare(&own_table, HOOK_KERNELBASE, 2);
}
