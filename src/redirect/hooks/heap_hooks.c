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
 * Once the manager serves no more, or is not bound any more, new blocks come from Win32. Blocks
 * that the manager has handed out are still freed, measured and moved by it: nothing else could do
 * that.
 *
 * Review note for invariant I4: on the manager's blocks HeapAlloc, HeapReAlloc, HeapFree, HeapSize
 * and HeapValidate do what IHostMalloc does. HeapCreate and HeapDestroy call Win32.
 */
#include "redirect/hooks/heap_hooks.h"

#include "os/os.h"
#include "redirect/binding.h"
#include "redirect/hooks/heap_blocks.h"
#include "redirect/retry.h"

#include "heap/heap.h"

/* ------------------------------------------------------------------------------------------------
 * Blocks
 * --------------------------------------------------------------------------------------------- */

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

/*
 * What Win32 serves. It raises an exception only when there is nothing more to give back for it,
 * unless the heap was created to do so. HeapAlloc and HeapReAlloc set no last error.
 */
static LPVOID pass_alloc(struct retry *retry, HANDLE handle, DWORD flags, SIZE_T size)
{
    LPVOID memory;

    do
        memory = HeapAlloc(handle, flags & ~(DWORD)HEAP_GENERATE_EXCEPTIONS, size);
    while (!memory && retry_helps(retry, ERROR_NOT_ENOUGH_MEMORY));
    if (!memory && (flags & HEAP_GENERATE_EXCEPTIONS))
        memory = HeapAlloc(handle, flags, size);
    if (memory)
        heap_blocks_count_passed_call(size);
    return memory;
}

/* A block that is to stay in its place does not fail for want of memory. */
static LPVOID pass_realloc(struct retry *retry, HANDLE handle, DWORD flags, LPVOID memory,
                           SIZE_T size)
{
    const DWORD quiet = ~(DWORD)HEAP_GENERATE_EXCEPTIONS;
    LPVOID resized = NULL;

    if (!(flags & HEAP_REALLOC_IN_PLACE_ONLY)) {
        do
            resized = HeapReAlloc(handle, flags & quiet, memory, size);
        while (!resized && retry_helps(retry, ERROR_NOT_ENOUGH_MEMORY));
    }
    if (!resized && (flags & (HEAP_GENERATE_EXCEPTIONS | HEAP_REALLOC_IN_PLACE_ONLY)))
        resized = HeapReAlloc(handle, flags, memory, size);
    if (resized)
        heap_blocks_count_passed_call(size);
    return resized;
}

/*
 * RtlAllocateHeap's, which HeapAlloc may be: HEAP_SETTABLE_USER_VALUE and the three user flags.
 * ntdll keeps them, and a value of the caller's, beside the block. Win32 serves that.
 */
#define USER_VALUE_AND_FLAGS ((DWORD)0xf00)

static LPVOID WINAPI hook_HeapAlloc(HANDLE handle, DWORD flags, SIZE_T size)
{
    struct manager *manager = binding_enter_open();
    struct served_heap heap;
    void *memory;

    if (!manager || (flags & USER_VALUE_AND_FLAGS) || !heap_table_find(manager, handle, &heap)) {
        struct retry retry = retry_of(manager);

        binding_leave();
        return pass_alloc(&retry, handle, flags, size);
    }
    memory = heap_blocks_make(&heap, size, __builtin_return_address(0));
    if (memory && (flags & HEAP_ZERO_MEMORY))
        os_fill(memory, 0, size);
    binding_leave();
    return memory ? memory : no_memory(flags | heap.options, size);
}

static BOOL WINAPI hook_HeapFree(HANDLE handle, DWORD flags, LPVOID memory)
{
    struct manager *manager = binding_enter();
    struct manager *owner = heap_blocks_owner(memory);
    BOOL done;

    if (owner) {
        done = heap_blocks_free(owner, handle, memory);
        if (!done)
            SetLastError(ERROR_INVALID_PARAMETER);
        binding_leave();
        return done;
    }
    heap_blocks_count_passed(manager, memory);
    binding_leave();
    return HeapFree(handle, flags, memory);
}

static SIZE_T WINAPI hook_HeapSize(HANDLE handle, DWORD flags, LPCVOID memory)
{
    struct manager *owner;
    size_t size;

    binding_enter();
    owner = heap_blocks_owner(memory);
    if (!owner) {
        binding_leave();
        return HeapSize(handle, flags, memory);
    }
    if (!heap_blocks_size(owner, handle, memory, &size)) {
        SetLastError(ERROR_INVALID_PARAMETER);
        size = (size_t)-1;
    }
    binding_leave();
    return size;
}

static BOOL WINAPI hook_HeapValidate(HANDLE handle, DWORD flags, LPCVOID memory)
{
    struct manager *owner;
    BOOL valid;

    binding_enter();
    owner = heap_blocks_owner(memory);
    if (!owner) {
        valid = memory || heap_blocks_are_valid(handle);
        binding_leave();
        return HeapValidate(handle, flags, memory) && valid;
    }
    valid = heap_blocks_is_valid(owner, handle, memory);
    binding_leave();
    return valid;
}

static LPVOID WINAPI hook_HeapReAlloc(HANDLE handle, DWORD flags, LPVOID memory, SIZE_T size)
{
    struct manager *manager = binding_enter();
    struct manager *owner = heap_blocks_owner(memory);
    struct served_heap heap;
    size_t old;

    if (!owner) {
        struct retry retry = retry_of(manager);

        binding_leave();
        return pass_realloc(&retry, handle, flags, memory, size);
    }
    if (!heap_table_find(owner, handle, &heap) ||
        !heap_size_of(heap.host_malloc->heap, memory, &old)) {
        binding_leave();
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    memory = heap_blocks_resize(&heap, flags, memory, old, size, __builtin_return_address(0));
    binding_leave();
    return memory ? memory : no_memory(flags | heap.options, size);
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

static bool has_heap(struct manager *manager, const void *handle)
{
    struct served_heap heap;

    return heap_table_find(manager, (HANDLE)(uintptr_t)handle, &heap);
}

/* Ends what a handle stands for, of each manager that serves it. Two may after one another. */
static void end_heaps(HANDLE handle)
{
    struct manager *owner;

    while ((owner = binding_find(has_heap, handle)) != NULL)
        heap_table_remove(owner, handle);
}

static HANDLE WINAPI hook_HeapCreate(DWORD options, SIZE_T initial, SIZE_T maximum)
{
    struct retry retry = retry_begin();
    struct manager *manager;
    HANDLE handle;
    DWORD last_error;

    do
        handle = HeapCreate(options, initial, maximum);
    while (!handle && retry_helps(&retry, GetLastError()));
    last_error = GetLastError();
    manager = binding_enter_open();
    if (handle && manager) {
        /* The table may still hold the handle, of a heap destroyed while nothing was redirected. */
        end_heaps(handle);
        /* Only Win32 can keep a heap below its maximum size. */
        if (!maximum)
            heap_table_add(manager, handle, options, __builtin_return_address(0));
    }
    binding_leave();
    SetLastError(last_error);
    return handle;
}

static BOOL WINAPI hook_HeapDestroy(HANDLE handle)
{
    binding_enter();
    /* Before the call: once Win32 has destroyed the heap, a new one may get the same handle. */
    if (handle != GetProcessHeap())
        end_heaps(handle);
    binding_leave();
    return HeapDestroy(handle);
}

/* In a member that means nothing for a block that does not move: the walk goes on with a manager.
 */
#define WALK_MARK ((DWORD)0x6d74736f)

static void describe(const struct heap_block *block, PROCESS_HEAP_ENTRY *entry)
{
    *entry = (PROCESS_HEAP_ENTRY){.lpData = (void *)block->address,
                                  .cbData = (DWORD)block->size,
                                  .wFlags = PROCESS_HEAP_ENTRY_BUSY,
                                  .Block = {.dwReserved = {WALK_MARK, WALK_MARK, WALK_MARK}}};
}

static bool is_described(const PROCESS_HEAP_ENTRY *entry)
{
    return entry->wFlags == PROCESS_HEAP_ENTRY_BUSY && entry->Block.dwReserved[0] == WALK_MARK &&
           entry->Block.dwReserved[2] == WALK_MARK;
}

/* The managers' blocks come first, then what Win32 has under the handle. */
static BOOL WINAPI hook_HeapWalk(HANDLE handle, LPPROCESS_HEAP_ENTRY entry)
{
    struct heap_block block;
    bool ours = entry && (!entry->lpData || is_described(entry));
    bool found;

    binding_enter();
    /* A run-time library's _heapwalk hands back the address alone. */
    ours = ours || (entry && heap_blocks_owner(entry->lpData));
    found = ours && heap_blocks_next(handle, entry->lpData, &block);
    binding_leave();
    if (found) {
        describe(&block, entry);
        return TRUE;
    }
    if (ours)
        *entry = (PROCESS_HEAP_ENTRY){0};
    return HeapWalk(handle, entry);
}

/* ------------------------------------------------------------------------------------------------
 * The table of hooks
 * --------------------------------------------------------------------------------------------- */

static struct hook hooks[] = {
    HOOK(HeapAlloc),    HOOK(HeapReAlloc), HOOK(HeapFree),    HOOK(HeapSize),
    HOOK(HeapValidate), HOOK(HeapCreate),  HOOK(HeapDestroy), HOOK(HeapWalk),
};

const struct hook_table heap_hooks = HOOK_TABLE(hooks);

/*
 * The same functions under the names of ntdll.dll, to which Win32 forwards, or passes on. It
 * returns BOOLEAN where Win32 returns BOOL. Only HeapDestroy's result has another meaning there.
 *
 * RtlAllocateHeap's blocks stay Win32's. Who takes one from ntdll may give it to a function of
 * ntdll's that frees it and has no hook: RtlFreeUnicodeString, RtlMultipleFreeHeap.
 */
static LPVOID WINAPI hook_RtlAllocateHeap(HANDLE handle, DWORD flags, SIZE_T size)
{
    struct retry retry = retry_begin();

    return pass_alloc(&retry, handle, flags, size);
}

static PVOID WINAPI hook_RtlDestroyHeap(HANDLE handle)
{
    return hook_HeapDestroy(handle) ? NULL : handle;
}

static struct hook native_hooks[] = {
    HOOK(RtlAllocateHeap),
    HOOK_NAMED("RtlReAllocateHeap", hook_HeapReAlloc),
    HOOK_NAMED("RtlFreeHeap", hook_HeapFree),
    HOOK_NAMED("RtlSizeHeap", hook_HeapSize),
    HOOK_NAMED("RtlValidateHeap", hook_HeapValidate),
    HOOK(RtlDestroyHeap),
};

const struct hook_table native_heap_hooks = HOOK_TABLE(native_hooks);
