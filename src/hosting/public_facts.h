/*
 * public_facts.h: the core's facts about gauges, regions, sections and blocks as structures of
 * inspection.h.
 */
#ifndef HOSTMEM_HOSTING_PUBLIC_FACTS_H
#define HOSTMEM_HOSTING_PUBLIC_FACTS_H

#include "heap/heap.h"

#include <hostmem/hostmem.h>

void block_to_public(const struct heap_block *block, HOSTMEM_BLOCK *public_block);
/* The peak is at least every figure that was told as `now`. */
HOSTMEM_GAUGE gauge_to_public(struct gauge *gauge);
void section_to_public(const struct section_facts *facts, HOSTMEM_SECTION *section);
void region_to_public(const struct region_facts *facts, size_t committed, HOSTMEM_REGION *region);

#endif
