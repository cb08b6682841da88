/*
 * voices.h: runs two calls ("voices") at once, each on a stack of its own and with a thread key of
 * its own. The test decides who runs and for how many atomic accesses (interleaved.h).
 */
#ifndef HOSTMEM_TESTS_VOICES_H
#define HOSTMEM_TESTS_VOICES_H

#include "native.h"

#include <limits.h>

#define VOICES 2
#define VOICE_TO_THE_END UINT_MAX

typedef void scene_act(void *scene);

/* Sets a voice up to run the act. Nothing of the act has run yet. */
void voice_prepare(unsigned number, scene_act *act, void *scene);

/*
 * Runs the voice until it has made that many further accesses and stands before the next. True: its
 * act has ended.
 */
bool voice_go_on(unsigned number, unsigned accesses);

/* The number of accesses that it has made, with the one in which it stands. */
unsigned voice_accesses(unsigned number);

/* moment() has to call this first. True: a voice is running. False: the test's own thread is. */
bool voices_moment(void);

/* The voice that is running; VOICES: the test's own thread is. */
unsigned voice_at_it(void);

/* The voice's thread key (frozen_key.h). */
uintptr_t voice_key(unsigned number);

void voices_free(void);

#endif
