/*
 * voices.h: two calls at once, each on a stack of its own and as a thread of its own, which go on
 * by turns as the test says: so many atomic accesses of one (interleaved.h), so many of the other.
 */
#ifndef HOSTMEM_TESTS_VOICES_H
#define HOSTMEM_TESTS_VOICES_H

#include "native.h"

#include <limits.h>

#define VOICES 2
#define VOICE_TO_THE_END UINT_MAX

typedef void scene_act(void *scene);

/* The voice stands before its act, which it has not begun. */
void voice_prepare(unsigned number, scene_act *act, void *scene);

/*
 * Lets it go on until so many accesses are done and it stands before the next, or until its act has
 * ended: then true.
 */
bool voice_go_on(unsigned number, unsigned accesses);

/* How many accesses it has done, or stands in the middle of. */
unsigned voice_accesses(unsigned number);

/* What moment() has to call first. True: a voice is at it, and the test's own thread is not. */
bool voices_moment(void);

/* Which voice is at it; VOICES: the test's own thread. */
unsigned voice_at_it(void);

/* What the voice answers when asked for its thread's key (frozen_key.h). */
uintptr_t voice_key(unsigned number);

void voices_free(void);

#endif
