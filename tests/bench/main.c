/*
 * main.c: hostmem-bench, from the command line to the exit code.
 */
#include <initguid.h>

#include "options.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

#define EXIT_USAGE 2

static size_t count_wanted(const struct options *options)
{
    const struct pattern *pattern;
    size_t count = 0;

    for (size_t i = 0; (pattern = pattern_at(i)); i++)
        count += options_want(options, pattern);
    return count;
}

static bool list(const struct options *options)
{
    const struct pattern *pattern;

    for (size_t i = 0; (pattern = pattern_at(i)); i++)
        if (options_want(options, pattern))
            printf("%s, %u threads\n", pattern->name, pattern->threads);
    return true;
}

static bool run_pattern(const struct options *options, const struct pattern *pattern, json_t *all)
{
    struct figures figures;
    bool done = measure(pattern, &options->effort, &figures);

    progress_hide();
    if (!done) {
        fprintf(stderr, "hostmem-bench: %s with %u threads went wrong\n", pattern->name,
                pattern->threads);
        return false;
    }
    if (!options->json_file || strcmp(options->json_file, "-") != 0)
        table_line(pattern, &figures);
    return json_add(all, pattern, &figures);
}

/* Goes on after a pattern that went wrong: the other figures are still good. */
static bool run_patterns(const struct options *options, json_t *all)
{
    const struct pattern *pattern;
    size_t count = count_wanted(options);
    size_t number = 0;
    bool done = true;

    if (!options->json_file || strcmp(options->json_file, "-") != 0)
        table_begin(&options->effort);
    for (size_t i = 0; (pattern = pattern_at(i)); i++) {
        if (!options_want(options, pattern))
            continue;
        progress_show(pattern, ++number, count);
        done = run_pattern(options, pattern, all) && done;
    }
    return done;
}

static bool run(const struct options *options)
{
    json_t *all = json_begin(&options->effort);
    bool done;

    if (!all) {
        fputs("hostmem-bench: there is no memory\n", stderr);
        return false;
    }
    done = run_patterns(options, all);
    if (options->json_file)
        done = json_write(all, options->json_file) && done;
    json_decref(all);
    return done;
}

int main(int argc, char **argv)
{
    struct options options;

    if (!options_read(&options, argc, argv))
        return EXIT_USAGE;
    if (options.help)
        return fputs(options_help, stdout) < 0;
    if (options.version)
        return puts("hostmem-bench " HOSTMEM_VERSION_TEXT) < 0;
    if (count_wanted(&options) == 0) {
        fprintf(stderr, "hostmem-bench: no pattern is named %s; --list names all\n",
                options.filter);
        return EXIT_USAGE;
    }
    return (options.list ? list(&options) : run(&options)) ? EXIT_SUCCESS : EXIT_FAILURE;
}
