/*
 * report_json_heap.c: heaps, blocks and damage as JSON values, in the forms that report_json.c
 * describes.
 */
#include "report/report_json_heap.h"

#include "report/json_build.h"
#include "report/labels.h"

json_t *report_json_refused_blocks(const HOSTMEM_STATISTICS *statistics)
{
    json_t *object = json_object();

    for (int refusal = 0; refusal < HOSTMEM_REFUSALS; refusal++)
        json_build_integer(object, label_of_refusal((HOSTMEM_REFUSAL)refusal),
                           statistics->RefusedBlocks[refusal]);
    return object;
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

static json_t *size_class_object(const HOSTMEM_SIZE_CLASS *size_class)
{
    json_t *object = json_object();

    json_build_integer(object, "block_size", size_class->BlockSize);
    json_build_integer(object, "smallest_request", size_class->SmallestRequest);
    json_build_integer(object, "largest_request", size_class->LargestRequest);
    json_build_member(object, "tracked", json_boolean(size_class->Tracked));
    json_build_integer(object, "blocks_per_slab", size_class->BlocksPerSlab);
    json_build_integer(object, "slabs", size_class->Slabs);
    json_build_integer(object, "blocks", size_class->Blocks);
    json_build_integer(object, "block_bytes", size_class->BlockBytes);
    return object;
}

static json_t *size_classes_array(const struct snapshot *snapshot, DWORD heap)
{
    const struct heap_size_class *items = snapshot->size_classes;
    json_t *array = json_array();

    for (size_t i = 0; i < snapshot->size_class_count; i++)
        if (items[i].heap == heap)
            json_build_item(array, size_class_object(&items[i].size_class));
    return array;
}

static json_t *heap_object(const HOSTMEM_HEAP *heap, const char *module,
                           const struct snapshot *snapshot)
{
    json_t *object = json_object();

    json_build_integer(object, "number", heap->Number);
    json_build_text(object, "of", label_of_heap(heap->Kind));
    json_build_text(object, "module", module);
    json_build_address(object, "handle", (uintptr_t)heap->Handle);
    json_build_member(object, "executable", json_boolean(heap->Executable));
    json_build_gauge(object, "blocks", &heap->Blocks);
    json_build_gauge(object, "block_bytes", &heap->BlockBytes);
    json_build_gauge(object, "slab_bytes", &heap->SlabBytes);
    json_build_gauge(object, "large_blocks", &heap->LargeBlocks);
    json_build_gauge(object, "large_bytes", &heap->LargeBytes);
    json_build_integer(object, "spare_bytes", heap->SpareBytes);
    json_build_integer(object, "spare_large_bytes", heap->SpareLargeBytes);
    json_build_integer(object, "allocations", heap->Allocations);
    json_build_integer(object, "allocated_bytes", heap->AllocatedBytes);
    json_build_integer(object, "frees", heap->Frees);
    json_build_integer(object, "freed_bytes", heap->FreedBytes);
    json_build_member(object, "size_classes", size_classes_array(snapshot, heap->Number));
    return object;
}

json_t *report_json_heaps(const struct snapshot *snapshot)
{
    json_t *array = json_array();

    for (size_t i = 0; i < snapshot->heap_count; i++)
        json_build_item(array,
                        heap_object(&snapshot->heaps[i], snapshot->heap_modules[i], snapshot));
    return array;
}

/* ------------------------------------------------------------------------------------------------
 * Blocks
 * --------------------------------------------------------------------------------------------- */

static json_t *group_object(const struct live_block_group *group)
{
    json_t *object = json_object();

    json_build_text(object, "origin", group->origin);
    json_build_integer(object, "blocks", group->blocks);
    json_build_integer(object, "bytes", group->bytes);
    return object;
}

json_t *report_json_live_blocks(const struct snapshot *snapshot)
{
    json_t *array = json_array();

    for (size_t i = 0; i < snapshot->live_block_group_count; i++)
        json_build_item(array, group_object(&snapshot->live_block_groups[i]));
    return array;
}

static const char *kind_name(HOSTMEM_DAMAGE_KIND kind)
{
    switch (kind) {
    case HostMemDamageBehind:
        return "behind";
    case HostMemDamageBefore:
        return "before";
    default:
        return "after_free";
    }
}

/* offset: of the first byte that changed, in the block; negative before it. */
static json_t *damaged_block_object(const struct damaged_block *block)
{
    json_t *object = json_object();

    json_build_text(object, "kind", kind_name(block->kind));
    json_build_address(object, "address", block->address);
    json_build_address(object, "block", block->block);
    json_build_integer(object, "offset", block->address - block->block);
    json_build_integer(object, "size", block->size);
    json_build_integer(object, "heap", block->heap);
    json_build_text(object, "origin", block->origin);
    json_build_integer(object, "thread", block->allocated_by);
    json_build_integer(object, "freed_by", block->freed_by);
    json_build_integer(object, "sequence", block->sequence);
    return object;
}

json_t *report_json_damaged_blocks(const struct snapshot *snapshot)
{
    json_t *array = json_array();

    for (size_t i = 0; i < snapshot->damaged_block_count; i++)
        json_build_item(array, damaged_block_object(&snapshot->damaged_blocks[i]));
    return array;
}
