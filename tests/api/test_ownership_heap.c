/*
 * test_ownership_heap.c: IHostMalloc::Free frees nothing but live blocks of its own heap (invariant
 * I1), and whatever else it is given, nothing changes.
 */
#include "foreign.h"

#include <stdio.h>

/* ------------------------------------------------------------------------------------------------
 * IHostMalloc::Free
 * --------------------------------------------------------------------------------------------- */

static unsigned char global[4096];

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

static void Free_of_NULL_is_S_OK(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *block = filled_block(heap, 24);
    HOSTMEM_STATISTICS before = statistics_of(subject), after;

    SetLastError(UNTOUCHED);
    assert_hresult(IHostMalloc_Free(heap, NULL), S_OK);
    assert_last_error(UNTOUCHED);
    after = statistics_of(subject);
    assert_same_books("Free(NULL)", &before, &after);
    assert_figure(after.RefusedFrees, before.RefusedFrees);
    assert_figure(after.Methods[HostMemMallocFree].Calls, 1);
    assert_figure(after.Methods[HostMemMallocFree].Failures, 0);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

static void Free_of_a_block_s_inside_is_refused(void **state)
{
    static const SIZE_T offsets[] = {1, 2, 4, 8, 16, 17, 4096, 8192, 65536, 99999};
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *block = filled_block(heap, 100000);

    for (unsigned i = 0; i < COUNT_OF(offsets); i++)
        assert_heap_refuses(subject, heap, "a block's inside", block + offsets[i],
                            100000 - offsets[i]);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

static void Free_of_a_small_block_s_inside_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *block = filled_block(heap, 32);

    for (unsigned offset = 1; offset < 32; offset++)
        assert_heap_refuses(subject, heap, "a small block's inside", block + offset, 32 - offset);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
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

static void Free_of_another_heap_s_block_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject), *other = subject_heap(subject);
    char *block = filled_block(other, 1000);

    assert_heap_refuses(subject, heap, "another heap's block", block, 1000);
    assert_hresult(IHostMalloc_Free(other, block), S_OK);
    IHostMalloc_Release(other);
    IHostMalloc_Release(heap);
}

static void Free_of_another_manager_s_block_is_refused(void **state)
{
    const struct subject *subject = *state;
    struct subject other = subject_make(NULL);
    IHostMalloc *heap = subject_heap(subject), *other_heap = subject_heap(&other);
    char *block = filled_block(other_heap, 1000);

    assert_heap_refuses(subject, heap, "another manager's block", block, 1000);
    assert_clean_audit_of("the other manager", &other);
    assert_hresult(IHostMalloc_Free(other_heap, block), S_OK);
    IHostMalloc_Release(other_heap);
    subject_end(&other);
    IHostMalloc_Release(heap);
}

static void Free_of_a_region_from_VirtualAlloc_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *region = filled_region(subject, GRANULE);

    assert_heap_refuses(subject, heap, "a region", region, GRANULE);
    assert_heap_refuses(subject, heap, "a region's inside", region + PAGE, GRANULE - PAGE);
    subject_release(subject, region);
    IHostMalloc_Release(heap);
}

static void only_the_first_of_two_frees_of_a_block_succeeds(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *block = filled_block(heap, 24);

    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    assert_heap_refuses(subject, heap, "a freed block", block, 0);
    assert_heap_refuses(subject, heap, "a freed block", block, 0);
    IHostMalloc_Release(heap);
}

static void Free_of_a_freed_block_that_is_a_region_now_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *block = filled_block(heap, GRANULE);

    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
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
    assert_address(VirtualAlloc(block, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), block);
    fill(block, GRANULE);
    assert_heap_refuses(subject, heap, "raw memory where a block was", block, GRANULE);
    assert_true(VirtualFree(block, 0, MEM_RELEASE));
    IHostMalloc_Release(heap);
}

static void Free_of_memory_that_no_heap_handed_out_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    unsigned char local[64];
    char *raw = filled_raw_memory(GRANULE), *block = HeapAlloc(GetProcessHeap(), 0, 64);
    HANDLE mapping;
    void *view = filled_view(&mapping);

    assert_non_null(block);
    fill(local, sizeof(local));
    fill(global, sizeof(global));
    fill(block, 64);
    assert_heap_refuses(subject, heap, "address 1", (void *)(uintptr_t)1, 0);
    assert_heap_refuses(subject, heap, "a local variable", local, sizeof(local));
    assert_heap_refuses(subject, heap, "a global", global, sizeof(global));
    assert_heap_refuses(subject, heap, "code", (void *)(uintptr_t)fill, 16);
    assert_heap_refuses(subject, heap, "an image", GetModuleHandleW(NULL), PAGE);
    assert_heap_refuses(subject, heap, "a process heap block", block, 64);
    assert_heap_refuses(subject, heap, "raw memory", raw, GRANULE);
    assert_heap_refuses(subject, heap, "a mapped view", view, VIEW_SIZE);
    assert_heap_refuses(subject, heap, "an unmapped address", unmapped_address(), 0);
    assert_heap_refuses(subject, heap, "the heap's object", heap, 0);
    assert_heap_refuses(subject, heap, "the manager's object", subject->manager, 0);
    for (unsigned i = 0; i < COUNT_OF(kernel_addresses); i++)
        assert_heap_refuses(subject, heap, "a kernel address", (void *)kernel_addresses[i], 0);
    end_view(view, mapping);
    VirtualFree(raw, 0, MEM_RELEASE);
    HeapFree(GetProcessHeap(), 0, block);
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
        promise(Free_of_NULL_is_S_OK),
        promise(Free_of_a_block_s_inside_is_refused),
        promise(Free_of_a_small_block_s_inside_is_refused),
        promise(Free_past_and_before_a_block_is_refused),
        promise(Free_of_another_heap_s_block_is_refused),
        promise(Free_of_another_manager_s_block_is_refused),
        promise(Free_of_a_region_from_VirtualAlloc_is_refused),
        promise(only_the_first_of_two_frees_of_a_block_succeeds),
        promise(Free_of_a_freed_block_that_is_a_region_now_is_refused),
        promise(Free_of_a_freed_block_that_is_raw_memory_now_is_refused),
        promise(Free_of_memory_that_no_heap_handed_out_is_refused),
        promise(Free_of_wild_pointers_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
