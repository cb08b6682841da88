/*
 * region.h: the record of one region, and the protocol of its life.
 *
 * Records live in a type-stable pool, so any index may be looked at at any time. One word, `life`,
 * decides everything; it changes only by compare-and-swap:
 *
 *   bits 0-1    state: FREE, LIVE or RELEASING
 *   bits 2-17   operations under way on the region (and the release, once it is claimed)
 *   bits 18-63  version: grows with every operation that begins, and with every change of state
 *
 *   FREE -> LIVE        by the thread that took the record from the pool, after it has written the
 *                       fields and the owners: version + 1, and his own operation is under way
 *                       until he knows that no stranger has changed a page (region_publish).
 *   LIVE -> LIVE        an operation (commit, decommit, reset) begins: version and count + 1
 *                       (region_begin); or ends: count - 1 (region_end).
 *   LIVE -> RELEASING   the one winner of a release: version and count + 1 (region_claim).
 *   RELEASING -> RELEASING  operations that had begun before the claim end: count - 1.
 *   RELEASING -> FREE   by whoever finds, or makes, the count such that nobody else is under way
 *                       (region_retire), after Win32 has the memory back.
 *   RELEASING -> LIVE   the same thread, when Win32 refused the release (region_restore): version
 *                       + 1, and his operation stays under way, as when a region is published.
 *
 * Why the words hold:
 * - Base and size are read after `life` was loaded (acquire) and before it is swapped (release): a
 *   swap that succeeds proves by the version that nothing happened between, so they were the live
 *   region's. A stale index can never begin an operation on, or claim, another region by mistake;
 *   that it covers the address asked about is all that ownership means.
 * - One free wins: of all claims only one can go from LIVE.
 * - The memory goes back to Win32 when nobody is under way any more. If a release finds other
 *   operations under way (a program that frees what it still uses), its thread does not wait for
 *   them: it takes the pages away at once, and the last of them to end gives the address space
 *   back. So no operation that began on this region ever reaches another owner of its address, no
 *   bit of the books is written by anybody but the region's own operations, and a thread that is
 *   frozen in the middle keeps nobody else from going on.
 * - Two operations on the same page at once can reach Win32 in one order and the bits in the
 *   other. So an operation that was not alone brings its pages' bits into line with what
 *   VirtualQuery says ("settles") before it ends, and ends only by a swap that proves that no
 *   operation began or ended since it started to settle; else it settles again. Of all operations
 *   on a page, the last to end was alone on it while it settled: its bit is then right. An
 *   operation can be made to settle again only by one that began or ended: somebody always gets on.
 *
 * A version that came round to the same value (2^46 changes) while a thread stood between two
 * instructions would fool it; at a change every microsecond that takes two years.
 */
#ifndef HOSTMEM_PAGES_REGION_H
#define HOSTMEM_PAGES_REGION_H

#include "pages/pool.h"

/* What is known about a region. */
struct region_facts {
    uintptr_t base;
    size_t size; /* whole pages */
    uint32_t allocation_type;
    uint32_t protect;
    uint32_t critical_level;
    uint32_t thread_id;
    uint64_t sequence;
    uint64_t tick; /* os_tick_milliseconds at birth */

    /* For what serves a heap; heap is 0 for what VirtualAlloc handed out. */
    uint32_t heap; /* its number, with REGION_IS_SLAB for a slab of small blocks */
    uint32_t line;
    uintptr_t block; /* the address handed out, which a free has to name; the base but for guards */
    size_t requested;
    const char *file;
    const void *caller;
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
    _Atomic uint32_t line;
    _Atomic uintptr_t block;
    _Atomic size_t requested;
    _Atomic(const char *) file;
    _Atomic(const void *) caller;
};

/* An operation under way. */
struct region_operation {
    struct region *region;
    uintptr_t base;
    size_t size;
    uint64_t life;
    bool alone; /* nobody else was under way when it began */
};

/* Writes the facts and nothing else; the record must be free, and the caller's. */
void region_write(struct region *region, const struct region_facts *facts);

/* FREE -> LIVE, with an operation of the publisher's under way, which he has to end. */
void region_publish(struct region *region, struct region_operation *operation);

/* True if the region is live and holds the address. */
bool region_covers(const struct region *region, uintptr_t address);

/* The same, or it is being released and the system may hold it still. */
bool region_covers_or_leaves(const struct region *region, uintptr_t address);

/* A consistent copy of a live region's facts. False: it is not live. */
bool region_read(const struct region *region, struct region_facts *facts);

enum region_begun {
    REGION_BEGUN,
    REGION_NOT_OWNED, /* it is not live, does not hold the address, or serves a heap */
    REGION_CROWDED    /* 65,535 operations are under way on it */
};

/* Begins an operation, on behalf of VirtualAlloc or VirtualFree, on the region that holds address.
 */
enum region_begun region_begin(struct region *region, uintptr_t address,
                               struct region_operation *operation);

/* The same on behalf of the books, whatever the region serves. */
enum region_begun region_begin_settling(struct region *region, uintptr_t address,
                                        struct region_operation *operation);

/* True if nobody began or ended since region_begin, and the operation was alone: it has ended. */
bool region_end_if_alone(struct region_operation *operation, bool *last);

/* Before settling; then after it: true if nobody began or ended between, and it has ended. */
uint64_t region_before_settling(const struct region_operation *operation);
bool region_end(struct region_operation *operation, uint64_t before, bool *last);

/*
 * LIVE -> RELEASING, if the region is live, what it handed out is `block`, and it serves `heap`.
 * The claim counts as an operation; `alone` tells whether it is the only one.
 */
bool region_claim(struct region *region, uintptr_t block, uint32_t heap,
                  struct region_operation *operation);

/* RELEASING -> FREE. Only by who is the last on the region. */
void region_retire(struct region *region);

/* RELEASING -> LIVE, with the operation of who is the last still under way, which he has to end. */
void region_restore(struct region_operation *operation);

/*
 * For observers: the word now, and whether the region is live, at rest (nobody under way) and
 * unchanged since.
 */
uint64_t region_observe(const struct region *region);
bool region_at_rest_since(const struct region *region, uint64_t observed);

#endif
