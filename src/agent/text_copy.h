/*
 * text_copy.h: texts into the board's fixed places. The agent has no C run-time library.
 */
#ifndef HOSTMEM_AGENT_TEXT_COPY_H
#define HOSTMEM_AGENT_TEXT_COPY_H

#include <windows.h>

/* Copies text, cut off to fit; NULL is an empty text. */
void text_copy(char *to, size_t size, const char *text);

/* The same from UTF-16 to UTF-8. */
void text_copy_wide(char *to, size_t size, const wchar_t *text);

/* The part of a path after its last separator. */
const wchar_t *text_file_name(const wchar_t *path);

#endif
