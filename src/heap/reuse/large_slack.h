/*
 * large_slack.h: the slack of large blocks: the pages of a live block's region that the block does
 * not need, because its memory was a larger block's before (large_cache.h).
 *
 * Slack is held without use like what the cache keeps, and is counted, bounded and told with it. It
 * goes back before anything is refused: whoever gives slack back decommits the pages behind the
 * block, which lives on. What is more than a quarter of the block also goes back by and by.
 *
 * Protocol. `slack` in struct region is a number of pages, the last of the region, with the heap's
 * index and 40 bits of the block's sequence number; 0: none. The thread that made the block writes
 * it by compare-and-swap from 0, and then adds the region to the set of regions that have slack.
 * What it writes is of the block that it has read there: if another thread has freed that one
 * meanwhile, of the next one, whose own thread then finds it written. Pages leave the word by
 * compare-and-swap, and belong to whoever swapped: to the block, which has become larger; to
 * nobody, because the block was freed or they are decommitted. A swap proves by the sequence number
 * that the pages are those of the block that was read before. Who made it empty has removed the
 * region from the set first; if the swap fails, the region may be another block's, and is added
 * again. So each region with slack is in the set, but for those that a thread has in hand, and the
 * set may name some that have none. Who is in no call of the heap visits it (heap_visit.h), because
 * the heap counts its slack.
 */
#ifndef HOSTMEM_HEAP_REUSE_LARGE_SLACK_H
#define HOSTMEM_HEAP_REUSE_LARGE_SLACK_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/*
 * To be called by the thread that has made a block of kept memory, in a call of the heap: what the
 * region has more than the block needs is its slack from now on. If there is no memory for a note
 * of it, it goes back to the system.
 */
void large_slack_note(struct heap *heap, uint32_t region);

/* The slack of the heap's block that the caller has seen, in bytes. It may be gone at once. */
size_t large_slack_of(const struct heap *heap, uint32_t region, const struct region_facts *seen);

/*
 * So many bytes of it, whole pages, are the block's from now on. False: it has less, or another
 * thread was quicker. All of it (`large_slack_drop`): because the block ends, or its pages go back.
 */
bool large_slack_use(struct heap *heap, uint32_t region, const struct region_facts *seen,
                     size_t bytes);
void large_slack_drop(struct heap *heap, uint32_t region, const struct region_facts *seen);

/*
 * The slack of a block that the caller has made cached: its pages are the cache's with the rest.
 * How many bytes of the region had been counted as slack.
 */
size_t large_slack_take(struct heap *heap, uint32_t region);

/* Gives all slack back to the system. Returns how many bytes that was. Any thread. */
size_t large_slack_give(struct heap_space *space);

/*
 * Looks at a few blocks that have slack, and gives back what is more than a quarter of its block
 * and was noted before that tick. True: it has come round.
 */
bool large_slack_age(struct heap_space *space, uint64_t before);

#endif
