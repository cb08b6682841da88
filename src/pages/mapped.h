/*
 * mapped.h: ranges that the CLR got from the system itself (mapped files) and reported.
 *
 * They are kept in the books and shown, never owned. The CLR reports after the fact: by the time
 * that it reports a release, another thread may have mapped, and reported, the same base again. So
 * every report of a range adds one, and a release removes the oldest of that base. In whatever
 * order the reports come, the books are right once all have come.
 *
 * Protocol. A range's `life` is a version with a state in its lowest bit (0 free, 1 live), changed
 * by compare-and-swap. The thread that took the range from the pool writes its fields, makes it
 * live, and links it; the thread that swaps it from live to free has removed it. Readers copy the
 * fields between two equal live words. A removal that finds nothing searches again if a range was
 * added meanwhile: it may have come in behind the search.
 *
 * A hash table leads from a base to its ranges: each of a fixed number of lists begins at a head,
 * with the youngest range. A link (a head, or a range's `next`) holds the index of the next range,
 * a count of its own changes, and the mark LINK_DEAD, which says that the range it belongs to is to
 * be taken out. It changes by compare-and-swap. A range is linked at the head. The thread that has
 * removed it marks its link, which nobody changes any more then, and goes through the list. Whoever
 * goes through a list takes marked ranges out, each by a swap of the link before it, and gives what
 * it took out back to the pool. A range's memory is never anything but a range, and its link's
 * count only rises. So a thread may read the link of a range that has been taken out, or is in
 * another list by now: before it believes what it read, it looks whether the link before is as it
 * was, and starts again if not. Then another thread has made progress. A thread that is suspended
 * keeps a range that it has removed out of the pool, and nobody waiting.
 *
 * With at most RANGE_LIMIT ranges a list has a few of them. Promise: lock-free; no system call but
 * to commit metadata.
 */
#ifndef HOSTMEM_PAGES_MAPPED_H
#define HOSTMEM_PAGES_MAPPED_H

#include "pages/memory/pool.h"
#include "counters/counters.h"

struct mapped_facts {
    uintptr_t base;
    size_t size;
    uint32_t thread_id;
    uint64_t sequence;
};

/* Index of a range, 0: none | LINK_DEAD | count of changes << 33. */
typedef _Atomic uint64_t mapped_link;

/* A record in the pool; see the protocol. */
struct mapped_range {
    struct pool_link link;
    _Atomic uint32_t thread_id;
    _Atomic uint64_t life;
    _Atomic uintptr_t base;
    _Atomic size_t size;
    _Atomic uint64_t sequence;
    mapped_link next; /* in its list */
};

struct mapped {
    struct counters *counters;
    struct pool ranges;
    struct span heads;            /* the heads of the lists */
    _Atomic(mapped_link *) lists; /* the same; NULL: nothing has been added yet */
    _Atomic uint64_t sequence;
    _Atomic uint64_t added; /* how many ranges have been made live */
};

bool mapped_init(struct mapped *mapped, struct counters *counters, struct book_space *books);
void mapped_destroy(struct mapped *mapped);

/* False: no memory. */
bool mapped_add(struct mapped *mapped, uintptr_t base, size_t size);

/* False: no range of that base is known. */
bool mapped_remove(struct mapped *mapped, uintptr_t base);

/* Walks the ranges: *cursor starts at 0. False: there are no more. */
bool mapped_next(const struct mapped *mapped, uint32_t *cursor, struct mapped_facts *facts);

#endif
