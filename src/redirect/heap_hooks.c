/*
 * heap_hooks.c: see heap_hooks.h.
 *
 * Each hook behaves as the function that it stands for, last error included.
 *
 * - A new block comes from the manager if the handle stands for a heap of the manager's
 *   (heap_table.h), else from Win32.
 * - For an existing block the address decides. A block outside the manager's memory (it was made
 *   before the redirection, or by another module) goes to Win32, whatever the handle. A block
 *   inside it never reaches Win32, which would take the bytes before the block for a header.
 *
 * Once the manager serves no more, new blocks come from Win32. Blocks that the manager has handed
 * out are still freed, measured and moved by it: nothing else could do that.
 *
 * Review note for invariant I4: on the manager's blocks HeapAlloc, HeapReAlloc, HeapFree, HeapSize
 * and HeapValidate do what IHostMalloc does. HeapCreate and HeapDestroy call Win32.
 */
#include "redirect/heap_hooks.h"

#include "heap/heap_fast_path.h"
#include "heap/heap_walk.h"
#include "os/os.h"
#include "redirect/binding.h"
#include "redirect/heap_table.h"
#include "redirect/hook_table.h"
#include "redirect/request_level.h"

/* ------------------------------------------------------------------------------------------------
 * Ownership
 * --------------------------------------------------------------------------------------------- */

/* True if the block lies in the manager's memory. The last error stays as it is. */
static bool owns(const struct manager *manager, const void *memory)
{
    DWORD last_error = GetLastError();
    bool own = heap_owns(&manager->heaps, memory);

    SetLastError(last_error);
    return own;
}

/* The size of a live block of the heap that the handle stands for. False: it is no such block. */
static bool size_of(const struct manager *manager, HANDLE handle, const void *memory, size_t *size)
{
    struct served_heap heap;

    return heap_table_find(manager, handle, &heap) &&
           heap_size_of(heap.host_malloc->heap, memory, size);
}

/* ------------------------------------------------------------------------------------------------
 * Allocating
 * --------------------------------------------------------------------------------------------- */

/* A new block; NULL: no memory. After a success the last error is as it was. */
static void *make_block(const struct served_heap *heap, SIZE_T size, const void *caller)
{
    struct host_malloc *host_malloc = heap->host_malloc;
    struct heap_request request = {.size = size,
                                   .critical_level = request_level_of_block(host_malloc->manager)};
    void *memory;

    if (heap_fast_alloc(host_malloc->heap, size, &memory))
        return memory;
    if (host_malloc->manager->heaps.options.flags & HEAP_TRACK_BLOCKS)
        request.caller = caller;
    host_malloc_alloc_anyway(host_malloc, &request, &memory);
    return memory;
}

/*
 * Fails by NULL or by an exception, as the caller or the heap's creator has asked for. The caller
 * has called binding_leave: RaiseException may not return.
 */
static LPVOID no_memory(DWORD flags, SIZE_T size)
{
    ULONG_PTR information = size;

    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    if (flags & HEAP_GENERATE_EXCEPTIONS)
        RaiseException(STATUS_NO_MEMORY, 0, 1, &information);
    return NULL;
}

static LPVOID WINAPI hook_HeapAlloc(HANDLE handle, DWORD flags, SIZE_T size)
{
    struct manager *manager = binding_enter_open();
    struct served_heap heap;
    void *memory;

    if (!manager || !heap_table_find(manager, handle, &heap)) {
        binding_leave();
        return HeapAlloc(handle, flags, size);
    }
    memory = make_block(&heap, size, __builtin_return_address(0));
    if (memory && (flags & HEAP_ZERO_MEMORY))
        os_fill(memory, 0, size);
    binding_leave();
    return memory ? memory : no_memory(flags | heap.options, size);
}

/* ------------------------------------------------------------------------------------------------
 * Freeing
 * --------------------------------------------------------------------------------------------- */

static BOOL free_own(struct manager *manager, HANDLE handle, LPVOID memory)
{
    struct served_heap heap;
    bool done = false;

    if (heap_table_find(manager, handle, &heap))
        done = host_malloc_free_anyway(heap.host_malloc, memory) == S_OK;
    else
        counter_increment(&manager->counters.refused_frees);
    if (!done)
        SetLastError(ERROR_INVALID_PARAMETER);
    return done;
}

/* Counts a free that goes to Win32. A free of NULL does not count. */
static void count_passed(struct manager *manager, const void *memory)
{
    if (manager && memory && manager_is_open(manager))
        counter_increment(&manager->counters.passed_frees);
}

static BOOL WINAPI hook_HeapFree(HANDLE handle, DWORD flags, LPVOID memory)
{
    struct manager *manager = binding_enter();
    BOOL done;

    if (manager && owns(manager, memory)) {
        done = free_own(manager, handle, memory);
        binding_leave();
        return done;
    }
    count_passed(manager, memory);
    binding_leave();
    return HeapFree(handle, flags, memory);
}

/* ------------------------------------------------------------------------------------------------
 * Sizes
 * --------------------------------------------------------------------------------------------- */

static SIZE_T WINAPI hook_HeapSize(HANDLE handle, DWORD flags, LPCVOID memory)
{
    struct manager *manager = binding_enter();
    size_t size;

    if (!manager || !owns(manager, memory)) {
        binding_leave();
        return HeapSize(handle, flags, memory);
    }
    if (!size_of(manager, handle, memory, &size)) {
        SetLastError(ERROR_INVALID_PARAMETER);
        size = (size_t)-1;
    }
    binding_leave();
    return size;
}

static BOOL WINAPI hook_HeapValidate(HANDLE handle, DWORD flags, LPCVOID memory)
{
    struct manager *manager = binding_enter();
    size_t size;
    BOOL valid;

    if (!manager || !owns(manager, memory)) {
        binding_leave();
        return HeapValidate(handle, flags, memory);
    }
    valid = size_of(manager, handle, memory, &size);
    binding_leave();
    return valid;
}

/* Moves a block to a new place. NULL: no memory, and the block is what it was. */
static void *move(const struct served_heap *heap, void *memory, size_t old, SIZE_T size,
                  const void *caller)
{
    void *moved = make_block(heap, size, caller);

    if (!moved)
        return NULL;
    os_copy(moved, memory, old < size ? old : size);
    host_malloc_free_anyway(heap->host_malloc, memory);
    return moved;
}

/* Gives a live block of `old` bytes another size. NULL: no memory, and the block is what it was. */
static void *resize(const struct served_heap *heap, DWORD flags, void *memory, size_t old,
                    SIZE_T size, const void *caller)
{
    if (!heap_resize(heap->host_malloc->heap, memory, size))
        memory =
            (flags & HEAP_REALLOC_IN_PLACE_ONLY) ? NULL : move(heap, memory, old, size, caller);
    if (memory && size > old && (flags & HEAP_ZERO_MEMORY))
        os_fill((char *)memory + old, 0, size - old);
    return memory;
}

static LPVOID WINAPI hook_HeapReAlloc(HANDLE handle, DWORD flags, LPVOID memory, SIZE_T size)
{
    struct manager *manager = binding_enter();
    struct served_heap heap;
    size_t old;

    if (!manager || !owns(manager, memory)) {
        binding_leave();
        return HeapReAlloc(handle, flags, memory, size);
    }
    if (!heap_table_find(manager, handle, &heap) ||
        !heap_size_of(heap.host_malloc->heap, memory, &old)) {
        binding_leave();
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    memory = resize(&heap, flags, memory, old, size, __builtin_return_address(0));
    binding_leave();
    return memory ? memory : no_memory(flags | heap.options, size);
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

static HANDLE WINAPI hook_HeapCreate(DWORD options, SIZE_T initial, SIZE_T maximum)
{
    HANDLE handle = HeapCreate(options, initial, maximum);
    DWORD last_error = GetLastError();
    struct manager *manager = binding_enter_open();

    if (handle && manager) {
        /* The table may still hold the handle, of a heap destroyed while nothing was redirected. */
        heap_table_remove(manager, handle);
        /* Only Win32 can keep a heap below its maximum size. */
        if (!maximum)
            heap_table_add(manager, handle, options);
    }
    binding_leave();
    SetLastError(last_error);
    return handle;
}

static BOOL WINAPI hook_HeapDestroy(HANDLE handle)
{
    struct manager *manager = binding_enter();

    /* Before the call: once Win32 has destroyed the heap, a new one may get the same handle. */
    if (manager && handle != GetProcessHeap())
        heap_table_remove(manager, handle);
    binding_leave();
    return HeapDestroy(handle);
}

/* ------------------------------------------------------------------------------------------------
 * The table of hooks
 * --------------------------------------------------------------------------------------------- */

static const struct hook hooks[] = {
    HOOK(HeapAlloc),    HOOK(HeapReAlloc), HOOK(HeapFree),    HOOK(HeapSize),
    HOOK(HeapValidate), HOOK(HeapCreate),  HOOK(HeapDestroy),
};

void *heap_hooks_find(const char *function)
{
    return hook_table_find(hooks, sizeof(hooks) / sizeof(hooks[0]), function);
}
