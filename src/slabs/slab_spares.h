/*
 * slab_spares.h: the memory of empty slabs that a heap keeps for its next slabs, of whatever size
 * class.
 *
 * Protocol. A place is 0 or the base of one slab's memory. A thread keeps memory by
 * compare-and-swap on a place that is 0, and takes it by an exchange with 0. Both acquire and
 * release: one thread takes each piece of memory, and sees all that was done to it before. Promise:
 * wait-free; no system call.
 */
#ifndef HOSTMEM_SLABS_SLAB_SPARES_H
#define HOSTMEM_SLABS_SLAB_SPARES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many slabs' memory a heap keeps at most. */
#define SLAB_SPARES 4u

struct slab_spares {
    _Atomic uintptr_t bases[SLAB_SPARES]; /* 0: none */
};

/* Memory that was kept; 0: there is none. */
uintptr_t slab_spares_take(struct slab_spares *spares);

/* Keeps the memory. False: all places are taken. */
bool slab_spares_keep(struct slab_spares *spares, uintptr_t base);

/* How many slabs' memory is kept. */
uint32_t slab_spares_count(const struct slab_spares *spares);

#endif
