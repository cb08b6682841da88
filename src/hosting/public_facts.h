/*
 * public_facts.h: what the core knows about regions and blocks, in the words of hostmem.h.
 */
#ifndef HOSTMEM_HOSTING_PUBLIC_FACTS_H
#define HOSTMEM_HOSTING_PUBLIC_FACTS_H

#include "heap/heap.h"

#include <hostmem/hostmem.h>

void block_to_public(const struct heap_block *block, HOSTMEM_BLOCK *public_block);
void region_to_public(const struct region_facts *facts, size_t committed, HOSTMEM_REGION *region);

#endif
