/*
 * test_differential_shrink.c: the differential test finds managers that are wrong in one thing
 * (wrong_manager.h), shrinks the sequence that shows it to a few steps, and prints it as C.
 */
#include "play.h"
#include "print.h"
#include "shrink.h"
#include "wrong_manager.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SEED UINT64_C(0x5eed)
#define SEQUENCES 100
#define LENGTH 300
#define MOST_LEFT 4

static struct sequence sequence;
static struct outcome outcome;

/* ------------------------------------------------------------------------------------------------
 * Managers that are wrong
 * --------------------------------------------------------------------------------------------- */

/* A sequence that shows what is wrong with them. Fails the test if there is none. */
static void find(enum wrong wrong)
{
    wrong_choose(wrong);
    for (uint64_t number = 0; number < SEQUENCES; number++) {
        if (!play_random(&wrong_manager, SEED + number, LENGTH, &sequence, &outcome))
            return;
    }
    fail_msg("wrong %s: not found by %d sequences from seed 0x%" PRIx64, wrong_names[wrong],
             SEQUENCES, SEED);
}

/* The shortest that it can be made. */
static void find_and_shrink(enum wrong wrong)
{
    find(wrong);
    if (!shrink(&wrong_manager, &sequence, &outcome))
        fail_msg("wrong %s: played again, the sequence shows no difference", wrong_names[wrong]);
}

static void each_wrong_manager_is_found_and_shrunk_to_four_steps(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < WRONGS; wrong++) {
        find_and_shrink((enum wrong)wrong);
        print_message("wrong %s: %u steps, %s\n", wrong_names[wrong], (unsigned)sequence.count,
                      outcome.difference.what);
        assert_between(sequence.count, 1, MOST_LEFT);
    }
}

static void a_shrunk_sequence_shows_the_same_each_time(void **state)
{
    static struct outcome again;

    (void)state;
    find_and_shrink(WRONG_DECOMMIT);
    for (int times = 0; times < 3; times++) {
        assert_false(play_again(&wrong_manager, &sequence, &again));
        assert_figure(again.step, sequence.count - 1);
        assert_string_equal(again.difference.what, outcome.difference.what);
        assert_figure(again.difference.actual, outcome.difference.actual);
        assert_figure(again.difference.expected, outcome.difference.expected);
        assert_figure(again.difference.offset, outcome.difference.offset);
    }
}

static void no_step_of_a_shrunk_sequence_can_be_left_out(void **state)
{
    (void)state;
    find_and_shrink(WRONG_DECOMMIT);
    for (size_t left_out = 0; left_out < sequence.count; left_out++) {
        static struct sequence shorter;
        static struct outcome shorter_outcome;

        shorter.count = 0;
        for (size_t i = 0; i < sequence.count; i++) {
            if (i != left_out)
                shorter.steps[shorter.count++] = sequence.steps[i];
        }
        assert_true(play_again(&wrong_manager, &shorter, &shorter_outcome));
    }
}

static void a_shrunk_sequence_shows_nothing_of_the_shipped_manager(void **state)
{
    static struct outcome right;

    (void)state;
    find_and_shrink(WRONG_SIZE);
    assert_true(play_again(&shipped_manager, &sequence, &right));
    assert_figure(right.asked, sequence.count);
}

static void the_same_seed_gives_the_same_steps(void **state)
{
    static struct sequence again;
    static struct outcome again_outcome;

    (void)state;
    assert_true(play_random(&shipped_manager, SEED, LENGTH, &sequence, &outcome));
    assert_true(play_random(&shipped_manager, SEED, LENGTH, &again, &again_outcome));
    assert_figure(again.count, sequence.count);
    for (size_t i = 0; i < sequence.count; i++) {
        assert_figure(again.steps[i].kind, sequence.steps[i].kind);
        assert_figure(again.steps[i].place, sequence.steps[i].place);
        assert_figure(again.steps[i].offset, sequence.steps[i].offset);
        assert_figure(again.steps[i].size, sequence.steps[i].size);
        assert_figure(again.steps[i].type, sequence.steps[i].type);
        assert_figure(again.steps[i].protect, sequence.steps[i].protect);
    }
    for (size_t i = 0; i < sequence.count; i++) {
        const struct answer *first = &outcome.expected[i], *second = &again_outcome.expected[i];

        assert_figure(second->given, first->given);
        assert_figure(second->hr, first->hr);
        assert_figure(second->last_error, first->last_error);
        assert_memory_equal(second->figures, first->figures, sizeof(first->figures));
    }
}

/* ------------------------------------------------------------------------------------------------
 * Random steps
 * --------------------------------------------------------------------------------------------- */

/* What must be among the steps, or the test sees less than it seems to. */
struct reached {
    unsigned granted[STEP_KINDS], failed[STEP_KINDS];
    unsigned foreign_frees;
    unsigned whole_chunks; /* regions that have a chunk to themselves */
    unsigned crossings;    /* commits and decommits in both of two chunks */
    unsigned guards;       /* struck */
    unsigned watched;      /* GetWriteWatch told of a page */
};

static bool is_across_chunks(const struct step *step)
{
    uintptr_t from_chunk = CHUNK - WINDOW_MARGIN + step->offset;

    return step->place == PLACE_WINDOW && step->size &&
           from_chunk / CHUNK != (from_chunk + step->size - 1) / CHUNK;
}

static void count_step(struct reached *reached, const struct step *step,
                       const struct answer *answer)
{
    bool granted = answer->hr == S_OK;
    bool changes = step->type == MEM_COMMIT || step->type == MEM_DECOMMIT;

    reached->granted[step->kind] += granted;
    reached->failed[step->kind] += !granted;
    reached->foreign_frees += answer->hr == HOST_E_INVALIDOPERATION;
    reached->whole_chunks += granted && step->kind == STEP_ALLOC && (step->type & MEM_RESERVE) &&
                             step->offset <= WINDOW_MARGIN && step->size >= CHUNK + WINDOW_MARGIN;
    reached->crossings += granted && changes && is_across_chunks(step);
    reached->guards += step->kind == STEP_WRITE && answer->figures[1];
    reached->watched += step->kind == STEP_GET_WATCH && answer->figures[1];
}

static void random_steps_reach_every_kind_of_answer(void **state)
{
    struct reached reached = {{0}, {0}, 0, 0, 0, 0, 0};

    (void)state;
    for (uint64_t number = 0; number < SEQUENCES; number++) {
        assert_true(play_random(&shipped_manager, SEED + number, LENGTH, &sequence, &outcome));
        for (size_t i = 0; i < sequence.count; i++) {
            if (outcome.expected[i].given)
                count_step(&reached, &sequence.steps[i], &outcome.expected[i]);
        }
    }
    for (int kind = 0; kind < STEP_KINDS; kind++) {
        assert_at_least(reached.granted[kind], 50);
        assert_at_least(reached.failed[kind] + (kind == STEP_WRITE), 1);
    }
    assert_at_least(reached.foreign_frees, 1000);
    assert_at_least(reached.whole_chunks, 5);
    assert_at_least(reached.crossings, 5);
    assert_at_least(reached.guards, 5);
    assert_at_least(reached.watched, 10);
    print_message("%u regions of a whole chunk, %u changes across chunks, %u guard pages struck, "
                  "%u pages watched\n",
                  reached.whole_chunks, reached.crossings, reached.guards, reached.watched);
}

/* ------------------------------------------------------------------------------------------------
 * What is printed
 *
 * printed_steps.inc and printed_calls.inc are what is printed of one sequence. They are compiled
 * here, and as text (printed_text.h, made of them by CMake) compared with what is printed now.
 * --------------------------------------------------------------------------------------------- */

/* Defines steps[]. */
#include "printed_steps.inc"

/* Defines replay(). */
#include "printed_calls.inc"

#include "printed_text.h"

static void load_printed_steps(void)
{
    sequence.count = COUNT_OF(steps);
    memcpy(sequence.steps, steps, sizeof(steps));
}

/* The one free among them that the manager must refuse. */
#define REFUSED_STEP 7

/* Answers that are the same on every system. */
static void invent_answers(void)
{
    for (size_t i = 0; i < sequence.count; i++) {
        outcome.ours[i] = (struct answer){.given = true, .last_error = UNTOUCHED};
        outcome.ours[i].figures[0] = i;
        outcome.expected[i] = outcome.ours[i];
        outcome.expected[i].hr = i == REFUSED_STEP ? HOST_E_INVALIDOPERATION : E_INVALIDARG;
        outcome.expected[i].last_error = ERROR_INVALID_ADDRESS;
    }
    outcome.ours[0].given = false;
}

/* The text is these lines. */
static void assert_printed(const struct printed *printed, const char *const *lines, size_t count)
{
    const char *at = printed->text;

    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(lines[i]);

        if (strncmp(at, lines[i], length) != 0 || at[length] != '\n') {
            fputs(printed->text, stderr);
            fail_msg("line %u of what is printed (above) should be\n%s", (unsigned)i + 1, lines[i]);
        }
        at += length + 1;
    }
    assert_string_equal(at, "");
}

static char text[65536];

static void steps_are_printed_as_the_table_that_they_were_read_from(void **state)
{
    struct printed printed = {text, sizeof(text), 0};

    (void)state;
    load_printed_steps();
    print_steps(&printed, &sequence);
    assert_printed(&printed, printed_steps_lines, COUNT_OF(printed_steps_lines));
}

static void calls_are_printed_as_a_function_that_compiles(void **state)
{
    struct printed printed = {text, sizeof(text), 0};

    (void)state;
    load_printed_steps();
    invent_answers();
    print_calls(&printed, &sequence, &outcome);
    assert_printed(&printed, printed_calls_lines, COUNT_OF(printed_calls_lines));
}

static void printed_steps_can_be_played_again(void **state)
{
    (void)state;
    load_printed_steps();
    assert_true(play_again(&shipped_manager, &sequence, &outcome));
    assert_figure(outcome.asked, sequence.count);
}

static void printed_calls_do_what_the_steps_do(void **state)
{
    HOSTMEM_STATISTICS statistics;
    struct world world;

    (void)state;
    world_open(&world, &shipped_manager);
    replay(world.subject.manager, world.ours.window, world.theirs.window);
    statistics = statistics_of(&world.subject);
    assert_figure(statistics.Regions.Now, 1);
    assert_figure(statistics.Committed.Now, PAGE);
    assert_figure(statistics.RefusedFrees, 1);
    assert_figure(memory_protection(world.ours.window + 0x203000), PAGE_READONLY);
    assert_figure(memory_protection(world.theirs.window + 0x203000), PAGE_READONLY);
    world_close(&world, &shipped_manager);
}

static void text_that_there_is_no_room_for_is_cut_off(void **state)
{
    char little[16];
    struct printed printed = {little, sizeof(little), 0};

    (void)state;
    load_printed_steps();
    print_steps(&printed, &sequence);
    assert_figure(printed.length, sizeof(little) - 1);
    assert_string_equal(little, "static const st");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wrong_manager_is_found_and_shrunk_to_four_steps),
        cmocka_unit_test(a_shrunk_sequence_shows_the_same_each_time),
        cmocka_unit_test(no_step_of_a_shrunk_sequence_can_be_left_out),
        cmocka_unit_test(a_shrunk_sequence_shows_nothing_of_the_shipped_manager),
        cmocka_unit_test(the_same_seed_gives_the_same_steps),
        cmocka_unit_test(random_steps_reach_every_kind_of_answer),
        cmocka_unit_test(steps_are_printed_as_the_table_that_they_were_read_from),
        cmocka_unit_test(calls_are_printed_as_a_function_that_compiles),
        cmocka_unit_test(printed_steps_can_be_played_again),
        cmocka_unit_test(printed_calls_do_what_the_steps_do),
        cmocka_unit_test(text_that_there_is_no_room_for_is_cut_off),
    };
    int failures;

    print_message("seed 0x%" PRIx64 "\n", SEED);
    answer_watch_guards(true);
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    answer_watch_guards(false);
    return failures;
}
