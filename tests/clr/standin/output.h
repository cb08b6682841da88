/*
 * output.h: what a program prints, and what the stand-in itself has to say.
 */
#ifndef STANDIN_OUTPUT_H
#define STANDIN_OUTPUT_H

#include <wchar.h>

/* A line of two parts on standard output, in UTF-8, not kept in any buffer. */
void output_line(const wchar_t *first, const wchar_t *second);

/* A line on standard error. */
void output_error(const wchar_t *text);

#endif
