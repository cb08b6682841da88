/*
 * exit_code.c: announcing a failure.
 */
#include "base/exit_code.h"

#include "base/standard_error.h"

#include <stdarg.h>
#include <stdio.h>

/* Longer sentences, which only endless paths can make, are cut. */
enum {
    SENTENCE_MAXIMUM = 4096
};

int fail(enum exit_code code, const char *format, ...)
{
    char sentence[SENTENCE_MAXIMUM];
    va_list values;

    va_start(values, format);
    vsnprintf(sentence, sizeof(sentence), format, values);
    va_end(values);
    standard_error_write("hostmem-run: ");
    standard_error_write(sentence);
    standard_error_write("\n");
    return code;
}
