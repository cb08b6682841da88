/*
 * table.c: see table.h.
 */
#include "table.h"

#include <hostmem/version.h>

#include <stdio.h>

#ifdef _WIN64
#define ARCHITECTURE "x64"
#else
#define ARCHITECTURE "x86"
#endif

void table_begin(const struct effort *effort)
{
    printf("Medians over %u rounds of %g ms on each side, alternating. ns: one operation, on each\n"
           "thread. The ratio is hostmem to Win32; half of the rounds lay in the brackets.\n\n",
           effort->rounds, effort->seconds * 1e3);
    printf("%-44s %7s %11s %11s %7s\n", "", "threads", "Win32 ns", "hostmem ns", "ratio");
}

void table_line(json_t *lines, const struct comparison *comparison, const struct figures *figures)
{
    printf("%-44s %7u %11.1f %11.1f %7.2f (%.2f to %.2f)\n", comparison->name, comparison->threads,
           figures->win32_ns, figures->hostmem_ns, figures->ratio, figures->ratio_low,
           figures->ratio_high);
    fflush(stdout);
    if (lines)
        json_array_append_new(
            lines, json_pack("{s:s, s:i, s:f, s:f, s:f, s:f, s:f}", "name", comparison->name,
                             "threads", (int)comparison->threads, "win32_ns", figures->win32_ns,
                             "hostmem_ns", figures->hostmem_ns, "ratio", figures->ratio,
                             "ratio_low", figures->ratio_low, "ratio_high", figures->ratio_high));
}

bool table_write_json(const char *path, const struct effort *effort, json_t *lines)
{
    json_t *all = json_pack("{s:s, s:s, s:i, s:f, s:O}", "version", HOSTMEM_VERSION_TEXT,
                            "architecture", ARCHITECTURE, "rounds", (int)effort->rounds,
                            "round_seconds", effort->seconds, "comparisons", lines);
    bool written = all && json_dump_file(all, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0;

    json_decref(all);
    return written;
}
