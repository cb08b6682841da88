/*
 * text.c: formats without floating point: to print that, the C library would allocate from the
 * heap.
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

const char *text_quantity(char number[TEXT_NUMBER_SIZE], uint64_t value)
{
    char digits[TEXT_NUMBER_SIZE];
    int count = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    char *next = number;

    for (int i = 0; i < count; i++) {
        if (i && (count - i) % 3 == 0)
            *next++ = ',';
        *next++ = digits[i];
    }
    *next = '\0';
    return number;
}

const char *text_size(char number[TEXT_NUMBER_SIZE], uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    uint64_t tenths;

    if (bytes < 1024) {
        snprintf(number, TEXT_NUMBER_SIZE, "%u B", (unsigned)bytes);
        return number;
    }
    while (bytes >> 10 >= 1024 && unit < 5) {
        bytes >>= 10;
        unit++;
    }
    tenths = ((bytes & 1023) * 10 + 512) >> 10;
    snprintf(number, TEXT_NUMBER_SIZE, "%llu.%llu %s",
             (unsigned long long)((bytes >> 10) + tenths / 10), (unsigned long long)(tenths % 10),
             units[unit]);
    return number;
}
