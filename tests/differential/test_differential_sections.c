/*
 * test_differential_sections.c: a redirected module and Win32 are asked for the same about sections
 * of the paging file, their handles and views, step after random step: the answers, the last
 * errors, what VirtualQuery says, and the manager's books must agree (section_books.h).
 *
 * Usage: test_differential_sections [--seed NUMBER] [--steps NUMBER]
 *
 * As in test_differential, half of the steps come from a fixed seed, and half from the clock. A
 * sequence that shows a difference is made shorter, and printed.
 */
#include "section_books.h"
#include "section_generate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXED_SEED UINT64_C(0x20261201)
#define STEPS 3600
#define INTERVAL 24 /* steps between two comparisons of everything */
#define LENGTH 240  /* of a sequence */

static struct {
    uint64_t fixed_seed, clock_seed;
    size_t steps; /* of each */
    bool one;     /* the first seed alone */
} plan = {.fixed_seed = FIXED_SEED, .steps = STEPS / 2};

static const char *const kind_names[SECTION_KINDS] = {
    "make", "open",  "duplicate", "guard", "close",   "close unseen",
    "map",  "unmap", "alloc",     "free",  "protect", "write"};

/* What a play has found. */
struct found {
    const char *what; /* NULL: no difference */
    size_t step;
    struct section_answer ours, theirs;
};

static struct {
    size_t done, failed, skipped;
} tallies[SECTION_KINDS];

/* ------------------------------------------------------------------------------------------------
 * Playing
 * --------------------------------------------------------------------------------------------- */

static const char *compare_answers(const struct section_answer *ours,
                                   const struct section_answer *theirs)
{
    if (ours->done != theirs->done)
        return "whether it is done";
    if (ours->last_error != theirs->last_error)
        return "the last error";
    return ours->figure != theirs->figure ? "what was handed out" : NULL;
}

static const char *compare_after(const struct section_books *books,
                                 const struct section_twins *twins, const struct section_step *step,
                                 bool all)
{
    bool about_view = step->place == SECTION_AT_VIEW || step->kind == SECTION_MAP;
    const char *what = all          ? section_compare_views(twins, 0, SECTION_VIEWS - 1)
                       : about_view ? section_compare_views(twins, step->target, step->target)
                                    : NULL;

    if (!what && (all || step->place == SECTION_AT_WINDOW))
        what = section_compare_window(twins);
    if (!what)
        what = section_books_compare(books, twins);
    if (!what && all)
        what = section_books_audit(books, twins);
    return what;
}

static const char *play_step(struct section_books *books, struct section_twins *twins,
                             const struct section_step *step, bool all, struct found *found)
{
    const char *what;

    found->ours = found->theirs = (struct section_answer){.given = false};
    if (!section_can_be_asked(twins, step)) {
        tallies[step->kind].skipped++;
        return NULL;
    }
    found->ours = section_ask(&twins->ours, step);
    found->theirs = section_ask(&twins->theirs, step);
    tallies[step->kind].done += found->theirs.done;
    tallies[step->kind].failed += !found->theirs.done;
    what = compare_answers(&found->ours, &found->theirs);
    if (what)
        return what;
    section_books_learn(books, twins, step, &found->theirs);
    return compare_after(books, twins, step, all);
}

/* Ends what a play has left, and checks that the books have nothing but handles closed unseen. */
static const char *end(struct section_books *books, struct section_twins *twins, bool same)
{
    HOSTMEM_STATISTICS statistics;
    const char *what = NULL;

    section_twins_close(twins);
    statistics = statistics_of(&twins->looker->subject);
    if (same && (statistics.SectionViews.Now || statistics.MappedRanges.Now ||
                 (statistics.Sections.Now && !books->unseen_count) || statistics.Reserved.Now))
        what = "the books in the end";
    free(books);
    return what;
}

/* Generates steps into the sequence (generator), or plays those that it has (NULL). */
static struct found play(struct looker *looker, struct section_generator *generator,
                         struct section_sequence *sequence)
{
    struct section_books *books = calloc(1, sizeof(*books));
    size_t count = generator ? LENGTH : sequence->count;
    struct section_twins twins;
    struct found found = {NULL, 0, {0}, {0}};
    const char *last;

    assert_non_null(books);
    section_twins_open(&twins, looker);
    for (size_t i = 0; i < count && !found.what; i++) {
        if (generator)
            sequence->steps[i] = section_generate(generator, &twins);
        found.step = i;
        found.what = play_step(books, &twins, &sequence->steps[i],
                               !generator || i % INTERVAL == INTERVAL - 1, &found);
    }
    last = end(books, &twins, !found.what);
    if (!found.what)
        found.what = last;
    sequence->count = found.what ? found.step + 1 : count;
    return found;
}

/* ------------------------------------------------------------------------------------------------
 * Shortening and printing
 * --------------------------------------------------------------------------------------------- */

static bool shows(struct looker *looker, struct section_sequence *sequence, const char *what)
{
    struct found found = play(looker, NULL, sequence);

    return found.what && strcmp(found.what, what) == 0;
}

/* Leaves out steps, first many at once, for as long as the difference shows. */
static void shorten(struct looker *looker, struct section_sequence *sequence, const char *what)
{
    static struct section_sequence shorter;

    for (size_t count = sequence->count / 2; count > 0; count /= 2) {
        for (size_t at = sequence->count; at > 0;) {
            size_t left;

            at = at > count ? at - count : 0;
            left = at < sequence->count ? sequence->count - at : 0;
            left = left > count ? left - count : 0;
            shorter = *sequence;
            memmove(&shorter.steps[at], &shorter.steps[at + count],
                    left * sizeof(shorter.steps[0]));
            shorter.count = at + left;
            if (shows(looker, &shorter, what))
                *sequence = shorter;
        }
    }
}

static void print_sequence(const struct section_sequence *sequence)
{
    for (size_t i = 0; i < sequence->count; i++) {
        const struct section_step *step = &sequence->steps[i];

        print_error(
            "  %-12s place %d + 0x%" PRIxPTR ", handle %u, target %u, name %u, from 0x%" PRIx64
            ", size 0x%" PRIx64 ", type 0x%lx, protect 0x%lx\n",
            kind_names[step->kind], (int)step->place, step->offset, step->handle, step->target,
            step->name, (uint64_t)step->from, (uint64_t)step->size, step->type, step->protect);
    }
}

static void report(struct looker *looker, uint64_t seed, struct section_sequence *sequence,
                   const struct found *found)
{
    struct found again;

    print_error("after step %u: %s; ours: %d, error %lu, 0x%" PRIx64 "; Win32's: %d, error %lu, "
                "0x%" PRIx64 "\n",
                (unsigned)found->step + 1, found->what, found->ours.done, found->ours.last_error,
                (uint64_t)found->ours.figure, found->theirs.done, found->theirs.last_error,
                (uint64_t)found->theirs.figure);
    shorten(looker, sequence, found->what);
    again = play(looker, NULL, sequence);
    print_error("shortened%s:\n", again.what ? "" : " (played again, it shows no difference)");
    print_sequence(sequence);
    fail_msg("hostmem and Win32 differ: --seed 0x%" PRIx64 " --steps 1", seed);
}

static void explore(struct looker *looker, uint64_t seed)
{
    static struct section_sequence sequence;

    memset(tallies, 0, sizeof(tallies));
    for (size_t number = 0; number * LENGTH < plan.steps; number++) {
        uint64_t own_seed = seed + number * UINT64_C(0x9e3779b97f4a7c15);
        struct section_generator generator = section_generate_from(own_seed);
        struct found found = play(looker, &generator, &sequence);

        if (found.what)
            report(looker, own_seed, &sequence, &found);
    }
    for (int kind = 0; kind < SECTION_KINDS; kind++)
        print_message("%-12s %6u done %6u failed %6u skipped\n", kind_names[kind],
                      (unsigned)tallies[kind].done, (unsigned)tallies[kind].failed,
                      (unsigned)tallies[kind].skipped);
}

static void every_step_from_the_fixed_seed_is_answered_as_by_win32(void **state)
{
    explore(*state, plan.fixed_seed);
}

static void every_step_from_the_clock_s_seed_is_answered_as_by_win32(void **state)
{
    if (plan.one)
        skip();
    explore(*state, plan.clock_seed);
}

/* ------------------------------------------------------------------------------------------------
 * The command line
 * --------------------------------------------------------------------------------------------- */

static bool read_plan(int count, char **arguments)
{
    for (int i = 1; i + 1 < count; i += 2) {
        uint64_t number = strtoull(arguments[i + 1], NULL, 0);

        if (strcmp(arguments[i], "--seed") == 0) {
            plan.fixed_seed = number;
            plan.one = true;
        } else if (strcmp(arguments[i], "--steps") == 0 && number) {
            plan.steps = (size_t)number;
        } else {
            return false;
        }
    }
    return count % 2 == 1;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        looker_promise(every_step_from_the_fixed_seed_is_answered_as_by_win32),
        looker_promise(every_step_from_the_clock_s_seed_is_answered_as_by_win32),
    };
    FILETIME now;

    if (!read_plan(count, arguments)) {
        fprintf(stderr, "usage: %s [--seed NUMBER] [--steps NUMBER]\n", arguments[0]);
        return 2;
    }
    GetSystemTimeAsFileTime(&now);
    plan.clock_seed = (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
    print_message("seeds 0x%" PRIx64 " and 0x%" PRIx64 "\n", plan.fixed_seed, plan.clock_seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
