/*
 * places.h: where threads are suspended: in hostmem, in the system that it has called, or
 * elsewhere.
 */
#ifndef HOSTMEM_TESTS_STRESS_PLACES_H
#define HOSTMEM_TESTS_STRESS_PLACES_H

#include "calls.h"
#include "symbols.h"

enum place {
    PLACE_HOSTMEM, /* its instruction is hostmem.dll's */
    PLACE_SYSTEM,  /* Windows', or Wine's */
    PLACE_PROGRAM, /* the test's own: a callback, or just before or after a call */
    PLACES
};

/*
 * The number of modules whose functions are known by name; the first two are hostmem and the
 * program.
 */
#define MODULES 6

struct places {
    struct module modules[MODULES];
    ULONGLONG frozen[METHODS][PLACES];
    unsigned char *met; /* for each byte of hostmem's image: whether a thread was frozen there */
};

/* hostmem's module is the one in which this interface's methods lie. */
void places_load(struct places *places, const IHostMemoryManager *manager);

/* A suspended thread's instruction and stack pointers. False: it is not suspended. */
bool thread_position(HANDLE thread, uintptr_t *instruction, uintptr_t *stack);

enum place places_of(const struct places *places, uintptr_t address);

/* Suspension-safe. */
void places_count(struct places *places, enum method method, uintptr_t instruction);

/* How many threads were frozen at that place: in a call of a method, or between calls. */
ULONGLONG places_frozen(const struct places *places, enum place place, bool in_a_method);

/* Prints the table. No thread may be frozen. */
void places_print(const struct places *places);

/* "module+0x12 (function+0x3)", as far as it is known. */
#define PLACE_NAME 160
void places_name(const struct places *places, uintptr_t address, char name[PLACE_NAME]);

/*
 * True if the address lies behind a call instruction in hostmem's code or the program's, and so may
 * be a return address.
 */
bool places_is_return(const struct places *places, uintptr_t address);

#endif
