/*
 * visitors.h: which threads are inside a hook now.
 *
 * Promise: entering and leaving waits for nobody, and a thread that was terminated inside a hook is
 * forgotten when somebody asks.
 *
 * Protocol. A place is one word: the id of the thread that was the last to use it, and how many
 * times that thread is inside by it.
 * - Entering: the thread takes a place that nobody is inside by, or counts itself once more in its
 *   own, by compare-and-swap. Where it may do so depends on its id alone. If others have taken all
 *   of those few places, it counts itself in `crowd`, by addition.
 * - Leaving: in its place by a store, because nobody else writes a place that a living thread is
 *   inside by; if it is in none, in `crowd`.
 * - Whoever asks clears the place of an ended thread by compare-and-swap. It fails if a new thread
 *   of the same id has entered since. What an ended thread has left in `crowd`, or in a place that
 * a new thread of its id goes on with, stays until the latter ends. Entering, and the reads of who
 * asks, are sequentially consistent (binding.c says why); leaving is a release.
 */
#ifndef HOSTMEM_REDIRECT_VISITORS_H
#define HOSTMEM_REDIRECT_VISITORS_H

#include <stdbool.h>

void visitors_enter(void);
void visitors_leave(void);

/* False: at some time since the call each thread was outside. */
bool visitors_any(void);

#endif
