/*
 * quantity_text.c: formats without floating point, for which the C library would allocate from the
 * heap.
 */
#include "base/quantity_text.h"

#include <stdio.h>

const char *quantity_text_number(char text[QUANTITY_TEXT_MOST], uint64_t value)
{
    char digits[QUANTITY_TEXT_MOST];
    int count = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    char *next = text;

    for (int i = 0; i < count; i++) {
        if (i && (count - i) % 3 == 0)
            *next++ = ',';
        *next++ = digits[i];
    }
    *next = '\0';
    return text;
}

const char *quantity_text_size(char text[QUANTITY_TEXT_MOST], uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    uint64_t tenths;

    if (bytes < 1024) {
        snprintf(text, QUANTITY_TEXT_MOST, "%u B", (unsigned)bytes);
        return text;
    }
    while (bytes >> 10 >= 1024 && unit < 5) {
        bytes >>= 10;
        unit++;
    }
    tenths = ((bytes & 1023) * 10 + 512) >> 10;
    snprintf(text, QUANTITY_TEXT_MOST, "%llu.%llu %s",
             (unsigned long long)((bytes >> 10) + tenths / 10), (unsigned long long)(tenths % 10),
             units[unit]);
    return text;
}
