/*
 * test_malloc_refusals_foreign.c: IHostMalloc::Free frees nothing but live blocks of its own heap
 * (invariant I1). Here are the addresses of which test_malloc_refusals.c has none: beside a block,
 * where a block was, images, views, hostmem's own objects, and pointers at random.
 */
#include "foreign.h"

#include <stdio.h>

static void assert_heap_refuses(const struct subject *subject, IHostMalloc *heap, const char *name,
                                void *address, SIZE_T extent)
{
    struct memory_image image = memory_image_of(address, extent);
    HOSTMEM_STATISTICS before = statistics_of(subject);
    char about[120];
    DWORD error;
    HRESULT hr;

    snprintf(about, sizeof(about), "%s at %p", name, address);
    SetLastError(UNTOUCHED);
    hr = IHostMalloc_Free(heap, address);
    error = GetLastError();
    assert_hresult_of(about, hr, HOST_E_INVALIDOPERATION);
    assert_figure_of(about, error, ERROR_INVALID_ADDRESS);
    assert_unchanged(about, &image);
    assert_counted_as_refused(about, subject, &before, HostMemMallocFree);
}

static void Free_past_and_before_a_block_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *block = filled_block(heap, 4096);

    assert_heap_refuses(subject, heap, "one past the end", block + 4096, 0);
    assert_heap_refuses(subject, heap, "one before", block - 1, 0);
    assert_heap_refuses(subject, heap, "sixteen before", block - 16, 0);
    assert_heap_refuses(subject, heap, "a granule before", block - GRANULE, 0);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

static void Free_of_a_freed_block_that_is_a_region_now_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *block = filled_block(heap, GRANULE);

    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    assert_hresult(IHostMemInspection_Trim(subject->inspection, NULL), S_OK);
    assert_address(
        subject_alloc_at(subject, block, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), block);
    fill(block, GRANULE);
    assert_heap_refuses(subject, heap, "a region where a block was", block, GRANULE);
    subject_release(subject, block);
    IHostMalloc_Release(heap);
}

static void Free_of_a_freed_block_that_is_raw_memory_now_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *block = filled_block(heap, GRANULE);

    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    assert_hresult(IHostMemInspection_Trim(subject->inspection, NULL), S_OK);
    assert_address(VirtualAlloc(block, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), block);
    fill(block, GRANULE);
    assert_heap_refuses(subject, heap, "raw memory where a block was", block, GRANULE);
    assert_true(VirtualFree(block, 0, MEM_RELEASE));
    IHostMalloc_Release(heap);
}

static void Free_of_an_image_a_view_or_hostmem_s_own_objects_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    HANDLE mapping;
    void *view = filled_view(&mapping);

    assert_heap_refuses(subject, heap, "an image", GetModuleHandleW(NULL), PAGE);
    assert_heap_refuses(subject, heap, "a mapped view", view, VIEW_SIZE);
    assert_heap_refuses(subject, heap, "an unmapped address", unmapped_address(), 0);
    assert_heap_refuses(subject, heap, "the heap's object", heap, 0);
    assert_heap_refuses(subject, heap, "the manager's object", subject->manager, 0);
    end_view(view, mapping);
    IHostMalloc_Release(heap);
}

static void Free_of_wild_pointers_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *block = filled_block(heap, 100000);
    struct memory_image image = memory_image_of(block, 100000);
    uint64_t random = WILD_SEED;
    ULONGLONG asked = 0;

    print_message("seed 0x%llx\n", (ULONGLONG)WILD_SEED);
    for (unsigned i = 0; i < WILD_POINTERS; i++) {
        void *address = (void *)wild_address(&random, (uintptr_t)block);
        HRESULT hr;

        if (!address || address == block)
            continue;
        hr = IHostMalloc_Free(heap, address);
        if (hr != HOST_E_INVALIDOPERATION)
            fail_msg("pointer %u: %p: 0x%08lx", i, address, hr);
        asked++;
    }
    assert_figure(statistics_of(subject).RefusedFrees, asked);
    assert_unchanged("the block", &image);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(Free_past_and_before_a_block_is_refused),
        promise(Free_of_a_freed_block_that_is_a_region_now_is_refused),
        promise(Free_of_a_freed_block_that_is_raw_memory_now_is_refused),
        promise(Free_of_an_image_a_view_or_hostmem_s_own_objects_is_refused),
        promise(Free_of_wild_pointers_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
