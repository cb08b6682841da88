/*
 * region.h: what is known about one region, and the protocol of its life.
 *
 * struct region lives in a type-stable pool, so any index may be looked at at any time. One word,
 * `life`, decides everything. It changes by compare-and-swap, or by a release store where only one
 * thread can change it (region_make, region_publish, region_retire, region_restore):
 *
 *   bits 0-1    state: FREE, MAKING, LIVE or RELEASING
 *   bits 2-17   operations under way on the region (and the release, once it is claimed)
 *   bit  18     unsettled: the thread that made it live does not know yet whether a foreign request
 *               (foreign.h) has changed a page
 *   bit  19     CACHED: LIVE, and the memory of a heap's block that has been freed. It is nobody's
 *               block; the heaps' space keeps it for another one
 *   bits 20-63  version: grows with every operation that begins, and with every change of state
 *
 *   FREE -> MAKING      by the thread that took the region from the pool, after it has written the
 *                       fields and the owners: version + 1 (region_make). Nobody acts on it, but
 *                       the books know that the address is the manager's.
 *   MAKING -> FREE      by the same thread, which must leave the memory to another one (foreign.h):
 *                       version + 1 (region_unmake).
 *   MAKING -> LIVE      by the same thread: version + 1, and an operation of its own is under
 *                       way, and the region unsettled, until it knows that no foreign request has
 *                       changed a page (region_publish).
 *   LIVE -> LIVE        an operation (commit, decommit, reset) begins: version and count + 1
 *                       (region_begin); or ends: count - 1 (region_end).
 *   LIVE -> CACHED      by the one free of a heap's block that wins, if no operation is under way:
 *                       version + 1 (region_cache). To all but heaps it stays a live region, on
 *                       which operations begin and end.
 *   CACHED -> MAKING    by the thread that makes it another block, if no operation is under way:
 *                       version + 1 (region_claim_cached). It writes new facts, and goes on as if
 *                       the system had just handed out the memory.
 *   LIVE -> RELEASING   by the one release that wins: version and count + 1 (region_claim).
 *   CACHED -> RELEASING likewise, by the thread that has it in hand (region_claim_spare).
 *   RELEASING -> RELEASING  operations that had begun before the claim end: count - 1.
 *   RELEASING -> FREE   by the last operation, or the release itself if no other is under way
 *                       (region_retire), after Win32 has the memory back.
 *   RELEASING -> LIVE   by the same thread, when Win32 refused the release: version + 1, and its
 *                       operation stays under way, and the region unsettled, as when it is
 *                       published (region_restore). A region that was cached is cached again.
 *
 * Why the words hold:
 * - Base and size are read after `life` was loaded (acquire) and before it is swapped (release): a
 *   swap that succeeds proves by the version that nothing happened between, so they were the live
 *   region's. A stale index can never begin an operation on, or claim, another region by mistake;
 *   that it covers the address asked about is all that ownership means.
 * - One free wins: of all claims only one can go from LIVE. A cached region is no block, so no free
 *   wins it; it belongs to the thread that has taken it from where the heaps' space keeps it.
 * - The memory goes back to Win32 when no other operation is under way any more. If a release finds
 *   some under way (a program that frees what it still uses), it does not wait for them: it
 *   decommits the pages at once, and the last operation to end releases the address space. So no
 *   operation that began on this region ever reaches another owner of its address; only the
 *   region's own operations write its committed bits; and a suspended thread keeps no other thread
 *   from going on.
 * - Two operations on one page at once: activity.h. What that leaves open is a release that was
 *   claimed while others were under way. It does not enter the words of activity.h, and decommits
 *   all pages. So an operation that finds the region claimed when it ends settles its pages once
 *   more (the release: all pages), and ends only by a swap that proves that no other ended
 *   meanwhile, else it settles again. None can begin any more.
 *
 * The version would have to come round to the same value (2^44 changes) while a thread stands
 * between two instructions to defeat this. At a change every microsecond that takes half a year.
 */
#ifndef HOSTMEM_PAGES_REGION_H
#define HOSTMEM_PAGES_REGION_H

#include "pages/activity.h"

/* What is known about a region. */
struct region_facts {
    uintptr_t base;
    size_t size; /* whole pages */
    uint32_t allocation_type;
    uint32_t protect;
    uint32_t critical_level;
    uint32_t thread_id;
    uint64_t sequence;
    uint64_t tick;    /* os_tick_milliseconds at birth */
    size_t committed; /* bytes, by the books, when it was read; region_write makes it 0 */

    /* For regions that serve a heap; heap is 0 for what VirtualAlloc handed out. */
    uint32_t heap; /* its number, with REGION_IS_SLAB for a slab of small blocks */
    uint32_t line;
    uintptr_t block; /* the address handed out, which a free has to name; the base but for guards */
    size_t requested;
    const char *file;
    const void *caller;
    bool cached; /* the block was freed, and `heap` was its heap */
};

/* What the heap knows of the margins of a large block (heap/check/heap_look.h). */
enum region_watch {
    REGION_UNWATCHED = 0, /* they are not written yet, or not to be looked at */
    REGION_WATCHED,
    REGION_TOLD /* damage was found, and is told by the thread that swapped */
};

/* In `heap`: the region is not a block but holds many. Heaps' numbers are smaller. */
#define REGION_IS_SLAB UINT32_C(0x80000000)

/* The same as fields that any thread may read at any time. */
struct region {
    struct pool_link link;
    _Atomic uint32_t heap;
    _Atomic uint64_t life;
    _Atomic uintptr_t base;
    _Atomic size_t size;
    _Atomic uint32_t allocation_type;
    _Atomic uint32_t protect;
    _Atomic uint32_t critical_level;
    _Atomic uint32_t thread_id;
    _Atomic uint64_t sequence;
    _Atomic uint64_t tick;
    _Atomic size_t committed; /* by the bits; changes with them (region_operation.h) */

    /*
     * For observers: how many operations have begun that may change pages in granules that they
     * have not entered (activity.h), above 16 bits of how many are under way.
     */
    _Atomic uint64_t unentered;
    _Atomic uint32_t watch; /* of a block: enum region_watch; made 0 with the facts */
    _Atomic uint32_t line;
    _Atomic uintptr_t block;
    _Atomic size_t requested;
    _Atomic(const char *) file;
    _Atomic(const void *) caller;
    _Atomic uint64_t slack; /* of a block: heap/reuse/large_slack.h; made 0 with the facts */
};

/* An operation under way. */
struct region_operation {
    struct region *region;
    uintptr_t base;
    size_t size;
    uint64_t life;
    bool alone;               /* a claim: no other operation was under way */
    bool settles;             /* it is the one of the thread that made the region live */
    bool unentered;           /* not all of the granules of these pages were entered */
    struct activity activity; /* of the pages that it may change */
};

/*
 * Writes the facts and nothing else. The region must be FREE and taken by the caller, or MAKING by
 * its doing.
 */
void region_write(struct region *region, const struct region_facts *facts);

/* FREE -> MAKING, and back. */
void region_make(struct region *region);
void region_unmake(struct region *region);

/* MAKING -> LIVE, with an operation under way that the caller has to end. */
void region_publish(struct region *region, struct region_operation *operation);

/* True if the region is live and holds the address. */
bool region_covers(const struct region *region, uintptr_t address);

/* The same, or the region is being made, or released, and the system may hold it. */
bool region_covers_comes_or_leaves(const struct region *region, uintptr_t address);

/* True if the region is live or being made, and holds the address. */
bool region_covers_or_comes(const struct region *region, uintptr_t address);

/* True if the region is being released, and the system may still hold it; *range is all of it. */
bool region_leaves(const struct region *region, uintptr_t address, struct range *range);

/* A consistent copy of a live region's facts. False: it is not live. */
bool region_read(const struct region *region, struct region_facts *facts);

enum region_begun {
    REGION_BEGUN,
    REGION_NOT_OWNED, /* it is not live, does not hold the address, or serves a heap */
    REGION_CROWDED    /* 65,535 operations are under way on it */
};

/* Begins an operation of VirtualAlloc or VirtualFree on the region that holds the address. */
enum region_begun region_begin(struct region *region, uintptr_t address,
                               struct region_operation *operation);

/* The same to settle the books. The region may serve a heap. */
enum region_begun region_begin_settling(struct region *region, uintptr_t address,
                                        struct region_operation *operation);

/* Whether no other operation was under way on the region when this one began. */
static inline bool region_began_alone(const struct region_operation *operation)
{
    return (operation->life >> 2 & 0xffff) == 1; /* bits 2-17 */
}

/* Ends an operation whose pages' bits are right. False: the region has been claimed meanwhile. */
bool region_end(struct region_operation *operation);

/*
 * Ends an operation on a claimed region: region_before_settling before settling; region_end_claimed
 * after it, with its result. False: another operation ended meanwhile, and this one has to settle
 * again. *last: it is the last one, and stays under way.
 */
uint64_t region_before_settling(const struct region_operation *operation);
bool region_end_claimed(struct region_operation *operation, uint64_t before, bool *last);

/*
 * region_claim for the region whose facts the caller has seen: not for a later one at the same
 * address, nor for another block of the same memory. sequence 0: for any.
 */
bool region_claim_seen(struct region *region, const struct region_facts *seen,
                       struct region_operation *operation);

/*
 * LIVE -> RELEASING, if the region is live, what it handed out is `block`, and it serves `heap`.
 * The claim counts as an operation; `alone` says whether it is the only one. False: the region is
 * not such a one, or 65,535 operations are under way on it.
 */
static inline bool region_claim(struct region *region, uintptr_t block, uint32_t heap,
                                struct region_operation *operation)
{
    struct region_facts any = {.block = block, .heap = heap};

    return region_claim_seen(region, &any, operation);
}

/* The life word, for region_cache; what was found out about the block later holds if that succeeds.
 */
uint64_t region_life(const struct region *region);

/*
 * Makes the heap's block that the caller has seen cached, if the region's life is still that word
 * and no operation is under way. False: it is no such block (any more), or may have become busy.
 */
bool region_cache(struct region *region, uint64_t life, const struct region_facts *seen);

/*
 * LIVE, cached -> MAKING, likewise: for the thread that has taken the region from the cache. False:
 * an operation may be under way; the region can be released, and nothing else.
 */
bool region_claim_cached(struct region *region, uint64_t life);

/* LIVE, cached -> RELEASING, like region_claim, for that thread. */
bool region_claim_spare(struct region *region, struct region_operation *operation);

/* RELEASING -> FREE. Only the region's last operation calls this. */
void region_retire(struct region *region);

/* RELEASING -> LIVE. Only the region's last operation calls this; it still has to end. */
void region_restore(struct region_operation *operation);

/*
 * For observers: whether the region that was read is live still, and settled. What changes its
 * pages then shows in the words of activity.h, or in `unentered`.
 */
bool region_is_still(const struct region *region, const struct region_facts *facts);

/* Whether it is live, but a thread that made it so has not ended its operation. */
bool region_is_unsettled(const struct region *region, const struct region_facts *facts);

/* Between these two, what the operation does to pages shows in the region alone. */
void region_begin_unentered(struct region *region);
void region_end_unentered(struct region *region);

/* For observers: the word now, and whether it tells that such an operation is under way. */
uint64_t region_unentered(const struct region *region);
bool region_unentered_under_way(uint64_t word);

/* Whether the region is being released, or operations are under way on it. */
bool region_is_busy(const struct region *region);

/* For copies of regions (reader/): nothing is known about the region but that it is busy. */
void region_set_busy(struct region *region);

#endif
