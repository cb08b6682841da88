/*
 * heap.c: see heap.h.
 */
#include "heap/heap.h"

#include "os/os.h"

void heap_init(struct heap *heap, struct pages *pages, struct names *names, uint32_t number,
               bool executable)
{
    heap->pages = pages;
    heap->names = names;
    heap->number = number;
    heap->executable = executable;
    gauge_add(&pages->record->heaps, 1);
}

pages_result heap_alloc(struct heap *heap, size_t size, uint32_t critical_level, const char *file,
                        uint32_t line, void **memory)
{
    struct pages_request request = {
        .size = size ? size : 1,
        .type = OS_MEM_RESERVE | OS_MEM_COMMIT,
        .protect = heap->executable ? OS_PAGE_EXECUTE_READWRITE : OS_PAGE_READWRITE,
        .node = OS_ANY_NODE,
        .critical_level = critical_level,
        .heap = heap->number,
        .line = line,
        .requested = size,
    };
    pages_result result;

    *memory = NULL;
    if (file) {
        request.file = names_keep(heap->names, file);
        if (!request.file)
            return OS_ERROR_NOT_ENOUGH_MEMORY;
    }
    result = pages_alloc(heap->pages, &request, memory);
    if (!result) {
        gauge_add(&heap->pages->record->blocks, 1);
        gauge_add(&heap->pages->record->block_bytes, size);
    }
    return result;
}

pages_result heap_free(struct heap *heap, void *memory)
{
    size_t size = 0;
    pages_result result;

    if (!memory)
        return PAGES_OK;
    result = pages_release_block(heap->pages, memory, heap->number, &size);
    if (!result) {
        gauge_subtract(&heap->pages->record->blocks, 1);
        gauge_subtract(&heap->pages->record->block_bytes, size);
    }
    return result;
}

bool heap_next(const struct pages *pages, uint32_t heap, uint32_t *cursor, struct heap_block *block)
{
    struct region_facts facts;
    size_t committed;

    while (pages_next(pages, cursor, &facts, &committed)) {
        if (!facts.heap || (heap && facts.heap != heap))
            continue;
        *block = (struct heap_block){
            .address = facts.base,
            .size = facts.requested,
            .file = facts.file,
            .line = facts.line,
            .heap = facts.heap,
            .thread_id = facts.thread_id,
            .sequence = facts.sequence,
            .tick = facts.tick,
        };
        return true;
    }
    return false;
}

void heap_destroy(struct heap *heap, heap_leak_callback *callback, void *context)
{
    struct record *record = heap->pages->record;
    struct heap_block block;
    uint32_t cursor = 0;

    while (heap_next(heap->pages, heap->number, &cursor, &block)) {
        callback(context, &block);
        record_count(&record->leaked_blocks);
        record_add(&record->leaked_bytes, block.size);
        heap_free(heap, (void *)block.address);
    }
    gauge_subtract(&record->heaps, 1);
}
