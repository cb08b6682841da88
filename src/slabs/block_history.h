/*
 * block_history.h: the history of a block of a tracked slab: which thread asked for it, when and
 * from where, and which thread freed it.
 *
 * A tracked slab has an array of histories, one for each of its blocks, and gives it back when it
 * is retired (history_pool.h). The memory is never anything else, so an enumeration may read a
 * history at any time, by a stale pointer, too. Only the thread that holds the block pending
 * (slab.h) writes its history. A reader accepts what it read if the block was live, with the same
 * sequence number and in the same use of the slab, before and after.
 *
 * `life` is the sequence number and a state, for those who look for damage of live blocks:
 *
 *   0                    not handed out since the slab was made, or being handed out
 *   0 -> WATCHED         handed out; what is around it is as it has to be
 *   WATCHED -> TOLD      by compare-and-swap: damage around it was found, and is told by the thread
 *                        that swapped
 *   any -> UNWATCHED     by its owner: its end is not to be looked at any more
 *   any -> ENDING        freed, by an exchange, before anything in it or around it changes
 *   ENDING -> ENDED      what is in it and around it is as it has to stay
 *   ENDED -> ENDED_TOLD  as WATCHED -> TOLD
 *   any -> 0             it is about to be handed out again, before anything in it changes
 *
 * A thread that reads WATCHED or ENDED, finds damage and then swaps has found damage of that block.
 */
#ifndef HOSTMEM_SLABS_BLOCK_HISTORY_H
#define HOSTMEM_SLABS_BLOCK_HISTORY_H

#include <stdatomic.h>
#include <stdint.h>

enum block_life {
    BLOCK_WATCHED = 1,
    BLOCK_TOLD,
    BLOCK_UNWATCHED,
    BLOCK_ENDING,
    BLOCK_ENDED,
    BLOCK_ENDED_TOLD
};

static inline uint64_t block_life_word(uint64_t sequence, enum block_life life)
{
    return sequence << 3 | (uint64_t)life;
}

static inline enum block_life block_life_of(uint64_t word)
{
    return (enum block_life)(word & 7);
}

struct block_history {
    _Atomic(const char *) file; /* kept by string_table.h; NULL: none was given */
    _Atomic(const void *) caller;
    _Atomic uint64_t sequence;
    _Atomic uint64_t tick;
    _Atomic uint64_t life; /* block_life_word */
    _Atomic uint32_t line;
    _Atomic uint32_t thread_id;
    _Atomic uint32_t freed_by;
    _Atomic uint32_t requested; /* bytes, of a block that was freed */
};

#endif
