/*
 * voices.h: one real thread plays two threads. Each of the two ("a voice") is a coroutine: it runs
 * one call, on a stack and with a thread key (frozen_key.h) of its own. Only one voice runs at a
 * time. The test decides which one, and after how many atomic accesses (interleaved.h) it stops and
 * the test goes on. So every order of two calls' accesses can be tried, and repeated.
 */
#ifndef HOSTMEM_TESTS_VOICES_H
#define HOSTMEM_TESTS_VOICES_H

#include "native.h"

#include <limits.h>

#define VOICES 2
#define VOICE_TO_THE_END UINT_MAX

typedef void scene_act(void *scene);

/* Makes a voice that will run the act. It has not begun to. */
void voice_prepare(unsigned number, scene_act *act, void *scene);

/*
 * Lets the voice run until it has made that many further accesses and is about to make the next.
 * True: its act has ended.
 */
bool voice_go_on(unsigned number, unsigned accesses);

/* The number of accesses that the voice has made, including the one that it is about to make. */
unsigned voice_accesses(unsigned number);

/*
 * The test program's moment() has to call this first. True: a voice is running. False: the test's
 * own code is.
 */
bool voices_moment(void);

/* The number of the voice that is running; VOICES: the test's own code is. */
unsigned voice_at_it(void);

/* The voice's thread key (frozen_key.h). */
uintptr_t voice_key(unsigned number);

void voices_free(void);

#endif
