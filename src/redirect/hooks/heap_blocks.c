/*
 * heap_blocks.c: see heap_blocks.h.
 */
#include "redirect/hooks/heap_blocks.h"

#include "heap/check/heap_look.h"
#include "heap/heap_fast_path.h"
#include "os/os.h"
#include "redirect/binding.h"
#include "redirect/runtime/request_level.h"

static bool owns(struct manager *manager, const void *memory)
{
    return heap_owns(&manager->heaps, memory);
}

struct manager *heap_blocks_owner(const void *memory)
{
    DWORD last_error = GetLastError();
    struct manager *owner = binding_find(owns, memory);

    SetLastError(last_error);
    return owner;
}

/* quiet: see struct heap_request. */
static void *make(const struct served_heap *heap, SIZE_T size, const void *caller, bool quiet)
{
    struct host_malloc *host_malloc = heap->host_malloc;
    struct heap_request request = {.size = size,
                                   .critical_level = request_level_of_block(host_malloc->manager),
                                   .quiet = quiet};
    void *memory;

    if (heap_fast_alloc(host_malloc->heap, size, &memory))
        return memory;
    if (host_malloc->manager->heaps.options.flags)
        request.caller = caller;
    host_malloc_alloc_anyway(host_malloc, &request, &memory);
    return memory;
}

void *heap_blocks_make(const struct served_heap *heap, SIZE_T size, const void *caller)
{
    return make(heap, size, caller, false);
}

bool heap_blocks_size(const struct manager *manager, HANDLE handle, const void *memory,
                      size_t *size)
{
    struct served_heap heap;

    return heap_table_find(manager, handle, &heap) &&
           heap_size_of(heap.host_malloc->heap, memory, size);
}

bool heap_blocks_is_valid(struct manager *manager, HANDLE handle, const void *memory)
{
    size_t size;

    return heap_blocks_size(manager, handle, memory, &size) &&
           !heap_look_at(&manager->heaps, (uintptr_t)memory);
}

bool heap_blocks_are_valid(HANDLE handle)
{
    struct served_heap heap;
    bool valid = true;

    for (struct manager *manager = binding_next(NULL); manager; manager = binding_next(manager)) {
        if (heap_table_find(manager, handle, &heap) &&
            heap_look(&manager->heaps, heap.host_malloc->heap))
            valid = false;
    }
    return valid;
}

/* Moves a block to a new place. NULL: no memory, and the block is what it was. */
static void *move(const struct served_heap *heap, void *memory, size_t old, SIZE_T size,
                  const void *caller)
{
    void *moved = make(heap, size, caller, size < old);

    if (!moved)
        return NULL;
    os_copy(moved, memory, old < size ? old : size);
    host_malloc_free_anyway(heap->host_malloc, memory);
    return moved;
}

/*
 * A block becomes smaller where it lies. Should it be larger then than was asked for, what is cut
 * off becomes zero, as it has to be if the block grows again and what is new is to be zero.
 */
static void *shrink(const struct served_heap *heap, void *memory, SIZE_T size)
{
    size_t now;

    if (!heap_shrink(heap->host_malloc->heap, memory, size) ||
        !heap_size_of(heap->host_malloc->heap, memory, &now))
        return NULL;
    if (now > size)
        os_fill((char *)memory + size, 0, now - size);
    return memory;
}

void *heap_blocks_resize(const struct served_heap *heap, DWORD flags, void *memory, size_t old,
                         SIZE_T size, const void *caller)
{
    void *resized = NULL;

    if (size == old || heap_resize(heap->host_malloc->heap, memory, size))
        resized = memory;
    if (!resized && !(flags & HEAP_REALLOC_IN_PLACE_ONLY))
        resized = move(heap, memory, old, size, caller);
    if (!resized && size < old)
        resized = shrink(heap, memory, size);
    if (resized && size > old && (flags & HEAP_ZERO_MEMORY))
        os_fill((char *)resized + old, 0, size - old);
    return resized;
}

bool heap_blocks_free(struct manager *manager, HANDLE handle, void *memory)
{
    struct served_heap heap;

    if (heap_table_find(manager, handle, &heap))
        return host_malloc_free_anyway(heap.host_malloc, memory) == S_OK;
    counter_increment(&manager->counters.refused_frees);
    return false;
}

bool heap_blocks_next(HANDLE handle, const void *after, struct heap_block *block)
{
    struct manager *manager = after ? heap_blocks_owner(after) : binding_next(NULL);
    struct heap_cursor cursor = {0};
    struct served_heap heap;

    if (manager && after)
        cursor = heap_cursor_behind(&manager->heaps, (uintptr_t)after);
    for (; manager; manager = binding_next(manager), cursor = (struct heap_cursor){0}) {
        uint32_t number = heap_table_find(manager, handle, &heap)
                              ? heap_number(heap.host_malloc->heap)
                              : 0; /* it is being destroyed */

        if (number && heap_next_block(&manager->heaps, number, &cursor, block))
            return true;
    }
    return false;
}

void heap_blocks_count_passed(struct manager *manager, const void *memory)
{
    if (manager && memory && manager_is_open(manager))
        counter_increment(&manager->counters.passed_frees);
}

void heap_blocks_count_passed_call(SIZE_T size)
{
    struct manager *manager = binding_enter_open();

    if (manager) {
        counter_increment(&manager->counters.passed_heap_calls);
        counter_add(&manager->counters.passed_heap_bytes, size);
    }
    binding_leave();
}
