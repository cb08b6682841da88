/*
 * command_line.h: passing arguments on exactly as they were given.
 */
#ifndef HOSTMEM_RUN_WATCH_COMMAND_LINE_H
#define HOSTMEM_RUN_WATCH_COMMAND_LINE_H

#include <wchar.h>

/*
 * The rest of a command line from its argument of that number on (0: the program's name), as it is
 * written there: at its end if there are not so many. The rules are those by which the C library
 * cuts a command line into arguments ("Parsing C command-line arguments" in its reference).
 */
const wchar_t *command_line_from(const wchar_t *line, int number);

/* A new line: a program's path in quotation marks, a space, and the rest. */
wchar_t *command_line_with(const wchar_t *program, const wchar_t *rest);

#endif
