/*
 * report_text.c: tables of at most 80 columns. The verdict comes last, where the reader looks when
 * the program has ended.
 */
#include "report/report_text.h"

#include "base/quantity_text.h"
#include "report/labels.h"
#include "report/report_table.h"
#include "report/report_text_heap.h"
#include "report/report_text_limits.h"
#include "report/report_text_process.h"

#include <string.h>

enum {
    REPORT_WIDTH = 78
};

/* ------------------------------------------------------------------------------------------------
 * What ran
 * --------------------------------------------------------------------------------------------- */

static void write_ending(struct text *text, const struct snapshot_subject *subject)
{
    const struct ending *ending = &subject->ending;

    if (subject->is_running) {
        text_format(text, "  running     process %lu\n", subject->process_id);
        return;
    }
    text_format(text, "  ended by    %s", label_of_ending(ending->kind));
    if (ending->has_exit_code && ending->exit_code < 0x80000000u)
        text_format(text, ", exit code %lu", ending->exit_code);
    else if (ending->has_exit_code)
        text_format(text, ", exit code 0x%08lx", ending->exit_code);
    text_format(text, "\n");
}

static void write_runtime(struct text *text, const struct snapshot_subject *subject)
{
    if (*subject->runtime_directory)
        text_format(text, "  runtime     %s %s %s, %s\n", subject->runtime_family,
                    subject->runtime_version, subject->architecture, subject->runtime_directory);
    else if (strcmp(subject->runtime_family, "none") != 0)
        text_format(text, "  runtime     %s %s, in the program's own file\n",
                    subject->runtime_family, subject->architecture);
    else
        text_format(text, "  runtime     none was loaded, %s\n", subject->architecture);
}

static void write_host(struct text *text, const struct snapshot_subject *subject)
{
    if (!subject->has_host_control)
        text_format(text, "  host        the program's own");
    else if (subject->host_control == S_OK)
        text_format(text, "  host        SetHostControl accepted");
    else if (subject->host_control == E_NOTIMPL)
        text_format(text, "  host        SetHostControl not implemented by this runtime");
    else
        text_format(text, "  host        SetHostControl refused (0x%08lx)",
                    (unsigned long)subject->host_control);
    for (size_t i = 0; i < subject->module_count; i++)
        text_format(text, "%s%s", i ? ", " : "; redirected ", subject->modules[i]);
    if (subject->manages_heaps)
        text_format(text, " with heaps");
    text_format(text, "\n");
}

static void write_libraries(struct text *text, const struct snapshot_subject *subject)
{
    for (size_t i = 0; i < subject->library_count; i++)
        text_format(text, "%s%s", i ? ", " : "  libraries   ", subject->libraries[i]);
    if (subject->library_count)
        text_format(text, "\n");
}

static void write_subject(struct text *text, const struct snapshot_subject *subject)
{
    static const char title[] = "---- hostmem " HOSTMEM_VERSION_TEXT " ";

    text_format(text, "\n%s%.*s\n", title, REPORT_WIDTH - (int)sizeof(title) + 1,
                "----------------------------------------"
                "----------------------------------------");
    text_format(text, "  program     %s\n", subject->program);
    write_ending(text, subject);
    write_runtime(text, subject);
    write_host(text, subject);
    write_libraries(text, subject);
}

/* ------------------------------------------------------------------------------------------------
 * Now and at the peak
 * --------------------------------------------------------------------------------------------- */

static void write_gauges(struct text *text, const HOSTMEM_STATISTICS *statistics)
{
    text_format(text, "\n%-20s%29s%29s\n", "Memory", "now", "peak");
    report_table_byte_gauge(text, "reserved", &statistics->Reserved);
    report_table_byte_gauge(text, "committed", &statistics->Committed);
    report_table_byte_gauge(text, "  in sections", &statistics->SectionBytes);
    report_table_byte_gauge(text, "views of sections", &statistics->SectionViewBytes);
    report_table_byte_gauge(text, "mapped", &statistics->Mapped);
    report_table_byte_gauge(text, "in heap blocks", &statistics->BlockBytes);
    report_table_byte_gauge(text, "in heap slabs", &statistics->SlabBytes);
    report_table_byte_gauge(text, "hostmem's books", &statistics->Metadata);
    report_table_number_gauge(text, "regions", &statistics->Regions);
    report_table_number_gauge(text, "sections", &statistics->Sections);
    report_table_number_gauge(text, "mapped ranges", &statistics->MappedRanges);
    report_table_number_gauge(text, "heaps", &statistics->Heaps);
    report_table_number_gauge(text, "heap blocks", &statistics->Blocks);
}

/* ------------------------------------------------------------------------------------------------
 * Calls
 * --------------------------------------------------------------------------------------------- */

static void write_method(struct text *text, const char *name, const HOSTMEM_METHOD_COUNT *count)
{
    char calls[QUANTITY_TEXT_MOST];
    char failures[QUANTITY_TEXT_MOST];

    text_format(text, "  %-36s%11s%29s\n", name, quantity_text_number(calls, count->Calls),
                quantity_text_number(failures, count->Failures));
}

/* Methods that were never called are left out. */
static void write_calls(struct text *text, const HOSTMEM_STATISTICS *statistics)
{
    text_format(text, "\n%-38s%11s%29s\n", "Calls", "calls", "failures");
    for (int method = 0; method < HOSTMEM_METHODS; method++)
        if (statistics->Methods[method].Calls)
            write_method(text, label_of_method((HOSTMEM_METHOD)method),
                         &statistics->Methods[method]);
    report_table_count(text, "refused frees", statistics->RefusedFrees);
    report_text_refused_blocks(text, statistics);
    report_table_count(text, "frees passed through to Win32", statistics->PassedFrees);
    report_table_count(text, "heap calls passed through to Win32", statistics->PassedHeapCalls);
    report_table_count(text, "commits in foreign memory", statistics->ForeignCommits);
    if (statistics->ChildProcesses)
        report_table_count(text, "processes started, not watched", statistics->ChildProcesses);
    report_table_count(text, "leaked heap blocks", statistics->LeakedBlocks);
    report_table_count(text, "damaged heap blocks", statistics->DamagedBlocks);
}

/* ------------------------------------------------------------------------------------------------
 * The verdict
 * --------------------------------------------------------------------------------------------- */

static void write_difference(struct text *text, const HOSTMEM_DIFFERENCE *difference)
{
    char books[QUANTITY_TEXT_MOST];
    char system[QUANTITY_TEXT_MOST];

    text_format(text, "  %s", label_of_difference(difference->Kind));
    if (difference->Section.Size)
        text_format(text, " at 0x%llx in section %llu",
                    (unsigned long long)(uintptr_t)difference->Address,
                    (unsigned long long)difference->Section.Sequence);
    else if (difference->Address)
        text_format(text, " at 0x%llx in the region 0x%llx",
                    (unsigned long long)(uintptr_t)difference->Address,
                    (unsigned long long)(uintptr_t)difference->Region.Base);
    text_format(text, ": %s in the books, %s in the system\n",
                quantity_text_number(books, difference->Books),
                quantity_text_number(system, difference->System));
}

static void write_extent(struct text *text, const HOSTMEM_AUDIT *audit, bool is_process_there)
{
    char number[QUANTITY_TEXT_MOST];
    char committed[QUANTITY_TEXT_MOST];
    char busy[QUANTITY_TEXT_MOST];

    text_format(text, " (%s regions, %s bytes committed",
                quantity_text_number(number, audit->Regions),
                quantity_text_number(committed, audit->CommittedBytes));
    if (audit->Sections)
        text_format(text, "; %s section%s", quantity_text_number(number, audit->Sections),
                    audit->Sections == 1 ? "" : "s");
    if (audit->BusyBytes)
        text_format(text, "; %s bytes in %s regions kept changing and were not compared",
                    quantity_text_number(busy, audit->BusyBytes),
                    quantity_text_number(number, audit->Busy));
    else if (audit->Busy)
        text_format(text, "; %s regions were changing", quantity_text_number(number, audit->Busy));
    if (!audit->TotalsCompared && is_process_there)
        text_format(text, "; other threads were at work, totals not compared");
    else if (!audit->TotalsCompared)
        text_format(text, "; %s calls were under way, totals not compared",
                    quantity_text_number(number, audit->CallsUnderWay));
    text_format(text, ")\n");
}

/* Nobody could ask the system any more: the process was ended by force. */
static void write_unaudited(struct text *text, const struct snapshot *snapshot)
{
    char number[QUANTITY_TEXT_MOST];

    if (FAILED(snapshot->audit_result))
        text_format(text, "\nBooks: unreadable (0x%08lx)\n", (unsigned long)snapshot->audit_result);
    else if (snapshot->audit.Differences)
        text_format(text, "\nBooks: totals and records differ: %s",
                    quantity_text_number(number, snapshot->audit.Differences));
    else if (snapshot->audit.TotalsCompared)
        text_format(text, "\nBooks: totals equal the records");
    else
        text_format(text, "\nBooks: no difference");
    if (SUCCEEDED(snapshot->audit_result))
        write_extent(text, &snapshot->audit, false);
}

static void write_audited(struct text *text, const struct snapshot *snapshot)
{
    char number[QUANTITY_TEXT_MOST];

    if (FAILED(snapshot->audit_result))
        text_format(text, "\nAudit: failed (0x%08lx)\n", (unsigned long)snapshot->audit_result);
    else if (snapshot->audit.Differences)
        text_format(text, "\nAudit: differences: %s",
                    quantity_text_number(number, snapshot->audit.Differences));
    else
        text_format(text, "\nAudit: no difference");
    if (SUCCEEDED(snapshot->audit_result))
        write_extent(text, &snapshot->audit, true);
}

static void write_verdict(struct text *text, const struct snapshot *snapshot)
{
    if (snapshot->is_audited_inside)
        write_audited(text, snapshot);
    else
        write_unaudited(text, snapshot);
    for (size_t i = 0; i < snapshot->difference_count; i++)
        write_difference(text, &snapshot->differences[i]);
    if (snapshot->statistics.Status != HostMemStatusOpen)
        text_format(text, "Manager: %s\n", label_of_status(snapshot->statistics.Status));
}

void report_text_write(struct text *text, const struct snapshot *snapshot)
{
    write_subject(text, &snapshot->subject);
    write_gauges(text, &snapshot->statistics);
    report_text_limits(text, snapshot);
    report_text_heaps(text, snapshot);
    write_calls(text, &snapshot->statistics);
    report_text_process(text, snapshot);
    report_text_live_blocks(text, snapshot);
    report_text_damaged_blocks(text, snapshot);
    write_verdict(text, snapshot);
    report_text_limit_verdict(text, snapshot);
}
