/*
 * freezer.c: see freezer.h.
 */
#include "freezer.h"

#include "frozen_key.h"

#include <limits.h>
#include <ucontext.h>

#define OTHER_THREAD 0x2000
#define FIRST_THREAD 0x3000
#define SECOND_THREAD 0x4000
#define STACK_SIZE ((size_t)256 << 10)

/* ------------------------------------------------------------------------------------------------
 * Two calls at once, each on a stack of its own
 * --------------------------------------------------------------------------------------------- */

static struct voice {
    ucontext_t context;
    char *stack;
    scene_act *act;
    void *scene;
    unsigned left; /* moments until it stands still; UINT_MAX: never */
    bool ended;
} voices[2];

static struct voice *singing; /* NULL: the stage itself */
static ucontext_t stage;

static void stand_still(struct voice *voice)
{
    if (voice->left == UINT_MAX || voice->left--)
        return;
    voice->left = UINT_MAX;
    swapcontext(&voice->context, &stage);
}

static void sing(int number)
{
    struct voice *voice = &voices[number];

    voice->act(voice->scene);
    voice->ended = true;
}

/* Lets the voice go on, as the thread of that key, until it stands still or ends. */
static void let_sing(struct voice *voice, uintptr_t key)
{
    uintptr_t before = frozen_key;

    if (voice->ended)
        return;
    singing = voice;
    frozen_key = key;
    swapcontext(&stage, &voice->context);
    frozen_key = before;
    singing = NULL;
}

static void prepare(int number, scene_act *act, void *scene, unsigned moments)
{
    struct voice *voice = &voices[number];

    if (!voice->stack)
        voice->stack = zeroed(STACK_SIZE);
    voice->act = act;
    voice->scene = scene;
    voice->left = moments;
    voice->ended = false;
    getcontext(&voice->context);
    voice->context.uc_stack.ss_sp = voice->stack;
    voice->context.uc_stack.ss_size = STACK_SIZE;
    voice->context.uc_link = &stage;
    makecontext(&voice->context, (void (*)(void))sing, 1, number);
}

static void perform_once(const struct duet *duet, unsigned first, unsigned second)
{
    void *scene = zeroed(duet->size);

    duet->set(scene);
    prepare(0, duet->first, scene, first);
    prepare(1, duet->second, scene, second);
    let_sing(&voices[0], FIRST_THREAD);
    let_sing(&voices[1], SECOND_THREAD);
    duet->between(scene);
    let_sing(&voices[0], FIRST_THREAD);
    duet->after(scene);
    let_sing(&voices[1], SECOND_THREAD);
    duet->check(scene);
    duet->clear(scene);
    free(scene);
}

/* How many moments a voice has when nobody disturbs it. */
static unsigned count_moments(const struct duet *duet, int number)
{
    void *scene = zeroed(duet->size);
    unsigned moments = 0;

    duet->set(scene);
    prepare(number, number ? duet->second : duet->first, scene, 0);
    while (!voices[number].ended) {
        voices[number].left = 0;
        let_sing(&voices[number], number ? SECOND_THREAD : FIRST_THREAD);
        moments++;
    }
    duet->clear(scene);
    free(scene);
    return moments;
}

unsigned perform_duet(const struct duet *duet)
{
    struct chance chance = {1};
    unsigned first = count_moments(duet, 0);
    unsigned second = count_moments(duet, 1);
    unsigned pairs = first * second < duet->pairs ? first * second : duet->pairs;

    for (unsigned pair = 0; pair < pairs; pair++) {
        bool all = pairs == first * second;

        perform_once(duet, all ? pair / second : (unsigned)chance_below(&chance, first),
                     all ? pair % second : (unsigned)chance_below(&chance, second));
    }
    for (size_t i = 0; i < COUNT_OF(voices); i++) {
        free(voices[i].stack);
        voices[i].stack = NULL;
    }
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

    if (singing) {
        stand_still(singing);
        return;
    }
    if (!freezer.armed || freezer.left--)
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

/* True if all moments that were wanted came. */
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
        unsigned after = 0;

        while (perform_at(play, moment, later, after))
            after++;
    }
    return moments;
}
