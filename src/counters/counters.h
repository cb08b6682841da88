/*
 * record.h: what happened. Counters of calls and failures by method, of what was refused, and
 * gauges of what is there now.
 *
 * Counters are figures, not synchronisation, with one exception: record_is_quiet, by which an
 * audit knows that no call was under way while it added up.
 */
#ifndef HOSTMEM_COUNTERS_COUNTERS_H
#define HOSTMEM_COUNTERS_COUNTERS_H

#include "counters/gauge.h"

#include <stdbool.h>
#include <stdint.h>

/* In the order of HOSTMEM_METHOD (hostmem.h). */
enum record_method {
    RECORD_CREATE_MALLOC,
    RECORD_VIRTUAL_ALLOC,
    RECORD_VIRTUAL_FREE,
    RECORD_VIRTUAL_QUERY,
    RECORD_VIRTUAL_PROTECT,
    RECORD_GET_MEMORY_LOAD,
    RECORD_REGISTER_CALLBACK,
    RECORD_NEEDS_ADDRESS_SPACE,
    RECORD_ACQUIRED_ADDRESS_SPACE,
    RECORD_RELEASED_ADDRESS_SPACE,
    RECORD_MALLOC_ALLOC,
    RECORD_MALLOC_DEBUG_ALLOC,
    RECORD_MALLOC_FREE,
    RECORD_PUBLIC_METHODS,

    /* Not a method: what a heap does with its pages, between calls of the host's own. */
    RECORD_HEAP_PAGES = RECORD_PUBLIC_METHODS,
    RECORD_METHODS
};

/* Why IHostMalloc::Free refused, in the order of HOSTMEM_REFUSAL (hostmem.h). */
enum record_refusal {
    RECORD_REFUSED_FOREIGN,
    RECORD_REFUSED_INTERIOR,
    RECORD_REFUSED_MISALIGNED,
    RECORD_REFUSED_FREED,
    RECORD_REFUSED_OTHER_HEAP,
    RECORD_REFUSALS
};

/* One cache line a method: threads in different methods do not share one. */
struct record_calls {
    _Alignas(64) _Atomic uint64_t begun;
    _Atomic uint64_t ended;
    _Atomic uint64_t failures;
};

/* How often something happened, and when first. */
struct record_first {
    _Atomic uint64_t count;
    _Atomic uint64_t tick;  /* milliseconds; 0: not yet */
    _Atomic uint64_t order; /* of all that are kept so, the how-manieth to happen; 0: not yet */
};

/* EMemoryCriticalLevel and EMemoryAvailable have three values each. */
#define RECORD_LEVELS 3
#define RECORD_PRESSURES 3

struct record {
    struct record_calls calls[RECORD_METHODS];

    struct gauge mapped; /* bytes */
    struct gauge mapped_ranges;
    struct gauge regions;
    struct gauge heaps;
    struct gauge slab_bytes; /* of heaps' slabs, spare ones included */
    struct gauge metadata;   /* committed bytes */

    struct record_first refused_requests[RECORD_LEVELS]; /* by the budget */
    struct record_first notifications[RECORD_PRESSURES];
    _Atomic uint64_t firsts; /* how many of these have happened */

    _Atomic uint64_t refused_frees;
    _Atomic uint64_t refused_blocks[RECORD_REFUSALS]; /* of these, by IHostMalloc::Free */
    _Atomic uint64_t contradictions;                  /* the books and the system disagreed */
    _Atomic uint64_t corrupted_blocks;
    _Atomic uint64_t foreign_commits;
    _Atomic uint64_t passed_frees;
    _Atomic uint64_t leaked_blocks;
    _Atomic uint64_t leaked_bytes;
};

void record_begin(struct record *record, enum record_method method);
void record_end(struct record *record, enum record_method method, bool success);

/* Counts one of the plain counters above. */
void record_count(_Atomic uint64_t *counter);
void record_add(_Atomic uint64_t *counter, uint64_t amount);
void record_first(struct record *record, struct record_first *first, uint64_t tick);
uint64_t record_read(const _Atomic uint64_t *counter);

/*
 * A mark of all calls so far, and whether none has been under way since. Suspension-safe; a call
 * that has begun and is frozen makes it say no.
 */
uint64_t record_mark(const struct record *record);
bool record_is_quiet(const struct record *record, uint64_t mark);

#endif
