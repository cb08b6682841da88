/*
 * quantity_text.h: writes quantities as people read them. size_parse.h reads sizes.
 */
#ifndef HOSTMEM_BASE_QUANTITY_TEXT_H
#define HOSTMEM_BASE_QUANTITY_TEXT_H

#include <stdint.h>

enum {
    QUANTITY_TEXT_MOST = 32 /* characters that suffice for either text, the NUL included */
};

/* "134,742,016". Returns text. */
const char *quantity_text_number(char text[QUANTITY_TEXT_MOST], uint64_t value);

/* "128.5 MiB"; whole bytes below a KiB. Returns text. */
const char *quantity_text_size(char text[QUANTITY_TEXT_MOST], uint64_t bytes);

#endif
