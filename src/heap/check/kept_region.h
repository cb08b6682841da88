/*
 * kept_region.h: a region of a heap whose memory stays while a thread looks at it. Whoever releases
 * it meanwhile does not wait: the end of the last operation on it gives it back (region.h,
 * pages_release_block).
 */
#ifndef HOSTMEM_HEAP_CHECK_KEPT_REGION_H
#define HOSTMEM_HEAP_CHECK_KEPT_REGION_H

#include "heap/heap_space.h"
#include "pages/region_operation.h"

struct kept_region {
    struct region_facts facts;
    struct region_operation operation;
};

/* False: the region is not live, or serves no heap. */
bool kept_region_begin(struct heap_space *space, struct region *region, struct kept_region *kept);
void kept_region_end(struct heap_space *space, struct kept_region *kept);

/* Whether all of a range can be read, or written: a program may have protected pages of a block. */
bool kept_region_can_read(uintptr_t begin, uintptr_t end);
bool kept_region_can_write(uintptr_t begin, uintptr_t end);

#endif
