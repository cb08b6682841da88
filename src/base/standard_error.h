/*
 * standard_error.h: text to the process's standard error, without a C library stream in between.
 *
 * Promise: no lock of the C library, no buffer; usable while the process is coming down.
 */
#ifndef HOSTMEM_BASE_STANDARD_ERROR_H
#define HOSTMEM_BASE_STANDARD_ERROR_H

/* Keeps the handle that the process was started with, whatever the program does to it later. */
void standard_error_open(void);

/* text is UTF-8; a console gets it as characters, anything else as bytes. */
void standard_error_write(const char *text);

#endif
