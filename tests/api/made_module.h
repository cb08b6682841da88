/*
 * made_module.h: modules with import tables as other linkers make them: a test describes one, and
 * it is written to a file and loaded.
 *
 * A made module imports VirtualAlloc and VirtualFree. It has no code but one instruction: a test
 * calls the functions through the module's entries itself.
 */
#ifndef HOSTMEM_TESTS_API_MADE_MODULE_H
#define HOSTMEM_TESTS_API_MADE_MODULE_H

#include "support.h"

struct made_options {
    const char *dll;       /* as the table names it */
    bool by_ordinal;       /* of kernel32.dll */
    bool without_names;    /* no table beside that of the entries */
    bool is_bound;         /* the linker has bound it to kernel32.dll */
    bool is_delayed;       /* delay-loaded; nothing resolves the entries but made_resolve */
    DWORD base;            /* where it is to lie; 0: at an address of its own */
    DWORD characteristics; /* of the section with the tables: IMAGE_SCN_... */
};

/* How the sections are protected that linkers put the tables in. */
#define MADE_PLAIN (IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_WRITE)
#define MADE_READ_ONLY IMAGE_SCN_MEM_READ
#define MADE_CODE (IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_EXECUTE | IMAGE_SCN_CNT_CODE)

enum {
    MADE_ALLOC,
    MADE_FREE,
    MADE_IMPORTS
};

struct made_module {
    HMODULE module;
    void *volatile *entries;
    void *originals[MADE_IMPORTS]; /* what is in the entries at first */
    void (*code)(void);            /* an instruction that returns, on the page of the entries */
};

/* Loads a new module. Fails the test if it cannot be loaded. */
struct made_module made_module_load(const struct made_options *options);

/* Unloads it. */
void made_module_unload(struct made_module *made);

/* Does what a delay-load helper does to a protected section: opens it, writes the addresses. */
void made_module_resolve(struct made_module *made);

/* The functions, through the module's entries. */
void *made_module_alloc(const struct made_module *made, SIZE_T size);
BOOL made_module_free(const struct made_module *made, void *memory);

#endif
