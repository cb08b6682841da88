/*
 * frozen_key.h: the key of the thread that a test plays at the moment: what os_thread_key answers
 * in sources compiled with interleaved.h.
 */
#ifndef HOSTMEM_TESTS_FROZEN_KEY_H
#define HOSTMEM_TESTS_FROZEN_KEY_H

#include <stdint.h>

extern uintptr_t frozen_key; /* not 0 */

#endif
