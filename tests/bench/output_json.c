/*
 * output_json.c: see output.h.
 */
#include "output.h"

#include <stdio.h>

#ifdef _WIN64
#define ARCHITECTURE "x64"
#else
#define ARCHITECTURE "x86"
#endif

json_t *json_begin(const struct effort *effort)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:s?, s:i, s:f, s:b, s:[]}", "version",
                     HOSTMEM_VERSION_TEXT, "architecture", ARCHITECTURE, "system", system_name(),
                     "processors", (int)processors(), "mimalloc", mimalloc_version(), "rounds",
                     (int)effort->rounds, "round_seconds", effort->seconds, "quick",
                     (int)effort->quick, "patterns");
}

/* null where a side takes no part. */
static json_t *spread_to_json(const struct spread *spread)
{
    if (spread->median <= 0)
        return json_null();
    return json_pack("{s:f, s:f, s:f, s:f, s:f}", "min", spread->least, "quarter", spread->low,
                     "median", spread->median, "three_quarters", spread->high, "max", spread->most);
}

bool json_add(json_t *all, const struct pattern *pattern, const struct figures *figures)
{
    json_t *line =
        json_pack("{s:s, s:i, s:s}", "name", pattern->name, "threads", (int)pattern->threads,
                  "unit", pattern->hold ? "bytes held a byte live" : "ns");

    if (!line)
        return false;
    for (enum side side = 0; side < SIDES; side++)
        json_object_set_new(line, side_name(side), spread_to_json(&figures->sides[side]));
    json_object_set_new(line, "to_win32", spread_to_json(&figures->to_win32));
    json_object_set_new(line, "to_mimalloc", spread_to_json(&figures->to_mimalloc));
    return json_array_append_new(json_object_get(all, "patterns"), line) == 0;
}

bool json_write(const json_t *all, const char *path)
{
    size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(6);
    bool written;

    if (path[0] == '-' && !path[1])
        written = json_dumpf(all, stdout, flags) == 0 && putchar('\n') != EOF;
    else
        written = json_dump_file(all, path, flags) == 0;
    if (!written)
        fprintf(stderr, "hostmem-bench: %s cannot be written\n", path);
    return written;
}
