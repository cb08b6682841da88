/*
 * block.c: see block.h.
 */
#include "hosting/block.h"

#include "os/os.h"

void block_to_public(const struct heap_block *block, HOSTMEM_BLOCK *public_block)
{
    *public_block = (HOSTMEM_BLOCK){
        .Address = (void *)block->address,
        .Size = block->size,
        .FileName = block->file,
        .Line = (int)block->line,
        .Heap = block->heap,
        .ThreadId = block->thread_id,
        .Sequence = block->sequence,
        .AgeMilliseconds = os_tick_milliseconds() - block->tick,
    };
}

void region_to_public(const struct region_facts *facts, size_t committed, HOSTMEM_REGION *region)
{
    *region = (HOSTMEM_REGION){
        .Base = (void *)facts->base,
        .Size = facts->size,
        .Committed = committed,
        .AllocationType = facts->allocation_type,
        .Protect = facts->protect,
        .CriticalLevel = facts->critical_level,
        .ThreadId = facts->thread_id,
        .Heap = facts->heap,
        .Sequence = facts->sequence,
        .AgeMilliseconds = os_tick_milliseconds() - facts->tick,
    };
}
