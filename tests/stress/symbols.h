/*
 * symbols.h: in which function of which module an address lies.
 *
 * Function names come from the symbol table that GCC's linker leaves in a PE file, or, if that was
 * stripped, from the module's exports. All of it is read at the start, when no thread is suspended;
 * later queries make no system calls.
 */
#ifndef HOSTMEM_TESTS_STRESS_SYMBOLS_H
#define HOSTMEM_TESTS_STRESS_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

struct module {
    const char *name;
    uintptr_t base;
    SIZE_T size;
    uintptr_t code, code_end; /* its first section of code */
    const char *file;         /* the file's bytes; NULL: it could not be read */
    SIZE_T file_size;
};

/* Fails the test if there is no such module. */
void module_load(struct module *module, HMODULE handle, const char *name);

bool module_holds(const struct module *module, uintptr_t address);
bool module_holds_code(const struct module *module, uintptr_t address);

/* The function that begins last before the address; NULL: none is known. Not terminated: *length.
 */
const char *module_function(const struct module *module, uintptr_t address, uintptr_t *begin,
                            unsigned *length);

#endif
