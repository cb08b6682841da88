/*
 * section.h: what is known about one section of the paging file, and the protocol of its life.
 *
 * A section that a redirected module makes (CreateFileMapping with INVALID_HANDLE_VALUE) is memory
 * that no address has: views show parts of it, and several views may show the same part. So what is
 * committed is kept by page of the section, counted once, and charged once.
 *
 * - A section that is committed as a whole (SEC_COMMIT) is charged for its size before Win32 is
 *   asked to make it.
 * - One that is reserved (SEC_RESERVE) is charged as pages are committed inside its views. A bit
 *   for each page of the section says whether it is committed (`pages`, a word of 32 bits in each
 *   slot).
 *
 * Committing. Nothing ever decommits a page of a section: Win32 refuses to decommit in views, with
 * ERROR_INVALID_PARAMETER. So the bits only rise until the section ends, and two threads that
 * commit the same page cannot reach Win32 in one order and the bits in another, as in a region
 * (activity.h): whatever the order, the page is committed, and its bit is set. A commit charges the
 * budget for the pages whose bit is clear, asks Win32, sets the bits by fetch-or, and returns the
 * charge for those that another thread has set meanwhile. The sum of what all threads have set is
 * exact, and nothing has to be asked of VirtualQuery.
 *
 * Life. struct section lives in a type-stable pool. `life` is a count of references (bits 0 to 23)
 * under a version (the other bits), and changes by compare-and-swap, or by a release store where
 * only one thread can change it:
 *
 *   free -> live    by the thread that took the record from the pool, when it has written the
 *                   fields: version + 1, one reference (section_publish)
 *   live -> live    a reference more (section_hold), or one less
 *   live -> free    by the thread that releases the last reference: it then owns the record, and
 *                   refunds the charge, gives the bits back, and last of all the record
 *
 * Each handle that is known and each view has a reference, and so has a call that is making a
 * handle or a view. There are fewer of these than the count has room for. An operation on the pages
 * of a view needs none: the view keeps its own as long as an operation is under way (view.h).
 * A reference is taken by a swap from a life that was read before the reader made sure that the
 * handle, or the view, that led it here is still there: so it is never one of another section.
 */
#ifndef HOSTMEM_PAGES_SECTIONS_SECTION_H
#define HOSTMEM_PAGES_SECTIONS_SECTION_H

#include "pages/sections/sparse.h"

#include <stddef.h>

/* What a section was asked for, and by whom. */
struct section_request {
    uint64_t size; /* bytes; it is rounded up to pages */
    bool reserved; /* SEC_RESERVE */
    uint32_t protect;
    uint32_t critical_level; /* enum budget_level */
    const void *caller;
};

struct section_facts {
    uint64_t size; /* whole pages */
    bool reserved;
    uint32_t protect;
    uint32_t thread_id;
    uint32_t handles; /* that are known */
    uint32_t views;
    uint64_t committed; /* bytes */
    uint64_t sequence;
    uint64_t tick; /* os_tick_milliseconds at birth */
    const void *caller;
};

struct section {
    struct pool_link link;
    _Atomic uint32_t reserved;
    _Atomic uint64_t life;
    _Atomic uint64_t size;
    _Atomic uint64_t committed;
    _Atomic uint64_t commits; /* for observers: begun, above 16 bits of how many are under way */
    struct sparse pages;
    _Atomic uint32_t handles;
    _Atomic uint32_t views;
    _Atomic uint32_t protect;
    _Atomic uint32_t thread_id;
    _Atomic uint64_t sequence;
    _Atomic uint64_t tick;
    _Atomic(const void *) caller;
};

/* Win32 grants no section that is larger, in bytes. */
#define SECTION_MOST (UINT64_C(1) << 48)

/* Writes the fields of a free section. The caller has taken it. */
void section_write(struct section *section, const struct section_request *request, uint64_t size,
                   uint64_t sequence);

/* free -> live, with one reference, which is the caller's. */
void section_publish(struct section *section);

/* The life now; and a reference, unless the section has ended since, or is not live. */
uint64_t section_life(const struct section *section);
bool section_hold(struct section *section, uint64_t life);

/* Releases a reference. True: it was the last one, and the record is the caller's. */
bool section_let_go(struct section *section);

/* A consistent copy of a live section's facts. False: it is not live. */
bool section_read(const struct section *section, struct section_facts *facts);

/* ------------------------------------------------------------------------------------------------
 * Pages of a reserved section: [begin, end) in bytes from its start, both at the start of a page
 * --------------------------------------------------------------------------------------------- */

/* Makes room for the bits. False: no memory; what was made stays. */
bool section_ensure_pages(struct section *section, struct pool *nodes, uint64_t begin,
                          uint64_t end);

/* How many are committed. Of a section that was committed as a whole: all. */
uint64_t section_count_pages(const struct section *section, const struct pool *nodes,
                             uint64_t begin, uint64_t end);

/* Sets the bits, for which there is room. Returns how many were clear. */
uint64_t section_set_pages(struct section *section, struct pool *nodes, uint64_t begin,
                           uint64_t end);

/* Where the run of pages that are like the one at `begin` ends, at most end. *set: they are
 * committed. */
uint64_t section_run(const struct section *section, const struct pool *nodes, uint64_t begin,
                     uint64_t end, bool *set);

/* Around what may change the pages. */
void section_begin_commit(struct section *section);
void section_end_commit(struct section *section);

/* For observers: the word now. False: a commit is under way. */
bool section_observe(const struct section *section, uint64_t *word);

#endif
