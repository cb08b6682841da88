/*
 * options.c: see options.h.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <shlwapi.h>

#define MOST_ROUNDS 100000
#define MOST_FILTER 200

const char options_help[] =
    "Usage: hostmem-bench [options]\n"
    "\n"
    "Compares what hostmem costs with what Windows itself, msvcrt and mimalloc cost, in one run.\n"
    "\n"
    "  --list            print the names of the patterns and end\n"
    "  --filter PATTERN  only the patterns of that name; * and ? stand for other characters,\n"
    "                    and without them PATTERN may be any part of the name\n"
    "  --rounds N        measure so often (41)\n"
    "  --json FILE       write the figures for machines, too; -: to standard output, and no table\n"
    "  --quick           only see whether it works; the figures mean nothing\n"
    "  --help            print this and end\n"
    "  --version         print the version and end\n"
    "\n"
    "The exit code is 0 when all worked, 1 when something did not, and 2 when the command\n"
    "line is wrong.\n";

enum option_code {
    OPTION_LIST = 1,
    OPTION_FILTER,
    OPTION_ROUNDS,
    OPTION_JSON,
    OPTION_QUICK,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option known[] = {{"list", no_argument, NULL, OPTION_LIST},
                                      {"filter", required_argument, NULL, OPTION_FILTER},
                                      {"rounds", required_argument, NULL, OPTION_ROUNDS},
                                      {"json", required_argument, NULL, OPTION_JSON},
                                      {"quick", no_argument, NULL, OPTION_QUICK},
                                      {"help", no_argument, NULL, OPTION_HELP},
                                      {"version", no_argument, NULL, OPTION_VERSION},
                                      {NULL, 0, NULL, 0}};

static bool read_rounds(unsigned *rounds, const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end || value < 1 || value > MOST_ROUNDS) {
        fprintf(stderr, "hostmem-bench: --rounds takes 1 to %d\n", MOST_ROUNDS);
        return false;
    }
    *rounds = value;
    return true;
}

static bool read_filter(const char **filter, const char *text)
{
    if (strlen(text) > MOST_FILTER) {
        fprintf(stderr, "hostmem-bench: --filter takes at most %d characters\n", MOST_FILTER);
        return false;
    }
    *filter = text;
    return true;
}

static bool read_option(struct options *options, int code)
{
    switch (code) {
    case OPTION_LIST:
        options->list = true;
        return true;
    case OPTION_FILTER:
        return read_filter(&options->filter, optarg);
    case OPTION_ROUNDS:
        return read_rounds(&options->effort.rounds, optarg);
    case OPTION_JSON:
        options->json_file = optarg;
        return true;
    case OPTION_QUICK:
        options->effort = (struct effort){.rounds = 3, .seconds = 1e-4, .quick = true};
        return true;
    case OPTION_HELP:
        options->help = true;
        return true;
    case OPTION_VERSION:
        options->version = true;
        return true;
    default: /* getopt_long has said why */
        return false;
    }
}

bool options_read(struct options *options, int argc, char **argv)
{
    int code;

    *options = (struct options){.effort = {.rounds = 41, .seconds = 2e-3}};
    while ((code = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (!read_option(options, code))
            return false;
    }
    if (optind < argc) {
        fprintf(stderr, "hostmem-bench: unexpected argument -- %s\n", argv[optind]);
        return false;
    }
    return true;
}

bool options_want(const struct options *options, const struct pattern *pattern)
{
    char anywhere[MOST_FILTER + 3];

    if (!options->filter)
        return true;
    if (strpbrk(options->filter, "*?"))
        return PathMatchSpecA(pattern->name, options->filter);
    snprintf(anywhere, sizeof(anywhere), "*%s*", options->filter);
    return PathMatchSpecA(pattern->name, anywhere);
}
