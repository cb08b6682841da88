/*
 * report_write.c: one snapshot, told twice.
 */
#include "run/snapshot/report_write.h"

#include "base/exit_code.h"
#include "report/report_json.h"
#include "report/report_text.h"
#include "base/standard_error.h"

static struct arena arena;
static struct snapshot snapshot;

void report_write(const struct report_order *order, const struct ending *ending)
{
    struct text text = {.arena = &arena};

    snapshot_take(&snapshot, order->memory->inspection, &arena);
    if (order->print) {
        report_text_write(&text, order, ending, &snapshot);
        if (text.characters)
            standard_error_write(text.characters);
    }
    if (order->json_file == INVALID_HANDLE_VALUE)
        return;
    if (!report_json_write(order, ending, &snapshot, &arena))
        fail(EXIT_CODE_REPORT_FILE, "the JSON report could not be written in full.");
    CloseHandle(order->json_file);
}
