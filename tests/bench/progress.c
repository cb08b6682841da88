/*
 * progress.c: see output.h.
 */
#include "output.h"

#include <io.h>
#include <stdio.h>

#define QUIET_SECONDS 2.0
#define WIDTH 70

static bool shown;

void progress_show(const struct pattern *pattern, size_t number, size_t count)
{
    static double first;

    if (first <= 0)
        first = now_in_seconds();
    if (now_in_seconds() - first < QUIET_SECONDS || !_isatty(_fileno(stderr)))
        return;
    fprintf(stderr, "\r%-*s\r%u of %u: %s, %u threads", WIDTH, "", (unsigned)number,
            (unsigned)count, pattern->name, pattern->threads);
    fflush(stderr);
    shown = true;
}

void progress_hide(void)
{
    if (shown)
        fprintf(stderr, "\r%-*s\r", WIDTH, "");
    fflush(stderr);
    shown = false;
}
