/*
 * heap_margins.h: the bytes before and behind a block, which nobody was given. Where they are
 * checked they hold a pattern, and another value is damage: bytes of HEAP_FILL_MARGIN, or in
 * hardened heaps bytes that were chosen by chance (heap_harden.h).
 *
 * Small blocks. What lies between a block and the end of its room is its tail. The last
 * CLASS_MARGIN bytes of the tail are never handed out (size_class.h) and always hold the pattern:
 * they are the head of the next block, too. The first block of a slab has a head of its own.
 *
 * Whose damage it is that is found in the bytes which two blocks share: if it comes nearer to the
 * block behind than to the block before, the block behind was written before its beginning; else
 * the block before was written behind its end. So each change is told of one block, whichever of
 * the two is looked at. Only a block that has been handed out can have written there, so a block
 * that is handed out for the first time settles what is wrong before (heap_look_around). Two
 * changes that nobody has looked at between count as one.
 *
 * Large blocks have both for themselves. A guarded block has a head if heaps check for overruns,
 * and in any case the up to 15 bytes between its end and its guard page.
 *
 * Nothing is kept in these bytes: whether a block lives, where it ends, and whether its damage has
 * been told is known from elsewhere (invariant I8).
 */
#ifndef HOSTMEM_HEAP_CHECK_HEAP_MARGINS_H
#define HOSTMEM_HEAP_CHECK_HEAP_MARGINS_H

#include "heap/heap_space.h"

struct heap_margins {
    size_t pattern;      /* what they hold, as a word at an aligned address */
    uintptr_t head;      /* where the bytes before the block begin */
    uintptr_t block;     /* where the block does */
    uintptr_t tail;      /* where the bytes behind it begin */
    uintptr_t end;       /* where they end */
    bool head_is_shared; /* with the block before */
    bool tail_is_shared; /* its last CLASS_MARGIN bytes, with the block behind */
};

/* Bytes that were changed: all lie between these two, which were. All zero: none was. */
struct heap_change {
    uintptr_t first;
    uintptr_t last;
};

/*
 * Finds what is not as it was filled any more, while others may write there. pattern: a word at an
 * aligned address.
 */
struct heap_change heap_find_change(uintptr_t begin, uintptr_t end, size_t pattern);

/* A word of bytes of that value. */
static inline size_t heap_pattern_of(unsigned char byte)
{
    return SIZE_MAX / 0xff * byte;
}

/* Of a block of a slab with margins. `size` bytes of its room are the block's. */
struct heap_margins heap_margins_of(const struct heap_space *space, const struct slab *slab,
                                    const struct slab_view *view, uint32_t index, uint32_t size);

/* Of a large block. Head and tail are empty if it has none that are checked. */
struct heap_margins heap_margins_of_region(const struct heap_space *space,
                                           const struct region_facts *facts);

/* Where a large block of that size has to begin in its region, and the size of the region. */
struct heap_room {
    size_t offset;
    size_t size;
    bool guard; /* the last page of `size` is a guard */
};

/* False: it is beyond the address space. */
bool heap_margins_room(const struct heap_options *options, size_t requested,
                       struct heap_room *room);

/* Writes the pattern where no block will ever be: into all of the slab's margins. */
void heap_margins_lay_slab(const struct heap_space *space, const struct slab_view *view);

/* Writes the pattern into head and tail of a large block. */
void heap_margins_lay(const struct heap_margins *margins);

/* Writes it into what a small block leaves of its room, but for what it shares. */
void heap_margins_lay_rest(const struct heap_margins *margins);

/* The first byte that was changed, of those that count as the block's; 0: there is none. */
uintptr_t heap_margins_damage(const struct heap_margins *margins);

/* The same of a block of a slab, whose neighbours may be handed out meanwhile. *margins: its own.
 */
uintptr_t heap_margins_damage_of(const struct heap_space *space, const struct slab *slab,
                                 const struct slab_view *view, uint32_t index, uint32_t size,
                                 struct heap_margins *margins);

/* Makes those bytes whole again, so that they are found once. */
void heap_margins_mend(const struct heap_margins *margins);

#endif
