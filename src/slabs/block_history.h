/*
 * block_history.h: the history of a block of a tracked slab: which thread asked for it, when and
 * from where, and which thread freed it.
 *
 * A tracked slab has an array of histories, one for each of its blocks, and gives it back when it
 * is retired (history_pool.h). The memory is never anything else, so an enumeration may read a
 * history at any time, by a stale pointer, too. Only the thread that holds the block pending
 * (slab.h) writes its history. A reader accepts what it read if the block was live, with the same
 * sequence number and in the same use of the slab, before and after.
 */
#ifndef HOSTMEM_SLABS_BLOCK_HISTORY_H
#define HOSTMEM_SLABS_BLOCK_HISTORY_H

#include <stdatomic.h>
#include <stdint.h>

struct block_history {
    _Atomic(const char *) file; /* kept by string_table.h; NULL: none was given */
    _Atomic(const void *) caller;
    _Atomic uint64_t sequence;
    _Atomic uint64_t tick;
    _Atomic uint64_t freed; /* a sequence number; 0: not freed since the slab was made */
    _Atomic uint32_t line;
    _Atomic uint32_t thread_id;
    _Atomic uint32_t freed_by;
    _Atomic uint32_t requested; /* bytes, of a block that was freed */
};

#endif
