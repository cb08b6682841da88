/*
 * freezer.c: see freezer.h.
 */
#include "freezer.h"

#include "frozen_key.h"
#include "system_calls.h"

#define OTHER_THREAD 0x2000

/* ------------------------------------------------------------------------------------------------
 * Two calls at once
 * --------------------------------------------------------------------------------------------- */

static void perform_once(const struct duet *duet, unsigned first, unsigned second)
{
    void *scene = zeroed(duet->size);

    duet->set(scene);
    voice_prepare(0, duet->first, scene);
    voice_prepare(1, duet->second, scene);
    voice_go_on(0, first);
    voice_go_on(1, second);
    duet->between(scene);
    voice_go_on(0, VOICE_TO_THE_END);
    duet->after(scene);
    voice_go_on(1, VOICE_TO_THE_END);
    duet->check(scene);
    duet->clear(scene);
    free(scene);
}

/* The number of moments of a call that nothing interrupts. The moment after its end counts, too. */
static unsigned count_moments(const struct duet *duet, unsigned number)
{
    void *scene = zeroed(duet->size);
    unsigned moments;

    duet->set(scene);
    voice_prepare(number, number ? duet->second : duet->first, scene);
    voice_go_on(number, VOICE_TO_THE_END);
    moments = voice_accesses(number) + 1;
    duet->clear(scene);
    free(scene);
    return moments;
}

/*
 * The short form of the tests tries only one in so many pairs, and one in so many of the moments at
 * which a call is frozen a second time.
 */
static unsigned stride(void)
{
    return is_long_form() ? 1 : 7;
}

unsigned perform_duet(const struct duet *duet)
{
    struct chance chance = {1};
    unsigned most = duet->pairs / stride();
    unsigned first = count_moments(duet, 0);
    unsigned second = count_moments(duet, 1);
    unsigned pairs = first * second < most ? first * second : most;

    for (unsigned pair = 0; pair < pairs; pair++) {
        bool all = pairs == first * second;

        perform_once(duet, all ? pair / second : (unsigned)chance_below(&chance, first),
                     all ? pair % second : (unsigned)chance_below(&chance, second));
    }
    voices_free();
    return pairs;
}

/* ------------------------------------------------------------------------------------------------
 * One call
 * --------------------------------------------------------------------------------------------- */

static struct {
    bool armed;
    unsigned left; /* moments to go */
    scene_act *other;
    scene_act *later; /* NULL: none, or it has run */
    unsigned later_left;
    void *scene;
} freezer;

void moment(void); /* interleaved.h */

void moment(void)
{
    uintptr_t frozen = frozen_key;
    scene_act *other = freezer.other;

    if (voices_moment() || !freezer.armed || freezer.left--)
        return;
    freezer.armed = false;
    frozen_key = OTHER_THREAD;
    other(freezer.scene);
    frozen_key = frozen;
    if (freezer.later) {
        freezer.other = freezer.later;
        freezer.left = freezer.later_left;
        freezer.later = NULL;
        freezer.armed = true;
    }
}

/* For test programs in which requests to the system go through system_calls.c. */
void system_call_begins(bool changes)
{
    (void)changes;
    moment();
}

void system_call_ended(void)
{
    moment();
}

/* False: the frozen call, or `later`, ended before the moment came. */
static bool perform_at(const struct play *play, unsigned moment, scene_act *later,
                       unsigned later_moment)
{
    void *scene = zeroed(play->size);
    bool happened;

    play->set(scene);
    freezer.left = moment;
    freezer.other = play->other;
    freezer.later = later;
    freezer.later_left = later_moment;
    freezer.scene = scene;
    freezer.armed = true;
    play->frozen(scene);
    happened = !freezer.armed;
    freezer.armed = false;
    if (happened)
        play->check(scene);
    play->clear(scene);
    free(scene);
    return happened;
}

unsigned perform(const struct play *play)
{
    unsigned moments = 0;

    while (perform_at(play, moments, NULL, 0))
        moments++;
    assert_true(moments > 1); /* else there was nothing to be frozen at */
    return moments;
}

unsigned perform_twice(const struct play *play, scene_act *later)
{
    unsigned moments = perform(play);

    for (unsigned moment = 0; moment < moments; moment++) {
        unsigned after = moment % stride();

        while (perform_at(play, moment, later, after))
            after += stride();
    }
    return moments;
}
