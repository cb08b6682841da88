/*
 * play.c: see play.h.
 */
#include "play.h"

#include "generate.h"
#include "oracle.h"

/* Steps between two comparisons of everything. */
#define INTERVAL 64

static bool compare_after(struct world *world, const struct step *step, bool all,
                          struct difference *difference)
{
    return compare_memory_near(world, step, difference) &&
           (!all || compare_all_memory(world, difference)) &&
           compare_books(world, step, difference) && (!all || compare_audit(world, difference));
}

/* Both twins answer; then they are compared. */
static bool play_step(struct world *world, const struct step *step, size_t number, bool all,
                      struct outcome *outcome)
{
    struct answer *ours = &outcome->ours[number], *expected = &outcome->expected[number];

    outcome->step = number;
    *ours = *expected = (struct answer){.given = false};
    if (!answer_can_be_had(world, step))
        return true;
    outcome->asked++;
    *ours = answer_of(world, &world->ours, step);
    *expected = oracle_answer(world, step);
    if (!compare_answers(step, ours, expected, &outcome->difference))
        return false;
    oracle_learn(world, step, expected);
    return compare_after(world, step, all, &outcome->difference);
}

static void begin(struct outcome *outcome)
{
    outcome->difference = (struct difference){.what = NULL};
    outcome->step = outcome->asked = 0;
}

bool play_again(const struct world_maker *maker, const struct sequence *sequence,
                struct outcome *outcome)
{
    struct world world;
    bool same = true;

    begin(outcome);
    world_open(&world, maker);
    for (size_t i = 0; same && i < sequence->count; i++)
        same = play_step(&world, &sequence->steps[i], i, true, outcome);
    world_close(&world, maker);
    return same;
}

/* The next step; false: nothing is left. */
static bool next_step(struct generator *generator, struct world *world, size_t left,
                      struct step *step)
{
    if (left) {
        *step = generate_step(generator, world);
        return true;
    }
    return generate_last_step(world, step);
}

bool play_random(const struct world_maker *maker, uint64_t seed, size_t steps,
                 struct sequence *sequence, struct outcome *outcome)
{
    struct generator generator = generate_from(seed);
    struct world world;
    struct step step;
    bool same = true;

    begin(outcome);
    sequence->count = 0;
    world_open(&world, maker);
    while (same && sequence->count < MOST_STEPS &&
           next_step(&generator, &world, steps ? steps-- : 0, &step)) {
        size_t number = sequence->count++;

        sequence->steps[number] = step;
        same = play_step(&world, &step, number, number % INTERVAL == INTERVAL - 1, outcome);
    }
    if (same)
        same = compare_all_memory(&world, &outcome->difference) &&
               compare_audit(&world, &outcome->difference);
    world_close(&world, maker);
    return same;
}
