/*
 * fuzz.c: runs inputs: cuts them into operations, and prints these when something was found.
 */
#include "fuzz.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "plain_assertions.h"

#define TEXT 200

/* The input under way. */
static struct {
    const uint8_t *bytes;
    size_t count; /* of operations */
    size_t begun; /* of these */
    bool print;
} input;

static void print_operation(size_t number)
{
    char text[TEXT];

    fuzz_describe(input.bytes + number * FUZZ_OPERATION, text, sizeof(text));
    fprintf(stderr, "%4zu  %s\n", number + 1, text);
}

static void print_operations(void)
{
    if (!input.bytes || input.print)
        return;
    fprintf(stderr, "\nThe operations, of which the last one, or the end, found it:\n");
    for (size_t number = 0; number < input.begun; number++)
        print_operation(number);
    input.bytes = NULL;
}

const uint8_t *fuzz_next(void)
{
    if (input.begun == input.count)
        return NULL;
    input.begun++;
    if (input.print)
        print_operation(input.begun - 1);
    return input.bytes + (input.begun - 1) * FUZZ_OPERATION;
}

/* ------------------------------------------------------------------------------------------------
 * What was found
 * --------------------------------------------------------------------------------------------- */

_Noreturn void assertion_failed(const struct assertion *assertion, const char *format, ...)
{
    va_list figures;

    fprintf(stderr, "\n%s:%d: %s: ", assertion->file, assertion->line, assertion->text);
    va_start(figures, format);
    vfprintf(stderr, format, figures);
    va_end(figures);
    fputc('\n', stderr);
    print_operations();
    abort();
}

/* The sanitizers call these when they have found something. */
void __asan_on_error(void);
void __ubsan_on_report(void);

void __asan_on_error(void)
{
    print_operations();
}

void __ubsan_on_report(void)
{
    print_operations();
}

/* ------------------------------------------------------------------------------------------------
 * An input
 * --------------------------------------------------------------------------------------------- */

void fuzz_run(const uint8_t *data, size_t size)
{
    const uint8_t *operation;

    input.bytes = data;
    input.count = size / FUZZ_OPERATION;
    input.begun = 0;
    input.print = getenv("HOSTMEM_FUZZ_PRINT") != NULL;
    fuzz_begin();
    while ((operation = fuzz_next()) != NULL)
        fuzz_perform(operation);
    fuzz_end();
    input.bytes = NULL;
}
