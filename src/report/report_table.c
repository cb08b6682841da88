/*
 * report_table.c: a column of 20 for the name, then two of 29: 11 for the rounded size, 18 for the
 * exact one.
 */
#include "report/report_table.h"

#include "base/quantity_text.h"

#include <stdio.h>

void report_table_bytes(struct text *text, uint64_t bytes)
{
    char size[QUANTITY_TEXT_MOST];
    char digits[QUANTITY_TEXT_MOST];
    char exact[QUANTITY_TEXT_MOST + 2];

    snprintf(exact, sizeof(exact), "(%s)", quantity_text_number(digits, bytes));
    text_format(text, "%11s %17s", quantity_text_size(size, bytes), exact);
}

void report_table_byte_gauge(struct text *text, const char *name, const HOSTMEM_GAUGE *gauge)
{
    text_format(text, "  %-18s", name);
    report_table_bytes(text, gauge->Now);
    report_table_bytes(text, gauge->Peak);
    text_format(text, "\n");
}

void report_table_number_gauge(struct text *text, const char *name, const HOSTMEM_GAUGE *gauge)
{
    char now[QUANTITY_TEXT_MOST];
    char peak[QUANTITY_TEXT_MOST];

    text_format(text, "  %-18s%29s%29s\n", name, quantity_text_number(now, gauge->Now),
                quantity_text_number(peak, gauge->Peak));
}

void report_table_count(struct text *text, const char *name, uint64_t value)
{
    char number[QUANTITY_TEXT_MOST];

    text_format(text, "  %-36s%11s\n", name, quantity_text_number(number, value));
}
