/*
 * size_parse.h: reads sizes as people write them on a command line. quantity_text.h writes sizes.
 */
#ifndef HOSTMEM_BASE_SIZE_PARSE_H
#define HOSTMEM_BASE_SIZE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes "4096", "4096B", "64K", "64KiB", "1M", "2G" and so on: decimal digits, then nothing, B, or
 * one of K, M and G, alone or followed by iB. Letters may be of either case; K is 1,024. False, and
 * *size is as it was: the text is something else, or the size does not fit into 64 bits.
 */
bool size_parse(const char *text, uint64_t *size);

#endif
