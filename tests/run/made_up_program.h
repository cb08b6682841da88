/*
 * made_up_program.h: writes files that have the headers of a program, and nothing to run.
 */
#ifndef HOSTMEM_TESTS_RUN_MADE_UP_PROGRAM_H
#define HOSTMEM_TESTS_RUN_MADE_UP_PROGRAM_H

#include <stdbool.h>
#include <wchar.h>

/* What the file is to be; a combination. */
enum made_up_kind {
    MADE_UP_32_BIT = 1, /* for x86 */
    MADE_UP_64_BIT = 2, /* for x64, unless for ARM */
    MADE_UP_ARM = 4,    /* for ARM64 */
    MADE_UP_DLL = 8,
    MADE_UP_MANAGED = 16 /* it has a CLI header */
};

/* export: the one name that it exports; NULL: none. */
bool made_up_program_write(const wchar_t *path, unsigned kind, const char *export);

#endif
