/*
 * import_table.h: reads the import address tables of a loaded module.
 *
 * All ordinary and delay-loaded imports are walked. Every offset is checked against the size of
 * the image before it is followed. Knows the PE format and nothing of hostmem; writes nothing.
 */
#ifndef HOSTMEM_PE_IMPORT_TABLE_H
#define HOSTMEM_PE_IMPORT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

/* An imported function. */
struct import {
    const char *module;    /* that exports it, as the table names it */
    const char *function;  /* NULL: the table does not name it */
    unsigned ordinal;      /* by which it is imported; 0: by name, or the table says nothing */
    void *volatile *entry; /* the pointer that the importing module calls through */
};

/* A function as an entry holds it. */
#define IMPORT_OF(function) ((void *)(uintptr_t)(function))

/* False ends the walk. */
typedef bool import_callback(void *context, const struct import *import);

enum import_walk_result {
    IMPORT_WALK_DONE,
    IMPORT_WALK_ENDED,  /* by the callback */
    IMPORT_WALK_NOT_PE, /* the headers or tables make no sense */
};

/* Calls back for each import. The module must stay loaded meanwhile. */
enum import_walk_result import_walk(HMODULE module, import_callback *callback, void *context);

/* Compare ASCII text without regard to case, as Windows compares names of modules. */
bool import_text_is_equal(const char *a, const char *b);
bool import_text_is_library(const char *text, const char *library); /* `library` ends in .dll, which
                                                                       the text may leave out */
bool import_text_has_prefix(const char *text, const char *prefix);

#endif
