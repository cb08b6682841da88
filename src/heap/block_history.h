/*
 * history.h: the histories of the blocks of a tracked slab: who asked for it, when, from where; and
 * who freed it.
 *
 * A tracked slab has a histories, with one history for each of its blocks. A histories stays with
 * its descriptor, and is replaced by a larger one when a later use has more blocks; none is ever
 * given back, so an enumeration may read a history at any time. A history is written only by who
 * holds its block pending (slab.h); a reader believes it if the block was live, in the same use of
 * the slab, before and after.
 */
#ifndef HOSTMEM_HEAP_BLOCK_HISTORY_H
#define HOSTMEM_HEAP_BLOCK_HISTORY_H

#include <stdatomic.h>
#include <stdint.h>

struct block_history {
    _Atomic(const char *) file; /* kept by string_table.h; NULL: not told */
    _Atomic(const void *) caller;
    _Atomic uint64_t sequence;
    _Atomic uint64_t tick;
    _Atomic uint64_t freed; /* a sequence number; 0: not freed since the slab was made */
    _Atomic uint32_t line;
    _Atomic uint32_t thread_id;
    _Atomic uint32_t freed_by;
    _Atomic uint32_t requested; /* what a freed block was asked for with */
};

#endif
