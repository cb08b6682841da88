/*
 * output.h: the output of a program, and the stand-in's own messages.
 */
#ifndef STANDIN_OUTPUT_H
#define STANDIN_OUTPUT_H

#include <wchar.h>

/* A line of two parts on standard output, in UTF-8, not kept in any buffer. */
void output_line(const wchar_t *first, const wchar_t *second);

/* A line on standard error. */
void output_error(const wchar_t *text);

#endif
