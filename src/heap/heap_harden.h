/*
 * heap_harden.h: HEAP_HARDEN: heaps in which a bug of the program is harder to make use of.
 *
 * - A block's slot in its slab is chosen by chance (slab_claim_random).
 * - Freed small blocks are zeroed, wait (delayed_blocks.h), and are zero still when they are handed
 *   out again, or damage is told. Freed large blocks lose their pages at once, and their addresses
 *   wait (freed_regions.h): what touches them faults.
 * - Blocks have margins (heap_margins.h), of bytes that were chosen by chance for this manager.
 * - Behind each slab, and each large block, is a page that cannot be accessed, and behind that of a
 *   slab the rest of 64 KiB that nobody has.
 *
 * Chance. A manager has one seed of 64 bits: from the processor's random number instruction where
 * there is one, else from its time stamp counter, the time, and addresses, which can be guessed.
 * What is drawn from it (splitmix64) is not cryptographic: who sees some 64 bits of it can compute
 * the rest. It keeps an address from being known beforehand; it is no secret from code that reads
 * the process's memory.
 */
#ifndef HOSTMEM_HEAP_HEAP_HARDEN_H
#define HOSTMEM_HEAP_HEAP_HARDEN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAP_FILL_FREED 0xddu
#define HEAP_FILL_MARGIN 0xfdu

/* What nobody outside is to know. In heaps that are not hardened it is known. */
struct heap_secrets {
    size_t margin;         /* what margins hold, as a word at an aligned address */
    unsigned char freed;   /* what freed blocks are filled with */
    _Atomic uint64_t slot; /* where random numbers for slots come from */
};

/* fills_freed: with HEAP_FILL_FREED, also in hardened heaps. */
void heap_secrets_make(struct heap_secrets *secrets, bool hardened, bool fills_freed);

/* A number by chance. Any thread at any time. */
uint64_t heap_random(struct heap_secrets *secrets);

#endif
