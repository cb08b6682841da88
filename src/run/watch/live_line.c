/*
 * live_line.c: see live_line.h.
 */
#define COBJMACROS
#include "run/watch/live_line.h"

#include "base/quantity_text.h"
#include "base/standard_error.h"

#include <stdio.h>

void live_line_write(IHostMemInspection *inspection)
{
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};
    char committed[QUANTITY_TEXT_MOST], peak[QUANTITY_TEXT_MOST], reserved[QUANTITY_TEXT_MOST];
    char regions[QUANTITY_TEXT_MOST], blocks[QUANTITY_TEXT_MOST];
    SYSTEMTIME now;
    char line[256];

    if (IHostMemInspection_GetStatistics(inspection, &statistics) != S_OK)
        return;
    GetLocalTime(&now);
    snprintf(line, sizeof(line),
             "hostmem %02d:%02d:%02d  committed %s (peak %s), reserved %s, %s regions, %s blocks\n",
             now.wHour, now.wMinute, now.wSecond,
             quantity_text_size(committed, statistics.Committed.Now),
             quantity_text_size(peak, statistics.Committed.Peak),
             quantity_text_size(reserved, statistics.Reserved.Now),
             quantity_text_number(regions, statistics.Regions.Now),
             quantity_text_number(blocks, statistics.Blocks.Now));
    standard_error_write(line);
}
