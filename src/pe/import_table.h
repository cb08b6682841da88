/*
 * import_table.h: the import address tables of a loaded module, walked and rewritten.
 *
 * Knows the PE format and nothing of hostmem. Both ordinary and delay-loaded imports by name are
 * walked; every offset is checked against the size of the image before it is followed. No code is
 * touched: an entry is a pointer that the module calls through.
 */
#ifndef HOSTMEM_PE_IMPORT_TABLE_H
#define HOSTMEM_PE_IMPORT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

/* An imported function: whose, which, and the entry that the module calls through. */
struct import {
    const char *module;
    const char *function;
    void *volatile *entry;
};

/* A function as the entry of a table holds it. */
#define IMPORT_OF(function) ((void *)(uintptr_t)(function))

/* False ends the walk. */
typedef bool import_callback(void *context, const struct import *import);

enum import_walk_result {
    IMPORT_WALK_DONE,
    IMPORT_WALK_ENDED,  /* by the callback */
    IMPORT_WALK_NOT_PE, /* the headers or tables make no sense */
};

/* module must stay loaded meanwhile. */
enum import_walk_result import_walk(HMODULE module, import_callback *callback, void *context);

/* Writes an entry, whose page may be read-only. 0 or Win32's error number. */
DWORD import_write(void *volatile *entry, void *value);

/* ASCII text without regard to case. */
bool import_text_is_equal(const char *a, const char *b);
bool import_text_has_prefix(const char *text, const char *prefix);

#endif
