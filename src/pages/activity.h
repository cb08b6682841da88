/*
 * activity.h: which granules operations on pages are under way in, so that two operations on the
 * same pages notice each other, and operations elsewhere in the same region do not.
 *
 * Two operations on one page at once can reach Win32 in one order and its committed bit in the
 * other. Each granule of 64 KiB has a word, in its chunk's node:
 *
 *   bits 0-15   operations under way in the granule
 *   bit  16     crowded: two of them have been under way at once
 *   bits 17-63  version: grows with every operation that begins
 *
 * An operation enters the words of all granules of its range before it asks Win32, and leaves them,
 * each by compare-and-swap, after it has written the bits. The one that enters a granule where
 * another is under way makes it crowded; the one that leaves it empty ends that. Who leaves a
 * crowded granule first brings the bits of its own pages there into line with what VirtualQuery
 * says ("settles"), and leaves by a swap from the value that the word had before: it proves that
 * no operation entered or left meanwhile, else it settles again.
 *
 * Why the bits are right when all have left: of all operations on a page, look at the last to leave
 * its granule. If no other was under way in the granule while it was, nothing came between its
 * request and its bits. If one was, the granule is crowded still, because it was never empty since;
 * so the last one settled, and all others on that page had left when it began to settle.
 *
 * The words lie beside the committed bits, and a chunk where nothing was ever committed has
 * neither. A commit makes them before it enters. A decommit does not: it enters the words that
 * there are, and remembers where. Where there are words when it leaves that it has not entered, a
 * commit may have come between: it enters them then, as crowded, and settles. Until then, observers
 * do not see it by the words: its user has to tell them (region.h, `unentered`).
 *
 * Only operations that begin or end can make another one settle again: some thread always gets on,
 * and a thread that stands still keeps no other from going on.
 *
 * The version would have to come round to the same value (2^47 operations in one granule) while a
 * thread stands between two instructions to defeat this.
 */
#ifndef HOSTMEM_PAGES_ACTIVITY_H
#define HOSTMEM_PAGES_ACTIVITY_H

#include "pages/chunk_table.h"
#include "pages/range.h"

/* What one operation has entered. All zero: nothing, and its range is empty. */
struct activity {
    struct range range;
    chunk_activity *words; /* where it counts, if its range lies in one chunk */
    size_t group;          /* else how many chunks one bit of `entered` stands for, */
    uint64_t entered;      /* and the groups, from the range's first on, in whose words it counts */
};

/*
 * Enters the granules of a range. settling: as crowded, for an operation that has to settle in any
 * case. False: not all of them, as there are no words.
 */
bool activity_begin(const struct chunk_table *table, struct range range, bool settling,
                    struct activity *activity);

/* Brings the bits of a range of pages into line with the system. */
typedef void activity_settle(void *context, struct range range);

/* Leaves them. The bits are written, but for what `settle` is called for. */
void activity_end(const struct chunk_table *table, const struct activity *activity,
                  activity_settle *settle, void *context);

/*
 * For observers: *mark tells the state of the granules of a range. False: an operation is under way
 * in one of them. If a later call tells the same mark, none has been meanwhile.
 */
bool activity_observe(const struct chunk_table *table, struct range range, uint64_t *mark);

#endif
