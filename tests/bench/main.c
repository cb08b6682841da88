/*
 * main.c: hostmem-bench, from the command line to the exit code.
 */
#include <initguid.h>

#include "bench.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    EXIT_USAGE = 2,
    MOST_ROUNDS = 100000
};

static const char help[] =
    "Usage: hostmem-bench [options]\n"
    "\n"
    "Compares what going through hostmem costs with what Windows itself costs, in one run.\n"
    "\n"
    "  --rounds N   measure so often (101)\n"
    "  --json FILE  write the figures for machines, too\n"
    "  --quick      only see whether it works; the figures mean nothing\n"
    "  --help       print this and end\n"
    "  --version    print the version and end\n"
    "\n"
    "The exit code is 0 when all worked, 1 when something did not, and 2 when the command\n"
    "line is wrong.\n";

enum option_code {
    OPTION_ROUNDS = 1,
    OPTION_JSON,
    OPTION_QUICK,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option options[] = {{"rounds", required_argument, NULL, OPTION_ROUNDS},
                                        {"json", required_argument, NULL, OPTION_JSON},
                                        {"quick", no_argument, NULL, OPTION_QUICK},
                                        {"help", no_argument, NULL, OPTION_HELP},
                                        {"version", no_argument, NULL, OPTION_VERSION},
                                        {NULL, 0, NULL, 0}};

struct arguments {
    const char *json_file;
    bool help;
    bool version;
};

/* False, having said why, when the command line is wrong. */
static bool read_arguments(struct arguments *arguments, struct bench *bench, int argc, char **argv)
{
    char *end;

    for (;;) {
        switch (getopt_long(argc, argv, "", options, NULL)) {
        case OPTION_ROUNDS:
            bench->effort.rounds = strtoul(optarg, &end, 10);
            if (*end || bench->effort.rounds < 1 || bench->effort.rounds > MOST_ROUNDS) {
                fprintf(stderr, "hostmem-bench: --rounds takes 1 to %d\n", MOST_ROUNDS);
                return false;
            }
            break;
        case OPTION_JSON:
            arguments->json_file = optarg;
            break;
        case OPTION_QUICK:
            bench->quick = true;
            bench->effort = (struct effort){.rounds = 3, .seconds = 1e-4};
            break;
        case OPTION_HELP:
            arguments->help = true;
            break;
        case OPTION_VERSION:
            arguments->version = true;
            break;
        case -1:
            if (optind == argc)
                return true;
            fprintf(stderr, "hostmem-bench: %s is too much\n", argv[optind]);
            return false;
        default:
            return false;
        }
    }
}

bool bench_compare(const struct bench *bench, const struct comparison *comparison)
{
    struct figures figures;

    if (!measure(comparison, &bench->effort, &figures)) {
        fprintf(stderr, "%s, %u threads: it went wrong.\n", comparison->name, comparison->threads);
        return false;
    }
    table_line(bench->lines, comparison, &figures);
    return true;
}

/* After all that, the books must be exact, and nothing be left. */
static bool check_books(const struct bench *bench)
{
    HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};

    if (IHostMemInspection_Audit(bench->inspection, &audit, NULL, NULL) != S_OK || audit.Regions) {
        fputs("The audit finds differences, or regions that should be gone.\n", stderr);
        return false;
    }
    puts("\nEverything is given back, and the audit finds no difference.");
    return true;
}

static bool run(struct bench *bench)
{
    bool done;

    if (HostMemCreateManager(NULL, &bench->manager) != S_OK ||
        IHostMemoryManager_QueryInterface(bench->manager, &IID_IHostMemInspection,
                                          (void **)&bench->inspection) != S_OK) {
        fputs("No manager can be made.\n", stderr);
        return false;
    }
    table_begin(&bench->effort);
    done = bench_pages(bench) && bench_find(bench) && bench_heap(bench) && check_books(bench);
    IHostMemInspection_Release(bench->inspection);
    IHostMemoryManager_Release(bench->manager);
    return done;
}

static bool run_with_json(struct bench *bench, const char *path)
{
    bool done;

    bench->lines = json_array();
    done = run(bench);
    if (done && !table_write_json(path, &bench->effort, bench->lines)) {
        fprintf(stderr, "%s cannot be written.\n", path);
        done = false;
    }
    json_decref(bench->lines);
    return done;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct bench bench = {.effort = {.rounds = 101, .seconds = 2e-3}};
    bool done;

    if (!read_arguments(&arguments, &bench, argc, argv))
        return EXIT_USAGE;
    if (arguments.help)
        return fputs(help, stdout) < 0;
    if (arguments.version)
        return puts("hostmem-bench " HOSTMEM_VERSION_TEXT) < 0;
    done = arguments.json_file ? run_with_json(&bench, arguments.json_file) : run(&bench);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
