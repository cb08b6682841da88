/*
 * replaced.h: functions of Win32 that a test replaces in its own program's imports, through which
 * hostmem's code, linked into the program, calls them.
 */
#ifndef HOSTMEM_TESTS_API_REPLACED_H
#define HOSTMEM_TESTS_API_REPLACED_H

#include <windows.h>

struct replaced {
    void *volatile *entry;
    void *original;
};

/* Fails the test if the program does not import the function. */
void replace_import(struct replaced *replaced, const char *function, void *replacement);

/* The function must work again by then: it may be one by which this is done. */
void put_import_back(const struct replaced *replaced);

/* The function that was replaced. */
#define ORIGINAL_OF(replaced, function)                                                            \
    ((__typeof__(function) *)(void (*)(void))(uintptr_t)(replaced).original)

#endif
