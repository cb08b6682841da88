/*
 * frozen_key.h: which thread the one that runs is, for sources compiled with interleaved.h.
 */
#ifndef HOSTMEM_TESTS_FROZEN_KEY_H
#define HOSTMEM_TESTS_FROZEN_KEY_H

#include <stdint.h>

extern uintptr_t frozen_key; /* not 0 */

#endif
