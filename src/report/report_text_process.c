/*
 * report_text_process.c: whose every page is, a line for each owner. The lines add up to the last.
 */
#include "report/report_text_process.h"

#include "base/quantity_text.h"
#include "report/report_table.h"

#include <stdio.h>

enum {
    NAME_SIZE = 64
};

static void write_count(struct text *text, const char *name, const struct page_count *count)
{
    text_format(text, "  %-18s", name);
    report_table_bytes(text, count->committed);
    report_table_bytes(text, count->reserved);
    text_format(text, "\n");
}

/* "1 thread stack", "1,234 thread stacks" */
static void write_number(struct text *text, uint64_t number, const char *what,
                         const struct page_count *count)
{
    char digits[QUANTITY_TEXT_MOST];
    char name[NAME_SIZE];

    snprintf(name, sizeof(name), "%s %s%s", quantity_text_number(digits, number), what,
             number == 1 ? "" : "s");
    write_count(text, name, count);
}

static struct page_count sum(const struct page_map *process)
{
    struct page_count all = {0};

    for (int owner = 0; owner < PAGE_OWNERS; owner++) {
        all.committed += process->owners[owner].committed;
        all.reserved += process->owners[owner].reserved;
    }
    return all;
}

static void write_owners(struct text *text, const struct page_map *process)
{
    const struct page_count *owners = process->owners;

    write_count(text, "owned by hostmem", &owners[PAGE_OWNER_HOSTMEM]);
    write_count(text, "sections", &owners[PAGE_OWNER_SECTION]);
    write_count(text, "programs and DLLs", &owners[PAGE_OWNER_IMAGE]);
    write_count(text, "mapped files", &owners[PAGE_OWNER_FILE]);
    if (owners[PAGE_OWNER_SHARED].reserved)
        write_count(text, "others' sections", &owners[PAGE_OWNER_SHARED]);
    write_count(text, "hostmem itself", &owners[PAGE_OWNER_BOOKS]);
    write_number(text, process->threads, "thread stack", &owners[PAGE_OWNER_STACK]);
    write_number(text, process->heaps, "Windows heap", &owners[PAGE_OWNER_HEAP]);
    write_count(text, "Windows' own", &owners[PAGE_OWNER_SYSTEM]);
    write_count(text, "unknown", &owners[PAGE_OWNER_UNKNOWN]);
}

/* Nobody in the process saw its end, or the system does not let this user look. */
static void write_unknown(struct text *text, const struct snapshot *snapshot)
{
    text_format(text, "\nWhere every page went: not known, for the process %s\n",
                snapshot->subject.is_running ? "cannot be looked at" : "did not see its end");
    if (!snapshot->subject.is_running)
        text_format(text, "  (with --interval, the report has the last look before the end)\n");
}

void report_text_process(struct text *text, const struct snapshot *snapshot)
{
    const struct page_map *process = &snapshot->process;
    struct page_count all = sum(process);

    if (!snapshot->has_process) {
        write_unknown(text, snapshot);
        return;
    }
    text_format(text, "\n%-22s%27s%29s\n", "Where every page went", "committed", "address space");
    if (snapshot->is_earlier_look)
        text_format(text, "  as it was %llu.%llu s before the end was seen, from outside\n",
                    (unsigned long long)snapshot->look_milliseconds / 1000,
                    (unsigned long long)snapshot->look_milliseconds / 100 % 10);
    write_owners(text, process);
    write_count(text, "whole process", &all);
    if (process->is_cut)
        text_format(text, "  (more stacks and heaps than could be noted: some are unknown)\n");
}
