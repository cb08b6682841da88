/*
 * voices.c: see voices.h.
 */
#include "voices.h"

#include "frozen_key.h"

#include <ucontext.h>

#define FIRST_THREAD 0x3000
#define STACK_SIZE ((size_t)256 << 10)

static struct voice {
    ucontext_t context;
    char *stack;
    scene_act *act;
    void *scene;
    unsigned accesses; /* begun */
    unsigned stand_at; /* how many it will have made when it stops */
    bool ended;
} voices[VOICES];

static struct voice *singing; /* NULL: the stage itself */
static ucontext_t stage;

bool voices_moment(void)
{
    struct voice *voice = singing;

    if (!voice)
        return false;
    if (voice->accesses == voice->stand_at)
        swapcontext(&voice->context, &stage);
    voice->accesses++;
    return true;
}

unsigned voice_at_it(void)
{
    return singing ? (unsigned)(singing - voices) : VOICES;
}

uintptr_t voice_key(unsigned number)
{
    return FIRST_THREAD + 0x1000 * (uintptr_t)number;
}

static void sing(int number)
{
    struct voice *voice = &voices[number];

    voice->act(voice->scene);
    voice->ended = true;
}

void voice_prepare(unsigned number, scene_act *act, void *scene)
{
    struct voice *voice = &voices[number];

    if (!voice->stack)
        voice->stack = zeroed(STACK_SIZE);
    voice->act = act;
    voice->scene = scene;
    voice->accesses = 0;
    voice->stand_at = 0;
    voice->ended = false;
    getcontext(&voice->context);
    voice->context.uc_stack.ss_sp = voice->stack;
    voice->context.uc_stack.ss_size = STACK_SIZE;
    voice->context.uc_link = &stage;
    makecontext(&voice->context, (void (*)(void))sing, 1, (int)number);
}

bool voice_go_on(unsigned number, unsigned accesses)
{
    struct voice *voice = &voices[number];
    uintptr_t key = frozen_key;

    voice->stand_at = accesses > UINT_MAX - voice->stand_at ? UINT_MAX : voice->stand_at + accesses;
    if (voice->ended)
        return true;
    singing = voice;
    frozen_key = voice_key(number);
    swapcontext(&stage, &voice->context);
    frozen_key = key;
    singing = NULL;
    return voice->ended;
}

unsigned voice_accesses(unsigned number)
{
    return voices[number].accesses;
}

void voices_free(void)
{
    for (size_t i = 0; i < VOICES; i++) {
        free(voices[i].stack);
        voices[i].stack = NULL;
    }
}
