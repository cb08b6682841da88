/*
 * pages.h: VirtualAlloc and VirtualFree of a manager, without COM: charge the budget, ask the
 * system, keep the ledger.
 *
 * Owns the budget, the ledger and the memory that the ledger lives in. Nothing else asks the system
 * for memory that is handed out. pages_alloc.c holds pages_alloc, pages_free.c the three functions
 * that free, pages.c the rest.
 *
 * Promises (invariants I1 to I8 for pages): ownership is checked before anything is freed; one free
 * wins; the books are exact once all calls have returned; no lock and no wait; Win32's own answers
 * on owned memory; no trace of what failed.
 */
#ifndef HOSTMEM_PAGES_PAGES_H
#define HOSTMEM_PAGES_PAGES_H

#include "budget/budget.h"
#include "pages/committed.h"
#include "pages/memory/metadata.h"
#include "pages/memory/places.h"
#include "pages/pages_result.h"
#include "pages/region_table.h"
#include "pages/sections/sections.h"
#include "counters/counters.h"

/* How many releases of foreign memory can be under way at once, and be watched (foreign.h). */
#define PAGES_FOREIGN_RELEASES 128u

struct pages {
    struct counters *counters;
    struct book_space *books; /* where its spans, and its user's, are cut from */
    struct budget budget;
    struct metadata metadata;
    struct region_table table;
    struct places places; /* of regions, by their records; set before the first region */
    struct sections sections;
    _Atomic uint64_t sequence; /* of the youngest region */

    bool keeps_looked_at; /* see pages_release_block; set before the first region */

    /* See foreign.h. */
    _Atomic uint64_t foreign_requests;
    _Atomic uint64_t foreign_released;
    _Atomic uint32_t foreign_releasers; /* how many threads have a slot, or want one */
    _Atomic uintptr_t foreign_releases[PAGES_FOREIGN_RELEASES];
};

/* False: no memory, or the system's pages have another size. Nothing is left to destroy then. */
bool pages_init(struct pages *pages, struct counters *counters, struct book_space *books);

/* Gives the books back. Memory that is handed out stays as it is. No call may be under way. */
void pages_destroy(struct pages *pages);

/* What VirtualAlloc was asked for, and for whom. */
struct pages_request {
    void *address;
    size_t size;
    uint32_t type;
    uint32_t protect;
    uint32_t node;           /* OS_ANY_NODE, or the NUMA node preferred */
    uint32_t critical_level; /* enum budget_level */

    /* For regions that serve a heap; otherwise heap is 0. */
    uint32_t heap; /* see region.h */
    uint32_t line;
    size_t block_offset; /* where in the region the block begins */
    size_t requested;
    const char *file; /* lives as long as the manager */
    const void *caller;
    bool guard;       /* the region's last page is not committed */
    uint32_t *region; /* NULL, or receives the index of the region that was made */
};

/* *memory is NULL on failure. */
pages_result pages_alloc(struct pages *pages, const struct pages_request *request, void **memory);

/* VirtualFree. PAGES_FOREIGN: nothing was touched. */
pages_result pages_free(struct pages *pages, void *address, size_t size, uint32_t type);

/*
 * Forwards a free of memory that the books do not know. For import redirection: memory that a
 * module got before it was redirected must still be freed. Fails with OS_ERROR_INVALID_ADDRESS,
 * without asking the system, when the address is free, or that of a region whose release another
 * thread has won, or already its next owner's. foreign.h says how that is told.
 */
pages_result pages_free_foreign(struct pages *pages, void *address, size_t size, uint32_t type);

/*
 * Releases the region of that block if it serves that heap; *requested is what was asked for. With
 * keeps_looked_at, pages that operations are under way on stay until the last of these ends: those
 * who look at the memory of blocks begin one.
 */
pages_result pages_release_block(struct pages *pages, void *block, uint32_t heap,
                                 size_t *requested);

/*
 * The same; index: that of a region whose facts the caller has seen. PAGES_FOREIGN, too, if the
 * address is another block's by now.
 */
pages_result pages_release_block_at(struct pages *pages, uint32_t index,
                                    const struct region_facts *seen, size_t *requested);

/*
 * Has the region of that block serve `as` from now on, if it serves `heap`. Of any number of
 * threads that do so, one succeeds. False: it is no such region.
 */
bool pages_hand_block_over(struct pages *pages, const void *block, uint32_t heap, uint32_t as);

/*
 * A heap's block whose memory is kept for another block. Its region stays in the books and is
 * charged, but is nobody's block (region.h, `cached`).
 *
 * pages_cache_block frees the block that the caller has seen, if its pages are all committed and
 * protected as they were handed out: the system is asked, since a program may change pages behind
 * the books' back. False: that is not so, or another thread frees it, or works on its pages, and
 * nothing was done. Else *requested is what was asked for, and the region is the caller's, to make
 * another block of it or to release it.
 *
 * pages_revive makes it the block that the request describes, with its pages as they are; *memory
 * is where it begins. False: an operation is under way on it; it has to be released.
 *
 * pages_release_cached gives it back to the system. If that refuses, it stays cached, and the
 * caller's.
 */
bool pages_cache_block(struct pages *pages, uint32_t index, const struct region_facts *seen,
                       size_t *requested);
bool pages_revive(struct pages *pages, uint32_t index, const struct pages_request *request,
                  void **memory);
pages_result pages_release_cached(struct pages *pages, uint32_t index);

/*
 * Decommits the region's pages from that address on (the first that begins there or later), if it
 * is the block that was seen. PAGES_FOREIGN: it is not (any more). A page that the system does not
 * give up stays in the books. With keeps_looked_at, all stay if other operations are under way:
 * those may be reading. The result is OS_ERROR_NO_SYSTEM_RESOURCES then. Who has made known before
 * the call, by an atomic read-modify-write, that the block is not to be looked at, and has the
 * pages decommitted, knows that nobody reads them: who begins an operation later sees that.
 */
pages_result pages_trim_block_at(struct pages *pages, uint32_t index,
                                 const struct region_facts *seen, uintptr_t from);

/*
 * The facts of the live region that holds the address, and how much of it is committed. False: it
 * is in none.
 */
bool pages_find(const struct pages *pages, const void *address, struct region_facts *facts,
                size_t *committed);

/*
 * True if the address lies in a region of this manager, or where one was and nothing is committed
 * now. May ask the system, and then changes the last error.
 */
bool pages_is_own(const struct pages *pages, const void *address);

/*
 * Walks the live regions: *cursor starts at 0. False: there are no more. A region that is live all
 * the while is met once.
 */
bool pages_next(const struct pages *pages, uint32_t *cursor, struct region_facts *facts,
                size_t *committed);

/* Committed bytes of a region, counted by its bits. region_facts.committed says it at once. */
size_t pages_committed(const struct pages *pages, const struct region_facts *facts);

#endif
