/*
 * options.h: the command line of hostmem-bench.
 */
#ifndef HOSTMEM_BENCH_OPTIONS_H
#define HOSTMEM_BENCH_OPTIONS_H

#include "measure.h"

struct options {
    struct effort effort;
    const char *json_file; /* NULL: none; "-": standard output, in the table's place */
    const char *filter;    /* NULL: all patterns */
    bool list;
    bool help;
    bool version;
};

/* False, having said why, when the command line is wrong. */
bool options_read(struct options *options, int argc, char **argv);

/* True if --filter lets the pattern through. */
bool options_want(const struct options *options, const struct pattern *pattern);

extern const char options_help[];

#endif
