/*
 * text.h: a growing text in an arena.
 */
#ifndef HOSTMEM_BASE_TEXT_H
#define HOSTMEM_BASE_TEXT_H

#include "base/arena.h"

#include <stddef.h>

struct text {
    struct arena *arena;
    char *characters; /* ends with a NUL; NULL: nothing yet, or no memory for it */
    size_t length;
    size_t capacity;
};

/* Appends at most 8,191 bytes. Without memory the text stays as it was. */
void text_format(struct text *text, const char *format, ...)
    __attribute__((format(gnu_printf, 2, 3)));

#endif
