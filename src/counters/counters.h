/*
 * counters.h: what has happened to a manager. Counters of calls and failures by method and of
 * refusals, and gauges of what it holds now.
 *
 * Counters are figures, not synchronisation, with one exception: from counters_are_quiet an audit
 * learns that no call was under way while it added up.
 */
#ifndef HOSTMEM_COUNTERS_COUNTERS_H
#define HOSTMEM_COUNTERS_COUNTERS_H

#include "counters/gauge.h"

#include <stdbool.h>
#include <stdint.h>

/* In the order of HOSTMEM_METHOD (hostmem/inspection.h). */
enum counted_method {
    COUNTED_CREATE_MALLOC,
    COUNTED_VIRTUAL_ALLOC,
    COUNTED_VIRTUAL_FREE,
    COUNTED_VIRTUAL_QUERY,
    COUNTED_VIRTUAL_PROTECT,
    COUNTED_GET_MEMORY_LOAD,
    COUNTED_REGISTER_CALLBACK,
    COUNTED_NEEDS_ADDRESS_SPACE,
    COUNTED_ACQUIRED_ADDRESS_SPACE,
    COUNTED_RELEASED_ADDRESS_SPACE,
    COUNTED_MALLOC_ALLOC,
    COUNTED_MALLOC_DEBUG_ALLOC,
    COUNTED_MALLOC_FREE,
    COUNTED_PUBLIC_METHODS,

    /* Not a method: a heap gets or gives back pages. */
    COUNTED_HEAP_PAGES = COUNTED_PUBLIC_METHODS,
    /* Nor this: a redirected module makes, shows or ends a section. */
    COUNTED_SECTIONS,
    COUNTED_METHODS
};

/* Why IHostMalloc::Free refused, in the order of HOSTMEM_REFUSAL (hostmem/inspection.h). */
enum block_refusal {
    BLOCK_REFUSED_FOREIGN,
    BLOCK_REFUSED_INTERIOR,
    BLOCK_REFUSED_MISALIGNED,
    BLOCK_REFUSED_FREED,
    BLOCK_REFUSED_OTHER_HEAP,
    BLOCK_REFUSALS
};

/* One cache line for each method: threads in different methods do not share one. */
struct call_counter {
    _Alignas(64) _Atomic uint64_t begun;
    _Atomic uint64_t ended;
    _Atomic uint64_t failures;
};

/* How often something happened, and when first. */
struct first_counter {
    _Atomic uint64_t count;
    _Atomic uint64_t tick;  /* milliseconds; 0: not yet */
    _Atomic uint64_t order; /* 1: the earliest of all such firsts; 0: not yet */
};

/* EMemoryCriticalLevel and EMemoryAvailable have three values each. */
#define COUNTERS_LEVELS 3
#define COUNTERS_PRESSURES 3

struct counters {
    struct call_counter calls[COUNTED_METHODS];

    struct gauge mapped; /* bytes */
    struct gauge mapped_ranges;
    struct gauge regions;
    struct gauge sections;
    struct gauge section_bytes; /* committed */
    struct gauge section_views;
    struct gauge section_view_bytes;
    struct gauge heaps;
    struct gauge slab_bytes; /* of heaps' slabs, spare ones included */
    struct gauge metadata;   /* committed bytes */

    struct first_counter refused_requests[COUNTERS_LEVELS]; /* by the budget or the host */
    struct first_counter notifications[COUNTERS_PRESSURES];
    _Atomic uint64_t firsts; /* how many of these have counted */

    _Atomic uint64_t refused_frees;
    _Atomic uint64_t refused_blocks[BLOCK_REFUSALS]; /* those of IHostMalloc::Free, by reason */
    _Atomic uint64_t contradictions;                 /* the books and the system disagreed */
    _Atomic uint64_t corrupted_blocks;
    _Atomic uint64_t foreign_commits;
    _Atomic uint64_t passed_frees;
    _Atomic uint64_t passed_heap_calls; /* of redirected modules, that got memory from Win32 */
    _Atomic uint64_t passed_heap_bytes; /* asked for in them */
    _Atomic uint64_t child_processes;   /* started by redirected modules */
    _Atomic uint64_t leaked_blocks;
    _Atomic uint64_t leaked_bytes;
};

void counters_begin(struct counters *counters, enum counted_method method);
void counters_end(struct counters *counters, enum counted_method method, bool success);

/* For the plain counters above, and the first_counters. */
void counter_increment(_Atomic uint64_t *counter);
void counter_add(_Atomic uint64_t *counter, uint64_t amount);
void counters_count_first(struct counters *counters, struct first_counter *first, uint64_t tick);
uint64_t counter_read(const _Atomic uint64_t *counter);

/* Calls that have ended (acquire: read before `begun`); and those that have begun and not ended. */
uint64_t counters_ended(const struct counters *counters, enum counted_method method);
uint64_t counters_under_way(const struct counters *counters, enum counted_method method);

/*
 * A mark of all calls so far; and whether no call has been under way since. Suspension-safe. While
 * a thread is suspended in a call, the answer is no.
 */
uint64_t counters_mark(const struct counters *counters);
bool counters_are_quiet(const struct counters *counters, uint64_t mark);

#endif
