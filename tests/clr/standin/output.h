/*
 * output.h: what a program prints.
 */
#ifndef STANDIN_OUTPUT_H
#define STANDIN_OUTPUT_H

#include <wchar.h>

/* A line of two parts on standard output, in UTF-8, not kept in any buffer. */
void output_line(const wchar_t *first, const wchar_t *second);

#endif
