/*
 * module_names.c: a module that is still loaded goes before one that was at the same place.
 */
#include "run/snapshot/module_names.h"

const struct board_module *module_names_find(const struct module_names *names, const void *address)
{
    const struct board_module *unloaded = NULL;

    for (int i = 0; i < BOARD_MODULES; i++) {
        const struct board_module *module = &names->board->modules[i];

        if (!atomic_load_explicit(&module->is_there, memory_order_relaxed) ||
            (uintptr_t)address - module->base >= module->size)
            continue;
        if (!atomic_load_explicit(&module->is_unloaded, memory_order_relaxed))
            return module;
        unloaded = module;
    }
    return unloaded;
}
