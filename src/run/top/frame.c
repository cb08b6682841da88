/*
 * frame.c: a process runs under hostmem if there is a section of its name (board_section.h).
 */
#define COBJMACROS
#include "run/top/frame.h"

#include "base/architecture.h"
#include "base/exit_code.h"
#include "base/quantity_text.h"
#include "board/board_copy.h"
#include "board/board_section.h"
#include "report/report_json.h"
#include "report/report_text.h"
#include "run/snapshot/books_read.h"
#include "run/snapshot/snapshot_take.h"

#include <stdio.h>
#include <string.h>
#include <tlhelp32.h>

static struct board board;
static struct snapshot snapshot;

/* ------------------------------------------------------------------------------------------------
 * One process
 * --------------------------------------------------------------------------------------------- */

enum look {
    LOOK_OK,
    LOOK_NOT_THERE, /* it does not run under hostmem */
    LOOK_OTHER_BITNESS,
    LOOK_NO_SENSE
};

/* *inspection: NULL unless LOOK_OK. */
static enum look look_at(DWORD process, IHostMemInspection **inspection)
{
    HANDLE section = board_section_open(process);
    enum look look = LOOK_NO_SENSE;
    struct board *view;

    *inspection = NULL;
    if (!section)
        return LOOK_NOT_THERE;
    view = board_section_map(section, false);
    if (view && board_copy(&board, view) && board.process == process)
        *inspection = books_read(section);
    else if (view && board_is_of_other_bitness(view))
        look = LOOK_OTHER_BITNESS;
    if (view)
        UnmapViewOfFile(view);
    CloseHandle(section);
    return *inspection ? LOOK_OK : look;
}

static int not_shown(DWORD process, enum look look)
{
    switch (look) {
    case LOOK_NOT_THERE:
        return fail(EXIT_CODE_PROGRAM_MISSING,
                    "process %lu does not run under hostmem, or is another user's.", process);
    case LOOK_OTHER_BITNESS:
        return fail(EXIT_CODE_BITNESS,
                    "process %lu is a %d-bit one, and this is the %d-bit hostmem-top: use the "
                    "other one.",
                    process, ARCHITECTURE_OTHER_BITS, ARCHITECTURE_BITS);
    default:
        return fail(EXIT_CODE_HOSTMEM_FAILED, "the books of process %lu make no sense.", process);
    }
}

static bool write_bytes(void *unused, const char *bytes, size_t length)
{
    (void)unused;
    return fwrite(bytes, 1, length, stdout) == length;
}

/* The system may not let this user look: then the report goes without it. */
static void look_at_pages(struct process_look *look, IHostMemInspection *inspection)
{
    HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, board.process);

    look->is_there = false;
    process_look_take(look, process, &board, inspection);
    if (process)
        CloseHandle(process);
}

static void write_report(IHostMemInspection *inspection, struct arena *arena, bool json)
{
    static struct process_look look;
    struct text text = {.arena = arena};

    look_at_pages(&look, inspection);
    snapshot_take(&snapshot, &board, inspection, NULL, &look);
    if (json)
        report_json_write(&snapshot, arena, write_bytes, NULL);
    else
        report_text_write(&text, &snapshot);
    if (text.characters)
        fputs(text.characters, stdout);
    arena_empty(&snapshot.arena);
}

int frame_of_process(DWORD process, bool json)
{
    static struct arena arena;
    IHostMemInspection *inspection;
    enum look look = look_at(process, &inspection);

    if (look != LOOK_OK)
        return not_shown(process, look);
    if (json)
        fputs("[\n", stdout);
    write_report(inspection, &arena, json);
    if (json)
        fputs("]\n", stdout);
    IHostMemInspection_Release(inspection);
    arena_empty(&arena);
    return GO_ON;
}

/* ------------------------------------------------------------------------------------------------
 * All of them
 * --------------------------------------------------------------------------------------------- */

static const char *file_name(const char *path)
{
    const char *separator = strrchr(path, '\\');

    return separator ? separator + 1 : path;
}

static void write_line(DWORD process, IHostMemInspection *inspection)
{
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits)};
    char committed[QUANTITY_TEXT_MOST], peak[QUANTITY_TEXT_MOST], limit[QUANTITY_TEXT_MOST] = "-";
    char reserved[QUANTITY_TEXT_MOST], blocks[QUANTITY_TEXT_MOST], refused[QUANTITY_TEXT_MOST];
    uint64_t refusals = 0;

    IHostMemInspection_GetStatistics(inspection, &statistics);
    IHostMemInspection_GetLimits(inspection, &limits);
    for (int level = 0; level < 3; level++)
        refusals += statistics.RefusedRequests[level].Count;
    if (limits.Committed.Limit)
        quantity_text_size(limit, limits.Committed.Limit + limits.Committed.AppDomainReserve);
    printf("%10lu %11s %11s %11s %11s %10s %8s  %s\n", process,
           quantity_text_size(committed, statistics.Committed.Now),
           quantity_text_size(peak, statistics.Committed.Peak), limit,
           quantity_text_size(reserved, statistics.Reserved.Now),
           quantity_text_number(blocks, statistics.Blocks.Now),
           quantity_text_number(refused, refusals), file_name(board.program));
}

/* One object of the array that --json writes; between two stands a comma. */
static void write_object(IHostMemInspection *inspection, int number)
{
    static struct arena arena;

    fputs(number ? ",\n" : "[\n", stdout);
    write_report(inspection, &arena, true);
    arena_empty(&arena);
}

struct shown {
    int processes;
    int others; /* of the other bitness, not shown */
};

static void write_process(DWORD process, bool json, struct shown *shown)
{
    IHostMemInspection *inspection;
    enum look look = look_at(process, &inspection);

    shown->others += look == LOOK_OTHER_BITNESS;
    if (look != LOOK_OK)
        return;
    if (json)
        write_object(inspection, shown->processes);
    else if (!shown->processes)
        printf("%10s %11s %11s %11s %11s %10s %8s  %s\n", "process", "committed", "peak", "limit",
               "reserved", "blocks", "refused", "program");
    if (!json)
        write_line(process, inspection);
    shown->processes++;
    IHostMemInspection_Release(inspection);
}

int frame_of_all(bool json)
{
    HANDLE processes = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    struct shown shown = {0, 0};

    if (processes != INVALID_HANDLE_VALUE) {
        for (BOOL more = Process32FirstW(processes, &entry); more;
             more = Process32NextW(processes, &entry))
            write_process(entry.th32ProcessID, json, &shown);
        CloseHandle(processes);
    }
    if (json)
        fputs(shown.processes ? "]\n" : "[]\n", stdout);
    else if (!shown.processes)
        puts("No process of yours runs under hostmem.");
    if (!json && shown.others)
        printf("Of the %d-bit ones the other hostmem-top shows %d.\n", ARCHITECTURE_OTHER_BITS,
               shown.others);
    return GO_ON;
}
