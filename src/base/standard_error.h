/*
 * standard_error.h: text to the process's standard error, without a C library stream in between.
 *
 * Promise: it takes no lock of the C library and keeps no buffer, so it can be used while the
 * process ends.
 */
#ifndef HOSTMEM_BASE_STANDARD_ERROR_H
#define HOSTMEM_BASE_STANDARD_ERROR_H

/* Keeps a copy of the handle that the process was started with: the program may close that one. */
void standard_error_open(void);

/* text is UTF-8. A console gets it as characters, a file or pipe as bytes. */
void standard_error_write(const char *text);

#endif
