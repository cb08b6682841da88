/*
 * report_write.c: one snapshot, two reports.
 */
#include "run/snapshot/report_write.h"

#include "base/exit_code.h"
#include "base/standard_error.h"
#include "report/report_json.h"
#include "report/report_text.h"
#include "run/snapshot/snapshot_take.h"

static struct arena arena;
static struct snapshot snapshot;

/* A report_json_output; the context is the file's handle. */
static bool write_file(void *file, const char *bytes, size_t length)
{
    DWORD written;

    return WriteFile(file, bytes, (DWORD)length, &written, NULL) && written == length;
}

void report_write(const struct report_order *order, const struct ending *ending)
{
    struct text text = {.arena = &arena};

    snapshot_take(&snapshot, order->launch, ending);
    if (order->print) {
        report_text_write(&text, &snapshot);
        if (text.characters)
            standard_error_write(text.characters);
    }
    if (order->json_file == INVALID_HANDLE_VALUE)
        return;
    if (!report_json_write(&snapshot, &arena, write_file, order->json_file))
        fail(EXIT_CODE_REPORT_FILE, "the JSON report could not be written in full.");
    CloseHandle(order->json_file);
}
