/*
 * region_unentered.c: see region.h: what observers are told of operations that change pages in
 * granules that they have not entered.
 */
#include "pages/region.h"

#define UNENTERED_BEGINS ((UINT64_C(1) << 16) + 1)
#define UNENTERED_UNDER_WAY UINT64_C(0xffff)

void region_begin_unentered(struct region *region)
{
    atomic_fetch_add_explicit(&region->unentered, UNENTERED_BEGINS, memory_order_acq_rel);
    /* A thread that sees what the operation does to the bits must see that it has begun. */
    atomic_thread_fence(memory_order_release);
}

void region_end_unentered(struct region *region)
{
    atomic_fetch_sub_explicit(&region->unentered, 1, memory_order_release);
}

uint64_t region_unentered(const struct region *region)
{
    return atomic_load_explicit(&region->unentered, memory_order_acquire);
}

bool region_unentered_under_way(uint64_t word)
{
    return (word & UNENTERED_UNDER_WAY) != 0;
}
