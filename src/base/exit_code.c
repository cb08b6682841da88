/*
 * exit_code.c: announcing a failure.
 */
#include "base/exit_code.h"

#include "base/standard_error.h"

#include <stdarg.h>
#include <stdio.h>

/* Longer sentences, which only very long paths can cause, are cut. */
enum {
    SENTENCE_MAXIMUM = 4096
};

const char *fail_program = "hostmem-run";

int fail(enum exit_code code, const char *format, ...)
{
    char sentence[SENTENCE_MAXIMUM];
    va_list values;

    va_start(values, format);
    vsnprintf(sentence, sizeof(sentence), format, values);
    va_end(values);
    standard_error_write(fail_program);
    standard_error_write(": ");
    standard_error_write(sentence);
    standard_error_write("\n");
    return code;
}

int fail_without_memory(void)
{
    return fail(EXIT_CODE_NO_MEMORY, "there is no memory to start with.");
}
