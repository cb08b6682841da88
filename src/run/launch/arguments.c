/*
 * arguments.c: getopt_long reads the options from a UTF-8 copy of the command line. The program's
 * own arguments are taken from the original, which may hold what UTF-8 cannot.
 */
#include "run/launch/arguments.h"

#include "base/exit_code.h"
#include "base/size_parse.h"
#include "base/startup_alloc.h"
#include "base/version.h"
#include "base/wide.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
    INTERVAL_MOST = 24 * 60 * 60 /* seconds */
};

enum option_code {
    OPTION_RUNTIME = 1,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_HEAP,
    OPTION_CALLERS,
    OPTION_CHECK,
    OPTION_HARDEN,
    OPTION_GUARD,
    OPTION_LIMIT,
    OPTION_RESERVE,
    OPTION_LIMIT_RESERVED,
    OPTION_PRESSURE,
    OPTION_OF_HOST,
    OPTION_CLR,
    OPTION_CALL,
    OPTION_EXPLAIN,
    OPTION_INTERVAL,
    OPTION_KILL_WITH_PARENT,
    OPTION_MODULE,
    OPTION_NO_WRITE_XOR_EXECUTE,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option options[] = {
    {"runtime", required_argument, NULL, OPTION_RUNTIME},
    {"json", required_argument, NULL, OPTION_JSON},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"heap", no_argument, NULL, OPTION_HEAP},
    {"callers", no_argument, NULL, OPTION_CALLERS},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"harden", no_argument, NULL, OPTION_HARDEN},
    {"guard", required_argument, NULL, OPTION_GUARD},
    {"limit", required_argument, NULL, OPTION_LIMIT},
    {"reserve", required_argument, NULL, OPTION_RESERVE},
    {"limit-reserved", required_argument, NULL, OPTION_LIMIT_RESERVED},
    {"pressure", required_argument, NULL, OPTION_PRESSURE},
    {"additionalprobingpath", required_argument, NULL, OPTION_OF_HOST},
    {"depsfile", required_argument, NULL, OPTION_OF_HOST},
    {"runtimeconfig", required_argument, NULL, OPTION_OF_HOST},
    {"fx-version", required_argument, NULL, OPTION_OF_HOST},
    {"roll-forward", required_argument, NULL, OPTION_OF_HOST},
    {"roll-forward-on-no-candidate-fx", required_argument, NULL, OPTION_OF_HOST},
    {"clr", required_argument, NULL, OPTION_CLR},
    {"call", required_argument, NULL, OPTION_CALL},
    {"explain", no_argument, NULL, OPTION_EXPLAIN},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"kill-with-parent", no_argument, NULL, OPTION_KILL_WITH_PARENT},
    {"module", required_argument, NULL, OPTION_MODULE},
    {"no-write-xor-execute", no_argument, NULL, OPTION_NO_WRITE_XOR_EXECUTE},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0}};

static char **utf8_copies(int count, wchar_t **texts)
{
    char **copies = startup_alloc(((size_t)count + 1) * sizeof(*copies));

    for (int i = 0; i < count; i++)
        copies[i] = utf8_from_wide(texts[i]);
    return copies;
}

static int refuse_size(const char *option, const char *text)
{
    return fail(EXIT_CODE_USAGE, "the option %s wants a size such as 4096, 64K or 1M, not \"%s\".",
                option, text);
}

/* 0 stands for an option that was not given. */
static int take_size(uint64_t *size, const char *option, const char *text)
{
    if (!size_parse(text, size) || !*size)
        return refuse_size(option, text);
    return GO_ON;
}

static int take_guard(struct arguments *arguments, const char *text)
{
    uint64_t size = 0;
    int code = take_size(&size, "--guard", text);

    if (code == GO_ON && size > SIZE_MAX)
        code = refuse_size("--guard", text);
    arguments->guard_above = (size_t)size;
    return code;
}

static int take_reserve(struct arguments *arguments, const char *text)
{
    if (!size_parse(text, &arguments->reserve))
        return refuse_size("--reserve", text);
    arguments->has_reserve = true;
    return GO_ON;
}

/* Reads a percentage and moves *text behind it. */
static bool take_percent(const char **text, unsigned *percent)
{
    char *end;
    unsigned long value;

    if (**text < '0' || **text > '9')
        return false;
    value = strtoul(*text, &end, 10);
    *text = end;
    *percent = (unsigned)value;
    return value >= 1 && value <= 100;
}

static int take_pressure(struct arguments *arguments, const char *text)
{
    const char *at = text;

    if (!strcmp(text, "off")) {
        arguments->no_pressure = true;
        return GO_ON;
    }
    if (take_percent(&at, &arguments->low_percent) && *at++ == ',' &&
        take_percent(&at, &arguments->high_percent) && !*at &&
        arguments->high_percent < arguments->low_percent) {
        arguments->no_pressure = false;
        return GO_ON;
    }
    return fail(EXIT_CODE_USAGE,
                "the option --pressure wants two percentages such as 90,70, the larger one first, "
                "or \"off\", not \"%s\".",
                text);
}

/* Checks that need all options. */
static int check_limits(const struct arguments *arguments)
{
    if (arguments->has_reserve && !arguments->limit)
        return fail(EXIT_CODE_USAGE, "the option --reserve wants --limit, too.");
    if (arguments->low_percent && !arguments->limit)
        return fail(EXIT_CODE_USAGE, "the option --pressure LOW,HIGH wants --limit, too.");
    if (arguments->has_reserve && arguments->reserve >= arguments->limit)
        return fail(EXIT_CODE_USAGE, "the option --reserve leaves nothing of --limit.");
    return GO_ON;
}

static int refuse_option(int code, const char *text)
{
    const char *problem = "is not one of hostmem-run's";

    if (code == ':')
        problem = strchr(text, '=') ? "takes no value" : "lacks its value";
    return fail(EXIT_CODE_USAGE, "the option %s %s; try hostmem-run --help.", text, problem);
}

/* Three numbers with dots between them, with or without a leading v. */
static int take_clr(struct arguments *arguments, const char *text)
{
    const wchar_t *number = wide_from_utf8(*text == 'v' ? text + 1 : text);

    if (!version_is_one(number) || wcschr(number, L'-'))
        return fail(EXIT_CODE_USAGE,
                    "the option --clr wants a version such as v4.0.30319, not \"%s\".", text);
    arguments->clr = wide_concatenate(L"v", number, L"");
    return GO_ON;
}

/* The last dot stands between type and method. */
static int take_call(struct arguments *arguments, const char *text)
{
    wchar_t *type = wide_from_utf8(text);
    wchar_t *dot = wcsrchr(type, L'.');

    if (!dot || dot == type || !dot[1])
        return fail(EXIT_CODE_USAGE,
                    "the option --call wants a method such as Namespace.Type.Method, not \"%s\".",
                    text);
    *dot = L'\0';
    arguments->call_type = type;
    arguments->call_method = dot + 1;
    return GO_ON;
}

/* Kept in the order in which they were given. */
static int take_host_option(struct arguments *arguments, const char *name)
{
    arguments->host_options[arguments->host_option_count++] =
        wide_concatenate(L"--", wide_from_utf8(name), L"");
    arguments->host_options[arguments->host_option_count++] = wide_from_utf8(optarg);
    return GO_ON;
}

static int take_module(struct arguments *arguments, const char *text)
{
    if (arguments->wanted_module_count == ARGUMENTS_MODULES)
        return fail(EXIT_CODE_USAGE, "the option --module can be given %d times at most.",
                    ARGUMENTS_MODULES);
    if (!*text || strpbrk(text, "\\/"))
        return fail(EXIT_CODE_USAGE,
                    "the option --module wants the name of a DLL's file, such as engine.dll, not "
                    "\"%s\".",
                    text);
    arguments->wanted_modules[arguments->wanted_module_count++] = wide_from_utf8(text);
    return GO_ON;
}

static int take_interval(struct arguments *arguments, const char *text)
{
    char *end;
    unsigned long seconds = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || seconds < 1 || seconds > INTERVAL_MOST)
        return fail(EXIT_CODE_USAGE,
                    "the option --interval wants a number of seconds such as 5, not \"%s\".", text);
    arguments->interval = (unsigned)seconds;
    return GO_ON;
}

/* Options without a value. False: it is none of them. */
static bool take_switch(struct arguments *arguments, int code)
{
    switch (code) {
    case OPTION_QUIET:
        return arguments->quiet = true;
    case OPTION_HEAP:
        return arguments->heap = true;
    case OPTION_CALLERS:
        return arguments->heap = arguments->callers = true;
    case OPTION_CHECK:
        return arguments->heap = arguments->check = true;
    case OPTION_HARDEN:
        return arguments->heap = arguments->harden = true;
    case OPTION_EXPLAIN:
        return arguments->explain = true;
    case OPTION_KILL_WITH_PARENT:
        return arguments->ends_with_parent = true;
    case OPTION_NO_WRITE_XOR_EXECUTE:
        return arguments->no_write_xor_execute = true;
    case OPTION_HELP:
        return arguments->help = true;
    case OPTION_VERSION:
        return arguments->version = true;
    default:
        return false;
    }
}

/* text: the option as it was given. name: its full name. */
static int take_option(struct arguments *arguments, int code, const char *text, const char *name)
{
    if (take_switch(arguments, code))
        return GO_ON;
    switch (code) {
    case OPTION_RUNTIME:
        arguments->runtime = wide_from_utf8(optarg);
        return GO_ON;
    case OPTION_JSON:
        arguments->json_file = wide_from_utf8(optarg);
        return GO_ON;
    case OPTION_GUARD:
        arguments->heap = true;
        return take_guard(arguments, optarg);
    case OPTION_LIMIT:
        return take_size(&arguments->limit, "--limit", optarg);
    case OPTION_RESERVE:
        return take_reserve(arguments, optarg);
    case OPTION_LIMIT_RESERVED:
        return take_size(&arguments->limit_reserved, "--limit-reserved", optarg);
    case OPTION_PRESSURE:
        return take_pressure(arguments, optarg);
    case OPTION_OF_HOST:
        return take_host_option(arguments, name);
    case OPTION_CLR:
        return take_clr(arguments, optarg);
    case OPTION_CALL:
        return take_call(arguments, optarg);
    case OPTION_INTERVAL:
        return take_interval(arguments, optarg);
    case OPTION_MODULE:
        return take_module(arguments, optarg);
    default:
        return refuse_option(code, text);
    }
}

int arguments_read(struct arguments *arguments, int argc, wchar_t **argv)
{
    char **copies = utf8_copies(argc, argv);
    int code;

    opterr = 0; /* the messages are hostmem-run's */
    arguments->host_options = startup_alloc(((size_t)argc * 2 + 1) * sizeof(wchar_t *));
    for (;;) {
        int at = optind;
        int number = 0;
        int option = getopt_long(argc, copies, "+:", options, &number);

        if (option == -1)
            break;
        code = take_option(arguments, option, copies[at], options[number].name);
        if (code != GO_ON)
            return code;
    }
    code = check_limits(arguments);
    if (code != GO_ON)
        return code;
    if (optind < argc) {
        arguments->program = argv[optind];
        arguments->program_number = optind;
        arguments->program_argument_count = argc - optind - 1;
        arguments->program_arguments = argv + optind + 1;
        return GO_ON;
    }
    if (arguments->help || arguments->version)
        return GO_ON;
    return fail(EXIT_CODE_USAGE, "no program is named; try hostmem-run --help.");
}
