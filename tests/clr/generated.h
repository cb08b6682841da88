/*
 * generated.h: a C# program of any length, made by the same rules every time, of which it is known
 * what it prints.
 *
 * Promise: the text depends on the number of lines and the seed alone. The program prints "checksum
 * " and the number that is returned with it, and ends with the exit code that is.
 */
#ifndef HOSTMEM_TESTS_CLR_GENERATED_H
#define HOSTMEM_TESTS_CLR_GENERATED_H

#include <stdint.h>

enum {
    GENERATED_LINES_LEAST = 200
};

struct generated_program {
    char *text; /* to be freed by the caller */
    uint32_t checksum;
    uint32_t exit_code;
};

/* The program has exactly so many lines, at least GENERATED_LINES_LEAST. */
struct generated_program generate_program(int lines, uint32_t seed);

#endif
