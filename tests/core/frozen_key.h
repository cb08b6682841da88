/*
 * frozen_key.h: the key of the thread that the test stands for at the moment. In sources compiled
 * with interleaved.h, os_thread_key returns it. And the time, which stands still.
 */
#ifndef HOSTMEM_TESTS_FROZEN_KEY_H
#define HOSTMEM_TESTS_FROZEN_KEY_H

#include <stdint.h>

extern uintptr_t frozen_key; /* not 0 */

/* What os_tick_milliseconds says: the same at every step, so that a run can be repeated. */
extern uint64_t frozen_tick;

#endif
