/*
 * generated.h: makes a C# program of a given number of lines, of which the test knows what it
 * prints.
 *
 * The text depends only on the number of lines and the seed. The program prints "checksum " and the
 * number that is returned with it, and ends with the exit code that is returned with it.
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
