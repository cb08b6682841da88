/*
 * report_text_heap.c: the tables of heaps, of live blocks, and of damaged blocks.
 */
#include "report/report_text_heap.h"

#include "base/quantity_text.h"
#include "report/report_table.h"

#include <string.h>

enum {
    GROUPS_SHOWN = 10,
    ORIGIN_WIDTH = 36
};

/* ------------------------------------------------------------------------------------------------
 * Refusals
 * --------------------------------------------------------------------------------------------- */

void report_text_refused_blocks(struct text *text, const HOSTMEM_STATISTICS *statistics)
{
    static const char *const names[HOSTMEM_REFUSALS] = {
        [HostMemRefusedForeign] = "  of what is no heap block",
        [HostMemRefusedInterior] = "  inside a heap block",
        [HostMemRefusedMisaligned] = "  inside a heap block, misaligned",
        [HostMemRefusedFreed] = "  of a heap block freed before",
        [HostMemRefusedOtherHeap] = "  of another heap's block",
    };

    for (int refusal = 0; refusal < HOSTMEM_REFUSALS; refusal++)
        if (statistics->RefusedBlocks[refusal])
            report_table_count(text, names[refusal], statistics->RefusedBlocks[refusal]);
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

static void write_now(struct text *text, const char *name, uint64_t value)
{
    char number[QUANTITY_TEXT_MOST];

    text_format(text, "  %-18s%29s\n", name, quantity_text_number(number, value));
}

static void write_bytes_now(struct text *text, const char *name, uint64_t bytes)
{
    text_format(text, "  %-18s", name);
    report_table_bytes(text, bytes);
    text_format(text, "\n");
}

static void write_owner(struct text *text, const HOSTMEM_HEAP *heap, const char *module)
{
    if (heap->Kind == HostMemHeapOfProcess)
        text_format(text, "  in place of the process's heap\n");
    else if (heap->Kind == HostMemHeapOfModule)
        text_format(text, "  in place of a heap of %s\n", *module ? module : "generated code");
}

static void write_heap(struct text *text, const HOSTMEM_HEAP *heap, const char *module)
{
    text_format(text, "\nHeap %-15lu%29s%29s\n", heap->Number, "now", "peak");
    write_owner(text, heap, module);
    report_table_number_gauge(text, "live blocks", &heap->Blocks);
    report_table_byte_gauge(text, "bytes in them", &heap->BlockBytes);
    report_table_number_gauge(text, "large ones", &heap->LargeBlocks);
    report_table_byte_gauge(text, "slabs", &heap->SlabBytes);
    write_bytes_now(text, "held without use", heap->SpareBytes);
    write_bytes_now(text, "spare large memory", heap->SpareLargeBytes);
    write_now(text, "allocations", heap->Allocations);
    write_now(text, "frees", heap->Frees);
    if (heap->Executable)
        text_format(text, "  its blocks are executable\n");
}

void report_text_heaps(struct text *text, const struct snapshot *snapshot)
{
    const HOSTMEM_HEAP *items = snapshot->heaps;
    char number[QUANTITY_TEXT_MOST];
    size_t unused = 0;

    for (size_t i = 0; i < snapshot->heap_count; i++) {
        if (items[i].Allocations)
            write_heap(text, &items[i], snapshot->heap_modules[i]);
        else
            unused++;
    }
    if (unused)
        text_format(text, "\nHeaps never used: %s\n", quantity_text_number(number, unused));
}

/* ------------------------------------------------------------------------------------------------
 * Blocks still live
 * --------------------------------------------------------------------------------------------- */

static void write_group(struct text *text, const struct live_block_group *group)
{
    char blocks[QUANTITY_TEXT_MOST];

    if (strlen(group->origin) > ORIGIN_WIDTH)
        text_format(text, "  %s\n  %*s", group->origin, ORIGIN_WIDTH, "");
    else
        text_format(text, "  %-*s", ORIGIN_WIDTH, group->origin);
    text_format(text, "%11s", quantity_text_number(blocks, group->blocks));
    report_table_bytes(text, group->bytes);
    text_format(text, "\n");
}

void report_text_live_blocks(struct text *text, const struct snapshot *snapshot)
{
    size_t count = snapshot->live_block_group_count;
    char number[QUANTITY_TEXT_MOST];

    if (!count)
        return;
    text_format(text, "\n%-38s%11s%29s\n", "Heap blocks still live", "blocks", "bytes");
    for (size_t i = 0; i < count && i < GROUPS_SHOWN; i++)
        write_group(text, &snapshot->live_block_groups[i]);
    if (count > GROUPS_SHOWN)
        text_format(text, "  and %s more groups\n",
                    quantity_text_number(number, count - GROUPS_SHOWN));
}

/* ------------------------------------------------------------------------------------------------
 * Damage
 * --------------------------------------------------------------------------------------------- */

/* How far from the block its first byte that changed lies. */
static uint64_t distance(const struct damaged_block *block)
{
    switch (block->kind) {
    case HostMemDamageBehind:
        return block->address - (block->block + block->size) + 1;
    case HostMemDamageBefore:
        return block->block - block->address;
    default:
        return block->address - block->block;
    }
}

static void write_damaged_block(struct text *text, const struct damaged_block *block)
{
    static const char *const forms[] = {
        [HostMemDamageAfterFree] = "offset %s in a block of %s bytes after it was freed",
        [HostMemDamageBehind] = "%s bytes behind the end of a block of %s bytes",
        [HostMemDamageBefore] = "%s bytes before the beginning of a block of %s bytes"};
    const char *form = forms[block->kind <= HostMemDamageBefore ? block->kind : 0];
    char away[QUANTITY_TEXT_MOST], size[QUANTITY_TEXT_MOST];

    text_format(text, "  0x%llx, ", (unsigned long long)block->address);
    text_format(text, form ? form : "%s, %s", quantity_text_number(away, distance(block)),
                quantity_text_number(size, block->size));
    text_format(text, "\n    allocated by thread %lu (%s)", block->allocated_by, block->origin);
    if (block->freed_by)
        text_format(text, ", freed by thread %lu", block->freed_by);
    text_format(text, "\n");
}

void report_text_damaged_blocks(struct text *text, const struct snapshot *snapshot)
{
    uint64_t found = snapshot->statistics.DamagedBlocks;
    size_t count = snapshot->damaged_block_count;
    char number[QUANTITY_TEXT_MOST];

    if (!found)
        return;
    text_format(text, "\nDamaged heap blocks: written to at\n");
    for (size_t i = 0; i < count; i++)
        write_damaged_block(text, &snapshot->damaged_blocks[i]);
    if (found > count)
        text_format(text, "  and %s more\n", quantity_text_number(number, found - count));
}
