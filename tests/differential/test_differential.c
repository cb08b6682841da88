/*
 * test_differential.c: invariants I1, I3, I5 and I6 against Win32 itself: a manager and Win32 are
 * asked for the same, step after random step, in two windows of address space that lie alike. After
 * every step the answers, the pages and the books must agree (compare.h, oracle.h).
 *
 * Usage: test_differential [--seed NUMBER] [--steps NUMBER]
 *
 * Half of the steps come from a fixed seed, half from one that the clock gives, unless a seed is
 * given. Sequences of 200 to 500 steps have seeds of their own, which are derived from it; that of
 * the first is the seed itself. A sequence that shows a difference is shrunk and printed as C.
 */
#include "play.h"
#include "print.h"
#include "shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXED_SEED UINT64_C(0x20261126)
#define STEPS 150000

static struct {
    uint64_t fixed_seed, clock_seed, given_seed;
    size_t steps; /* of each */
} plan = {.fixed_seed = FIXED_SEED, .steps = STEPS / 2};

/* ------------------------------------------------------------------------------------------------
 * What was asked
 * --------------------------------------------------------------------------------------------- */

/* How often steps of a kind were granted, refused by Win32, refused as foreign, and impossible. */
struct tally {
    size_t granted, failed, foreign, skipped;
};

static void count_answer(struct tally *tally, const struct answer *answer)
{
    if (!answer->given)
        tally->skipped++;
    else if (answer->hr == S_OK)
        tally->granted++;
    else if (answer->hr == HOST_E_INVALIDOPERATION)
        tally->foreign++;
    else
        tally->failed++;
}

static void print_tally(const struct tally tallies[STEP_KINDS])
{
    static const char *const names[STEP_KINDS] = {"alloc",       "free",        "protect",
                                                  "query",       "write",       "get watch",
                                                  "reset watch", "alien alloc", "alien free"};

    print_message("             granted  failed foreign skipped\n");
    for (int kind = 0; kind < STEP_KINDS; kind++)
        print_message("%-12s %7u %7u %7u %7u\n", names[kind], (unsigned)tallies[kind].granted,
                      (unsigned)tallies[kind].failed, (unsigned)tallies[kind].foreign,
                      (unsigned)tallies[kind].skipped);
}

/* ------------------------------------------------------------------------------------------------
 * Sequences
 * --------------------------------------------------------------------------------------------- */

static uint64_t seed_of(uint64_t seed, size_t number)
{
    return seed + number * UINT64_C(0x9e3779b97f4a7c15);
}

static size_t length_of(uint64_t seed)
{
    return 200 + (size_t)(seed % 301);
}

#define MOST_TEXT ((size_t)256 << 10)

/* Shrinks the sequence and prints it; ends the test. */
static void report(uint64_t seed, struct sequence *sequence, struct outcome *outcome)
{
    struct printed printed = {calloc(MOST_TEXT, 1), MOST_TEXT, 0};

    assert_non_null(printed.text);
    print_difference(&printed, sequence, outcome);
    fprintf(stderr, "%s/* seed 0x%" PRIx64 " */\n", printed.text, seed);
    printed.length = 0;
    if (!shrink(&shipped_manager, sequence, outcome))
        fprintf(stderr, "/* played again, the sequence shows no difference */\n");
    print_difference(&printed, sequence, outcome);
    print_steps(&printed, sequence);
    print_calls(&printed, sequence, outcome);
    fputs(printed.text, stderr);
    free(printed.text);
    fail_msg("hostmem and Win32 differ: --seed 0x%" PRIx64 " --steps 1", seed);
}

static void explore(uint64_t seed, size_t steps)
{
    static struct sequence sequence;
    static struct outcome outcome;
    struct tally tallies[STEP_KINDS] = {{0}};

    for (size_t number = 0, asked = 0; asked < steps; number++) {
        uint64_t own_seed = seed_of(seed, number);

        if (!play_random(&shipped_manager, own_seed, length_of(own_seed), &sequence, &outcome))
            report(own_seed, &sequence, &outcome);
        asked += outcome.asked;
        for (size_t i = 0; i < sequence.count; i++)
            count_answer(&tallies[sequence.steps[i].kind], &outcome.expected[i]);
    }
    print_tally(tallies);
}

static void every_step_from_the_fixed_seed_is_answered_as_by_win32(void **state)
{
    (void)state;
    explore(plan.fixed_seed, plan.steps);
}

static void every_step_from_the_clock_s_seed_is_answered_as_by_win32(void **state)
{
    (void)state;
    explore(plan.clock_seed, plan.steps);
}

static void every_step_from_the_given_seed_is_answered_as_by_win32(void **state)
{
    (void)state;
    explore(plan.given_seed, plan.steps);
}

/* ------------------------------------------------------------------------------------------------
 * The command line
 * --------------------------------------------------------------------------------------------- */

static uint64_t seed_from_clock(void)
{
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    return (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
}

static bool read_number(const char *text, uint64_t *number)
{
    char *end;

    *number = strtoull(text, &end, 0);
    return *text && !*end;
}

/* False: the command line makes no sense. */
static bool read_plan(int count, char **arguments, bool *has_seed)
{
    bool has_steps = false;
    uint64_t steps = 0;

    *has_seed = false;
    for (int i = 1; i + 1 < count; i += 2) {
        if (strcmp(arguments[i], "--seed") == 0 && read_number(arguments[i + 1], &plan.given_seed))
            *has_seed = true;
        else if (strcmp(arguments[i], "--steps") == 0 && read_number(arguments[i + 1], &steps))
            has_steps = true;
        else
            return false;
    }
    if (has_steps)
        plan.steps = (size_t)(*has_seed ? steps : steps / 2);
    else if (*has_seed)
        plan.steps = STEPS;
    return count % 2 == 1;
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest two_seeds[] = {
        cmocka_unit_test(every_step_from_the_fixed_seed_is_answered_as_by_win32),
        cmocka_unit_test(every_step_from_the_clock_s_seed_is_answered_as_by_win32),
    };
    const struct CMUnitTest one_seed[] = {
        cmocka_unit_test(every_step_from_the_given_seed_is_answered_as_by_win32),
    };
    bool has_seed;
    int failures;

    if (!read_plan(argument_count, arguments, &has_seed)) {
        fprintf(stderr, "Usage: %s [--seed NUMBER] [--steps NUMBER]\n", arguments[0]);
        return 2;
    }
    plan.clock_seed = seed_from_clock();
    if (has_seed)
        print_message("seed 0x%" PRIx64 "\n", plan.given_seed);
    else
        print_message("seeds 0x%" PRIx64 " and 0x%" PRIx64 "\n", plan.fixed_seed, plan.clock_seed);
    answer_watch_guards(true);
    failures = has_seed ? cmocka_run_group_tests(one_seed, NULL, NULL)
                        : cmocka_run_group_tests(two_seeds, NULL, NULL);
    answer_watch_guards(false);
    return failures;
}
