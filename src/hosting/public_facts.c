/*
 * public_facts.c: see public_facts.h.
 */
#include "hosting/public_facts.h"

#include "os/os.h"

#include <string.h>

HOSTMEM_GAUGE gauge_to_public(struct gauge *gauge)
{
    uint64_t now = gauge_now(gauge);

    /* A thread that has added may not have raised the peak yet. */
    gauge_raise_peak(gauge, now);
    return (HOSTMEM_GAUGE){now, gauge_peak(gauge)};
}

void block_to_public(const struct heap_block *block, HOSTMEM_BLOCK *public_block)
{
    *public_block = (HOSTMEM_BLOCK){
        .Address = (void *)block->address,
        .Size = block->size,
        .FileName = block->file,
        .Caller = block->caller,
        .Line = (int)block->line,
        .Heap = block->heap,
        .ThreadId = block->thread_id,
        .Sequence = block->sequence,
        .AgeMilliseconds = block->sequence ? os_tick_milliseconds() - block->tick : 0,
    };
}

void section_to_public(const struct section_facts *facts, HOSTMEM_SECTION *section)
{
    /* Padding included, as below. */
    memset(section, 0, sizeof(*section));
    section->Size = facts->size;
    section->Committed = facts->committed;
    section->Reserved = facts->reserved;
    section->Protect = facts->protect;
    section->Handles = facts->handles;
    section->Views = facts->views;
    section->Caller = facts->caller;
    section->ThreadId = facts->thread_id;
    section->Sequence = facts->sequence;
    section->AgeMilliseconds = os_tick_milliseconds() - facts->tick;
}

void region_to_public(const struct region_facts *facts, size_t committed, HOSTMEM_REGION *region)
{
    /* Padding included: a caller may compare two structures byte by byte. */
    memset(region, 0, sizeof(*region));
    region->Base = (void *)facts->base;
    region->Size = facts->size;
    region->Committed = committed;
    region->AllocationType = facts->allocation_type;
    region->Protect = facts->protect;
    region->CriticalLevel = facts->critical_level;
    region->ThreadId = facts->thread_id;
    region->Heap = facts->heap & ~REGION_IS_SLAB;
    region->IsSlab = (facts->heap & REGION_IS_SLAB) != 0;
    region->Sequence = facts->sequence;
    region->AgeMilliseconds = os_tick_milliseconds() - facts->tick;
    region->IsSpare = facts->cached;
}
