/*
 * local_hooks.c: see local_hooks.h.
 *
 * Fixed memory is a block of the process's heap, and its handle is the block's address. So it comes
 * from the manager's heap that stands for the process's (heap_table.h). Moveable memory is Win32's:
 * its handles are no addresses of blocks, and lie in nobody's memory but Win32's.
 *
 * As in heap_hooks.c the address decides whose a block is, and a block in the manager's memory
 * never reaches Win32. Results and last errors are those of Win32 for fixed memory. They are the
 * same for Local and Global, but where it is said.
 */
#include "redirect/hooks/local_hooks.h"

#include "heap/heap.h"
#include "os/os.h"
#include "redirect/binding.h"
#include "redirect/hooks/heap_blocks.h"
#include "redirect/retry.h"

/* A handle of the process's heap; of Local and of Global memory alike. */
typedef HANDLE WINAPI alloc_function(UINT flags, SIZE_T size);
typedef HANDLE WINAPI realloc_function(HANDLE memory, SIZE_T size, UINT flags);

/* The manager whose the memory is; NULL: Win32's. binding_leave is due after the former only. */
static struct manager *enter_owner(const void *memory)
{
    struct manager *owner;

    binding_enter();
    owner = heap_blocks_owner(memory);
    if (!owner)
        binding_leave();
    return owner;
}

/* True if the memory is a live block, after binding_leave; else the last error says that not. */
static bool leave_owner(const struct manager *owner, const void *memory, size_t *size)
{
    bool live = heap_blocks_size(owner, GetProcessHeap(), memory, size);

    binding_leave();
    if (!live)
        SetLastError(ERROR_INVALID_HANDLE);
    return live;
}

/* ------------------------------------------------------------------------------------------------
 * Allocating and freeing
 * --------------------------------------------------------------------------------------------- */

/* Flags of fixed memory. All but the first mean nothing. Requests with others are Win32's. */
#define LOCAL_FIXED ((UINT)(LMEM_ZEROINIT | LMEM_NOCOMPACT | LMEM_NODISCARD))
#define GLOBAL_FIXED                                                                               \
    ((UINT)(GMEM_ZEROINIT | GMEM_NOCOMPACT | GMEM_NODISCARD | GMEM_DDESHARE | GMEM_NOT_BANKED |    \
            GMEM_NOTIFY))

static HANDLE pass_alloc(UINT flags, SIZE_T size, alloc_function *win32)
{
    struct retry retry = retry_begin();
    HANDLE memory;

    do
        memory = win32(flags, size);
    while (!memory && retry_helps(&retry, GetLastError()));
    if (memory)
        heap_blocks_count_passed_call(size);
    return memory;
}

static HANDLE alloc(UINT flags, SIZE_T size, bool fixed, alloc_function *win32, const void *caller)
{
    struct manager *manager = binding_enter_open();
    struct served_heap heap;
    void *memory;

    if (!manager || !fixed || !heap_table_find(manager, GetProcessHeap(), &heap)) {
        binding_leave();
        return pass_alloc(flags, size, win32);
    }
    memory = heap_blocks_make(&heap, size, caller);
    if (memory && (flags & LMEM_ZEROINIT))
        os_fill(memory, 0, size);
    binding_leave();
    if (!memory)
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return memory;
}

static HLOCAL WINAPI hook_LocalAlloc(UINT flags, SIZE_T size)
{
    return alloc(flags, size, !(flags & ~LOCAL_FIXED), LocalAlloc, __builtin_return_address(0));
}

/* There is no fixed global memory without a byte: Win32 makes it one byte long. */
static HGLOBAL WINAPI hook_GlobalAlloc(UINT flags, SIZE_T size)
{
    bool fixed = !(flags & ~GLOBAL_FIXED);

    return alloc(flags, fixed && !size ? 1 : size, fixed, GlobalAlloc, __builtin_return_address(0));
}

static HANDLE free_block(struct manager *owner, HANDLE memory)
{
    bool done = heap_blocks_free(owner, GetProcessHeap(), memory);

    binding_leave();
    if (done)
        return NULL;
    SetLastError(ERROR_INVALID_HANDLE);
    return memory;
}

/* Counts a free that goes to Win32. */
static HANDLE count_passed(HANDLE memory)
{
    heap_blocks_count_passed(binding_enter(), memory);
    binding_leave();
    return memory;
}

static HLOCAL WINAPI hook_LocalFree(HLOCAL memory)
{
    struct manager *owner = enter_owner(memory);

    return owner ? free_block(owner, memory) : LocalFree(count_passed(memory));
}

static HGLOBAL WINAPI hook_GlobalFree(HGLOBAL memory)
{
    struct manager *owner = enter_owner(memory);

    return owner ? free_block(owner, memory) : GlobalFree(count_passed(memory));
}

/* ------------------------------------------------------------------------------------------------
 * Resizing
 * --------------------------------------------------------------------------------------------- */

/* A flag of moveable memory alone: LMEM_DISCARDABLE, which includes GMEM_DISCARDABLE. */
#define DISCARDABLE ((UINT)LMEM_DISCARDABLE)

static void *resize(const struct served_heap *heap, UINT flags, void *memory, size_t old,
                    SIZE_T size, const void *caller)
{
    DWORD heap_flags = (flags & LMEM_ZEROINIT ? HEAP_ZERO_MEMORY : 0) |
                       (flags & LMEM_MOVEABLE ? 0 : HEAP_REALLOC_IN_PLACE_ONLY);

    return heap_blocks_resize(heap, heap_flags, memory, old, size, caller);
}

/* The block with its new size, or NULL and *error. */
static void *realloc_block(const struct manager *owner, HANDLE memory, SIZE_T size, UINT flags,
                           const void *caller, DWORD *error)
{
    struct served_heap heap;
    void *resized;
    size_t old;

    *error = ERROR_INVALID_HANDLE;
    if (!heap_table_find(owner, GetProcessHeap(), &heap) ||
        !heap_size_of(heap.host_malloc->heap, memory, &old))
        return NULL;
    if (flags & LMEM_MODIFY) /* of other flags than fixed memory has: nothing changes */
        return memory;
    *error = ERROR_INVALID_PARAMETER;
    if (flags & DISCARDABLE)
        return NULL;
    resized = resize(&heap, flags, memory, old, size, caller);
    *error = ERROR_NOT_ENOUGH_MEMORY;
    return resized;
}

static HANDLE pass_realloc(HANDLE memory, SIZE_T size, UINT flags, realloc_function *win32)
{
    struct retry retry = retry_begin();
    HANDLE resized;

    do
        resized = win32(memory, size, flags);
    while (!resized && retry_helps(&retry, GetLastError()));
    if (resized && !(flags & LMEM_MODIFY))
        heap_blocks_count_passed_call(size);
    return resized;
}

static HANDLE realloc_or_pass(HANDLE memory, SIZE_T size, UINT flags, realloc_function *win32,
                              const void *caller)
{
    struct manager *owner = enter_owner(memory);
    void *resized;
    DWORD error;

    if (!owner)
        return pass_realloc(memory, size, flags, win32);
    resized = realloc_block(owner, memory, size, flags, caller, &error);
    binding_leave();
    if (!resized)
        SetLastError(error);
    return resized;
}

static HLOCAL WINAPI hook_LocalReAlloc(HLOCAL memory, SIZE_T size, UINT flags)
{
    return realloc_or_pass(memory, size, flags, LocalReAlloc, __builtin_return_address(0));
}

static HGLOBAL WINAPI hook_GlobalReAlloc(HGLOBAL memory, SIZE_T size, UINT flags)
{
    return realloc_or_pass(memory, size, flags, GlobalReAlloc, __builtin_return_address(0));
}

/* ------------------------------------------------------------------------------------------------
 * What is known of a block
 * --------------------------------------------------------------------------------------------- */

static SIZE_T size_of(const struct manager *owner, const void *memory)
{
    size_t size;

    return leave_owner(owner, memory, &size) ? size : 0;
}

static SIZE_T WINAPI hook_LocalSize(HLOCAL memory)
{
    struct manager *owner = enter_owner(memory);

    return owner ? size_of(owner, memory) : LocalSize(memory);
}

static SIZE_T WINAPI hook_GlobalSize(HGLOBAL memory)
{
    struct manager *owner = enter_owner(memory);

    return owner ? size_of(owner, memory) : GlobalSize(memory);
}

/* Of fixed memory the handle is the address, and the address is the handle. */
static void *same_if_live(const struct manager *owner, const void *memory)
{
    size_t size;

    return leave_owner(owner, memory, &size) ? (void *)(uintptr_t)memory : NULL;
}

static LPVOID WINAPI hook_LocalLock(HLOCAL memory)
{
    struct manager *owner = enter_owner(memory);

    return owner ? same_if_live(owner, memory) : LocalLock(memory);
}

static LPVOID WINAPI hook_GlobalLock(HGLOBAL memory)
{
    struct manager *owner = enter_owner(memory);

    return owner ? same_if_live(owner, memory) : GlobalLock(memory);
}

static HLOCAL WINAPI hook_LocalHandle(LPCVOID memory)
{
    struct manager *owner = enter_owner(memory);

    return owner ? same_if_live(owner, memory) : LocalHandle(memory);
}

static HGLOBAL WINAPI hook_GlobalHandle(LPCVOID memory)
{
    struct manager *owner = enter_owner(memory);

    return owner ? same_if_live(owner, memory) : GlobalHandle(memory);
}

/* Fixed memory is never locked: Local says that this is an error, Global says TRUE. */
static BOOL WINAPI hook_LocalUnlock(HLOCAL memory)
{
    if (!enter_owner(memory))
        return LocalUnlock(memory);
    binding_leave();
    SetLastError(ERROR_NOT_LOCKED);
    return FALSE;
}

static BOOL WINAPI hook_GlobalUnlock(HGLOBAL memory)
{
    if (!enter_owner(memory))
        return GlobalUnlock(memory);
    binding_leave();
    return TRUE;
}

static UINT flags_of(const struct manager *owner, const void *memory)
{
    size_t size;

    return leave_owner(owner, memory, &size) ? LMEM_FIXED : LMEM_INVALID_HANDLE;
}

static UINT WINAPI hook_LocalFlags(HLOCAL memory)
{
    struct manager *owner = enter_owner(memory);

    return owner ? flags_of(owner, memory) : LocalFlags(memory);
}

static UINT WINAPI hook_GlobalFlags(HGLOBAL memory)
{
    struct manager *owner = enter_owner(memory);

    return owner ? flags_of(owner, memory) : GlobalFlags(memory);
}

static struct hook hooks[] = {
    HOOK(LocalAlloc),  HOOK(LocalReAlloc),  HOOK(LocalFree),    HOOK(LocalSize),
    HOOK(LocalLock),   HOOK(LocalUnlock),   HOOK(LocalHandle),  HOOK(LocalFlags),
    HOOK(GlobalAlloc), HOOK(GlobalReAlloc), HOOK(GlobalFree),   HOOK(GlobalSize),
    HOOK(GlobalLock),  HOOK(GlobalUnlock),  HOOK(GlobalHandle), HOOK(GlobalFlags),
};

const struct hook_table local_hooks = HOOK_TABLE(hooks);
