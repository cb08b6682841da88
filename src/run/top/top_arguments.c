/*
 * top_arguments.c: read by getopt_long from a UTF-8 copy of the command line.
 */
#include "run/top/top_arguments.h"

#include "base/exit_code.h"
#include "base/startup_alloc.h"
#include "base/wide.h"

#include <getopt.h>
#include <stdlib.h>

const char top_arguments_help[] =
    "Usage: hostmem-top [options] [PROCESS]\n"
    "\n"
    "Shows the memory of the processes that run under hostmem, or the report of the one with\n"
    "that identifier as it would be now. It only reads. You see your own processes.\n"
    "\n"
    "  --once        show it once and end; otherwise it is shown anew until Ctrl+C\n"
    "  --interval N  every N seconds (2)\n"
    "  --json        for machines, once: an array of reports as hostmem-run --json writes\n"
    "  --help        print this and end\n"
    "  --version     print hostmem-top's version and end\n"
    "\n"
    "Exit codes:\n"
    "  0    it was shown, also if no process runs under hostmem\n"
    "  240  the command line is wrong\n"
    "  241  there is no such process, or it does not run under hostmem\n"
    "  243  the process is of the other bitness: the other hostmem-top shows it\n"
    "  246  the books of the process make no sense\n"
    "  247  standard output cannot be written to\n"
    "  249  there is no memory\n";

enum {
    INTERVAL_MOST = 24 * 60 * 60,
    INTERVAL_USUAL = 2
};

enum option_code {
    OPTION_ONCE = 1,
    OPTION_INTERVAL,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option options[] = {{"once", no_argument, NULL, OPTION_ONCE},
                                        {"interval", required_argument, NULL, OPTION_INTERVAL},
                                        {"json", no_argument, NULL, OPTION_JSON},
                                        {"help", no_argument, NULL, OPTION_HELP},
                                        {"version", no_argument, NULL, OPTION_VERSION},
                                        {NULL, 0, NULL, 0}};

/* A decimal number from 1 to most; 0: it is none. */
static unsigned long number(const char *text, unsigned long most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    return *text < '0' || *text > '9' || *end || value > most ? 0 : value;
}

static int take_option(struct top_arguments *arguments, int code, const char *text)
{
    switch (code) {
    case OPTION_ONCE:
        arguments->once = true;
        return GO_ON;
    case OPTION_INTERVAL:
        arguments->interval = (unsigned)number(optarg, INTERVAL_MOST);
        return arguments->interval ? GO_ON
                                   : fail(EXIT_CODE_USAGE,
                                          "the option --interval wants a number of seconds such as "
                                          "5, not \"%s\".",
                                          optarg);
    case OPTION_JSON:
        arguments->json = arguments->once = true;
        return GO_ON;
    case OPTION_HELP:
        arguments->help = true;
        return GO_ON;
    case OPTION_VERSION:
        arguments->version = true;
        return GO_ON;
    default:
        return fail(EXIT_CODE_USAGE,
                    "the option %s is not one of hostmem-top's, or lacks its value; try "
                    "hostmem-top --help.",
                    text);
    }
}

int top_arguments_read(struct top_arguments *arguments, int argc, wchar_t **argv)
{
    char **copies = startup_alloc(((size_t)argc + 1) * sizeof(*copies));
    int code = GO_ON;

    *arguments = (struct top_arguments){.interval = INTERVAL_USUAL};
    for (int i = 0; i < argc; i++)
        copies[i] = utf8_from_wide(argv[i]);
    opterr = 0; /* the messages are hostmem-top's */
    while (code == GO_ON) {
        int at = optind;
        int option = getopt_long(argc, copies, "+:", options, NULL);

        if (option == -1)
            break;
        code = take_option(arguments, option, copies[at]);
    }
    if (code != GO_ON || optind == argc)
        return code;
    arguments->process = number(copies[optind], 0xffffffffu);
    if (!arguments->process || optind + 1 < argc)
        return fail(EXIT_CODE_USAGE,
                    "one identifier of a process is wanted, such as 1234, not "
                    "\"%s\".",
                    copies[argc - 1]);
    return GO_ON;
}
