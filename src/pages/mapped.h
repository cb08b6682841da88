/*
 * mapped.h: ranges that the CLR got from the system itself (mapped files) and reported.
 *
 * They are kept in the books and shown, never owned. The CLR reports after the fact: by the time
 * that it reports a release, another thread may have mapped, and reported, the same base again. So
 * every report of a range adds one, and a release removes the oldest of that base. In whatever
 * order the reports come, the books are right once all have come.
 *
 * Protocol. A range's `life` is a version with a state in its lowest bit (0 free, 1 live), changed
 * by compare-and-swap. The thread that took the range from the pool writes its fields and makes it
 * live; the thread that swaps it from live to free has removed it. Readers copy the fields between
 * two equal live words. A removal that finds nothing searches again if a range was added meanwhile:
 * it may have come in behind the search. There are few ranges (a handful for each loaded assembly),
 * so they are searched one by one. Promise: lock-free; no system call but to commit metadata.
 */
#ifndef HOSTMEM_PAGES_MAPPED_H
#define HOSTMEM_PAGES_MAPPED_H

#include "pages/pool.h"
#include "counters/counters.h"

struct mapped_facts {
    uintptr_t base;
    size_t size;
    uint32_t thread_id;
    uint64_t sequence;
};

/* A record in the pool; see the protocol. */
struct mapped_range {
    struct pool_link link;
    _Atomic uint32_t thread_id;
    _Atomic uint64_t life;
    _Atomic uintptr_t base;
    _Atomic size_t size;
    _Atomic uint64_t sequence;
};

struct mapped {
    struct counters *counters;
    struct pool ranges;
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
