/*
 * heaps.c: see heaps.h.
 */
#include "heaps.h"

#include <stdio.h>

struct subject subject_with_flags(DWORD flags)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .dwFlags = flags};

    return subject_make(&options);
}

struct heap_search {
    DWORD number;
    HOSTMEM_HEAP heap; /* Number is 0 until the heap is found */
};

static HRESULT CALLBACK search_heap(void *context, const HOSTMEM_HEAP *heap)
{
    struct heap_search *search = context;

    if (heap->Number != search->number)
        return S_OK;
    search->heap = *heap;
    return S_FALSE;
}

HOSTMEM_HEAP heap_figures_of(const struct subject *subject, DWORD number)
{
    struct heap_search search = {.number = number};

    assert_hresult(IHostMemInspection_EnumHeaps(subject->inspection, search_heap, &search),
                   S_FALSE);
    return search.heap;
}

void check_same_heap(const HOSTMEM_HEAP *before, const HOSTMEM_HEAP *after, const char *about,
                     const char *file, int line)
{
#define CHECK(field)                                                                               \
    check_figure(after->field, before->field, "the heap's " #field, about, file, line)
    CHECK(Number);
    CHECK(Executable);
    CHECK(Blocks.Now);
    CHECK(BlockBytes.Now);
    CHECK(SlabBytes.Now);
    CHECK(LargeBlocks.Now);
    CHECK(LargeBytes.Now);
    CHECK(SpareBytes);
    CHECK(SpareLargeBytes);
    CHECK(Allocations);
    CHECK(AllocatedBytes);
    CHECK(Frees);
    CHECK(FreedBytes);
#undef CHECK
}

struct class_search {
    SIZE_T request;
    BOOL tracked;
    HOSTMEM_SIZE_CLASS size_class; /* BlockSize is 0 until it is found */
};

static HRESULT CALLBACK search_class(void *context, const HOSTMEM_SIZE_CLASS *size_class)
{
    struct class_search *search = context;

    if (size_class->Tracked == search->tracked && search->request >= size_class->SmallestRequest &&
        search->request <= size_class->LargestRequest)
        search->size_class = *size_class;
    return S_OK;
}

HOSTMEM_SIZE_CLASS size_class_of(const struct subject *subject, DWORD number, SIZE_T request,
                                 BOOL tracked)
{
    struct class_search search = {.request = request, .tracked = tracked};

    assert_hresult(
        IHostMemInspection_EnumSizeClasses(subject->inspection, number, search_class, &search),
        S_OK);
    return search.size_class;
}

void *debug_block(IHostMalloc *heap, SIZE_T size, const char *file, int line)
{
    char name[64];
    void *block = NULL;

    snprintf(name, sizeof(name), "%s", file);
    assert_hresult(IHostMalloc_DebugAlloc(heap, size, eTaskCritical, name, line, &block), S_OK);
    assert_non_null(block);
    return block;
}

void check_refused(const struct subject *subject, IHostMalloc *heap, void *address, SIZE_T extent,
                   HOSTMEM_REFUSAL why, const char *about, const char *file, int line)
{
    struct memory_image image = memory_image_of(address, extent);
    HOSTMEM_STATISTICS before = statistics_of(subject), after;
    HOSTMEM_HEAP heap_before = heap_figures_of(subject, 1), heap_after;
    char at[160];
    DWORD error;
    HRESULT hr;

    snprintf(at, sizeof(at), "%s, %p", about, address);
    SetLastError(UNTOUCHED);
    hr = IHostMalloc_Free(heap, address);
    error = GetLastError();
    check_hresult(hr, HOST_E_INVALIDOPERATION, "Free", at, file, line);
    check_figure(error, ERROR_INVALID_ADDRESS, "the last error", at, file, line);
    check_unchanged(&image, at, file, line);
    check_counted_as_refused(subject, &before, HostMemMallocFree, at, file, line);
    after = statistics_of(subject);
    for (int i = 0; i < HOSTMEM_REFUSALS; i++) {
        char what[40];

        snprintf(what, sizeof(what), "RefusedBlocks[%d]", i);
        check_figure(after.RefusedBlocks[i] - before.RefusedBlocks[i], i == (int)why, what, at,
                     file, line);
    }
    check_figure(after.SlabBytes.Now, before.SlabBytes.Now, "SlabBytes.Now", at, file, line);
    heap_after = heap_figures_of(subject, 1);
    check_same_heap(&heap_before, &heap_after, at, file, line);
}

void end_only_heap(const struct subject *subject, IHostMalloc *heap)
{
    HOSTMEM_STATISTICS before = statistics_of(subject), after;

    assert_figure(before.Blocks.Now, 0);
    assert_figure(before.BlockBytes.Now, 0);
    assert_clean_audit(subject);
    assert_figure(IHostMalloc_Release(heap), 0);
    after = statistics_of(subject);
    assert_figure(after.LeakedBlocks, before.LeakedBlocks);
    assert_figure(after.SlabBytes.Now, 0);
    assert_figure(after.Regions.Now, 0);
    assert_figure(after.Reserved.Now, 0);
    assert_figure(after.Committed.Now, 0);
    assert_clean_audit(subject);
}
