/*
 * text.h: a growing text in an arena, and quantities as people read them.
 */
#ifndef HOSTMEM_BASE_TEXT_H
#define HOSTMEM_BASE_TEXT_H

#include "base/arena.h"

#include <stdint.h>

struct text {
    struct arena *arena;
    char *characters; /* ends with a NUL; NULL: nothing yet, or no memory for it */
    size_t length;
    size_t capacity;
};

/* Enough for what text_quantity and text_size write. */
enum {
    TEXT_NUMBER_SIZE = 32
};

/* Appends at most 8,191 bytes. Without memory the text stays as it was. */
void text_format(struct text *text, const char *format, ...)
    __attribute__((format(gnu_printf, 2, 3)));

/* "134,742,016". Returns number. */
const char *text_quantity(char number[TEXT_NUMBER_SIZE], uint64_t value);

/* "128.5 MiB"; whole bytes up to a KiB. Returns number. */
const char *text_size(char number[TEXT_NUMBER_SIZE], uint64_t bytes);

#endif
