/*
 * report_table.c: a column of 20 for the name, then two of 29: 11 for the rounded size, 18 for the
 * exact one.
 */
#include "report/report_table.h"

#include <stdio.h>

void report_table_bytes(struct text *text, uint64_t bytes)
{
    char size[TEXT_NUMBER_SIZE];
    char digits[TEXT_NUMBER_SIZE];
    char exact[TEXT_NUMBER_SIZE + 2];

    snprintf(exact, sizeof(exact), "(%s)", text_quantity(digits, bytes));
    text_format(text, "%11s %17s", text_size(size, bytes), exact);
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
    char now[TEXT_NUMBER_SIZE];
    char peak[TEXT_NUMBER_SIZE];

    text_format(text, "  %-18s%29s%29s\n", name, text_quantity(now, gauge->Now),
                text_quantity(peak, gauge->Peak));
}

void report_table_count(struct text *text, const char *name, uint64_t value)
{
    char number[TEXT_NUMBER_SIZE];

    text_format(text, "  %-36s%11s\n", name, text_quantity(number, value));
}
