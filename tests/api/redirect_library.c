/*
 * redirect_library.c: a run-time library in small: see redirect_library.h.
 */
#include "redirect_library.h"

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved);

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)reason;
    (void)reserved;
    return instance != NULL;
}

INT_PTR __cdecl tell_heap(void);

static HANDLE heap;

/* Each call of Win32 goes through the import address table. */

/* Exported as _get_heap_handle: redirect_library.def. */
INT_PTR __cdecl tell_heap(void)
{
    HANDLE told = heap;

    if (!heap)
        heap = HeapCreate(0, 0, 0);
    return (INT_PTR)told;
}

static void forget_heap(void)
{
    if (heap)
        HeapDestroy(heap);
    heap = NULL;
}

static void *make_block(SIZE_T size)
{
    return HeapAlloc(heap, 0, size);
}

static SIZE_T measure_block(const void *block)
{
    return HeapSize(heap, 0, block);
}

static BOOL free_block(void *block)
{
    return HeapFree(heap, 0, block);
}

static void *make_local(SIZE_T size)
{
    return LocalAlloc(LMEM_FIXED, size);
}

static BOOL free_local(void *block)
{
    return !LocalFree(block);
}

static void *make_pages(SIZE_T size)
{
    return VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

static BOOL free_pages(void *pages)
{
    return VirtualFree(pages, 0, MEM_RELEASE);
}

const struct redirect_library redirect_library = {
    forget_heap, make_block, measure_block, free_block,
    make_local,  free_local, make_pages,    free_pages,
};
