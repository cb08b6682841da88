/*
 * reclaim.h: refusal comes last: what a manager holds without use is given back before anything is
 * refused (invariant I11), by a limit or by the system, for want of memory or of address space.
 *
 * Protocol. A thread reads `given`, asks, and if the answer is a want of memory, reclaims. If
 * anything has gone back to the system since it read `given`, by its own doing or another thread's,
 * it asks again. Each round but the last goes with progress of some thread, and none waits. Where
 * the host decides about requests, that thread may be this one, by what the host does then: such
 * rounds are limited. What
 * another thread holds at that moment, in the middle of a call, may be missed: one slab, or the
 * memory of one large block, for each such thread.
 */
#ifndef HOSTMEM_HEAP_REUSE_RECLAIM_H
#define HOSTMEM_HEAP_REUSE_RECLAIM_H

#include "heap/heap_space.h"

/*
 * Gives back what all heaps hold without use. Returns how many bytes went back to the system. Takes
 * time in proportion to that, and looks at no heap and no slab otherwise. Suspension-safe.
 */
size_t reclaim(struct heap_space *space);

/*
 * How many bytes of empty slabs and of large blocks' memory `reclaim` would give back now: no
 * request is refused for them. The slack of live blocks is committed only: their address space
 * stays theirs.
 */
struct budget_charge reclaim_held(const struct heap_space *space);

/* True if a request with that result was refused for want of memory or of address space. */
bool reclaim_is_due(pages_result result);

/* How many bytes have ever gone back to the system; as long as it is the same, none has. */
static inline uint64_t reclaim_given(const struct heap_space *space)
{
    return atomic_load_explicit(&space->given, memory_order_seq_cst);
}

/* For a loop around a request that may be refused. */
struct reclaim_attempt {
    struct heap_space *space;
    uint64_t given;
    unsigned repeats;
};

static inline struct reclaim_attempt reclaim_begin(struct heap_space *space)
{
    return (struct reclaim_attempt){space, reclaim_given(space), 0};
}

/* The request had that result. True: it was refused, memory has gone back, and it is worth asking
 * again. */
bool reclaim_again(struct reclaim_attempt *attempt, pages_result result);

/*
 * A request for address space at that range was refused because something lies there. Gives back
 * what the heaps hold there without use. True: memory has gone back since `attempt` began, and it
 * is worth asking again. Memory that waits because blocks are checked, or their reuse is delayed,
 * stays.
 */
bool reclaim_makes_way(struct reclaim_attempt *attempt, pages_result result, const void *address,
                       size_t size);

/* pages_alloc, for requests that come from outside: with reclaiming, and a refusal is counted. */
pages_result reclaim_pages_alloc(struct heap_space *space, const struct pages_request *request,
                                 void **memory);

/* Counts what a caller has seen refused by a limit or the host; any other result is not counted. */
void reclaim_count_refusal(struct heap_space *space, uint32_t critical_level, pages_result result);

#endif
