/*
 * expected.c: the demo's results are counted here anew: see Demo.cs for what a harvest is.
 */
#include "expected.h"

#include <stdio.h>
#include <string.h>

enum {
    KEEP_EVERY = 4,
    TABLE_MEBIBYTES = 4
};

static long long harvest_sum(int seed)
{
    long long sum = 32767LL * 32768 / 2; /* nodes numbered from 1 */

    for (int i = 0; i < TABLE_MEBIBYTES << 20; i++)
        sum += (unsigned char)(i % 251 + seed);
    return sum;
}

static void print_demo_line(char line[128], int thread, int rounds)
{
    long long total = 0;
    long long kept = 0;

    for (int round = 0; round < rounds; round++) {
        long long sum = harvest_sum(thread * 1000 + round);

        total += sum;
        kept += round % KEEP_EVERY == KEEP_EVERY - 1 ? sum : 0;
    }
    snprintf(line, 128, "  thread %d: grew %d trees, sum %lld; kept %d, sum %lld\n", thread, rounds,
             total, rounds / KEEP_EVERY, kept);
}

void check_demo_output(const struct run *run, int threads, int rounds)
{
    int kept = threads * (rounds / KEEP_EVERY);
    char line[128];

    snprintf(line, sizeof(line), "%d threads grow %d trees each: ", threads, rounds);
    check_run(run, strncmp(run->output, line, strlen(line)) == 0);
    for (int thread = 1; thread <= threads; thread++) {
        print_demo_line(line, thread, rounds);
        check_run(run, strstr(run->output, line));
    }
    snprintf(line, sizeof(line), "\n%d of %d trees are kept, with %d MiB of tables\n", kept,
             threads * rounds, kept * TABLE_MEBIBYTES);
    check_run(run, strstr(run->output, line));
}

void check_books(const struct run *run)
{
    check_run(run, strcmp(report_text(run, "statistics.status"), "open") == 0);
    check_run(run, strcmp(report_text(run, "audit.result"), "0x00000000") == 0);
    check_run(run, report_integer(run, "audit.difference_count") == 0);
    check_run(run, report_integer(run, "audit.busy") == 0);
    check_run(run, json_is_true(report_member(run, "audit.totals_compared")));
    check_run(run, occurrences(run->errors, "Audit: no difference") == 1);
}

json_int_t sum_of(const json_t *array, const char *member)
{
    json_int_t sum = 0;

    for (size_t i = 0; i < json_array_size(array); i++)
        sum += json_integer_value(json_object_get(json_array_get(array, i), member));
    return sum;
}

void check_agreement(const struct run *run)
{
    const json_t *regions = report_member(run, "regions");
    json_int_t reserved = report_integer(run, "statistics.reserved.now");
    json_int_t committed = report_integer(run, "statistics.committed.now");
    json_int_t in_sections = sum_of(report_member(run, "sections"), "committed");

    check_run(run, (json_int_t)json_array_size(regions) ==
                       report_integer(run, "statistics.regions.now"));
    check_run(run, sum_of(regions, "size") == reserved);
    check_run(run, sum_of(regions, "committed") + in_sections == committed);
    check_run(run, in_sections == report_integer(run, "statistics.section_bytes.now"));
    check_run(run, report_integer(run, "audit.reserved_bytes") == reserved);
    check_run(run, report_integer(run, "audit.committed_bytes") + in_sections == committed);
    check_run(run, report_integer(run, "process.owned.reserved") == reserved);
    check_run(run, report_integer(run, "process.owned.committed") + in_sections == committed);
    check_run(run, report_integer(run, "statistics.reserved.peak") >= reserved);
    check_run(run, report_integer(run, "statistics.committed.peak") >= committed);
}
