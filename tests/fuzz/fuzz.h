/*
 * fuzz.h: what the fuzz targets have in common. An input is a sequence of operations of
 * FUZZ_OPERATION bytes each; left-over bytes at its end are ignored. Every value of the bytes is a
 * valid operation.
 *
 * When an assertion fails or a sanitizer finds something, the operations so far are printed in
 * words. With HOSTMEM_FUZZ_PRINT in the environment each is printed before it is performed.
 */
#ifndef HOSTMEM_TESTS_FUZZ_H
#define HOSTMEM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#define FUZZ_OPERATION 8

/* The next operation of the input; NULL: there are no more. */
const uint8_t *fuzz_next(void);

/* Runs an input from begin to end. */
void fuzz_run(const uint8_t *data, size_t size);

/* ------------------------------------------------------------------------------------------------
 * What each target defines
 * --------------------------------------------------------------------------------------------- */

/* Before the first operation of an input, and after the last one. Nothing may be left then. */
void fuzz_begin(void);
void fuzz_end(void);

void fuzz_perform(const uint8_t bytes[FUZZ_OPERATION]);

/* One operation in words. */
void fuzz_describe(const uint8_t bytes[FUZZ_OPERATION], char *text, size_t size);

#endif
