/*
 * report_file.h: the JSON report's file. What is written lies beside it until it is whole, so an
 * earlier report is never lost.
 */
#ifndef HOSTMEM_RUN_WATCH_REPORT_FILE_H
#define HOSTMEM_RUN_WATCH_REPORT_FILE_H

#include "report/snapshot.h"

#include <wchar.h>

struct report_file {
    const wchar_t *path; /* NULL: no report is wanted */
    const wchar_t *beside;
    HANDLE handle;
};

/*
 * Before the program runs: afterwards it is too late to say that the file cannot be written. path
 * may be NULL, or L"-" for stdout. GO_ON, or the exit code of the failure that it has announced.
 */
int report_file_open(struct report_file *file, const wchar_t *path);

/* Writes the report and puts it into its place. GO_ON, or likewise; then nothing is left. */
int report_file_write(struct report_file *file, const struct snapshot *snapshot,
                      struct arena *arena);

/* Without a report: nothing is left. */
void report_file_discard(struct report_file *file);

#endif
