/*
 * text.c: the capacity doubles. Outgrown characters stay in the arena, unused.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    FORMAT_MAXIMUM = 8192,
    FIRST_CAPACITY = 16 * 1024
};

static bool make_room(struct text *text, size_t length)
{
    size_t needed = text->length + length + 1;
    size_t capacity = text->capacity ? text->capacity : FIRST_CAPACITY;
    char *characters;

    if (needed <= text->capacity)
        return true;
    while (capacity < needed)
        capacity *= 2;
    characters = arena_alloc(text->arena, capacity);
    if (!characters)
        return false;
    if (text->length)
        memcpy(characters, text->characters, text->length);
    text->characters = characters;
    text->capacity = capacity;
    return true;
}

void text_format(struct text *text, const char *format, ...)
{
    char piece[FORMAT_MAXIMUM];
    size_t length;
    va_list values;

    va_start(values, format);
    vsnprintf(piece, sizeof(piece), format, values);
    va_end(values);
    length = strlen(piece);
    if (!make_room(text, length))
        return;
    memcpy(text->characters + text->length, piece, length + 1);
    text->length += length;
}
