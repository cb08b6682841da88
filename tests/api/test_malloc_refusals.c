/*
 * test_malloc_refusals.c: every kind of misuse of IHostMalloc::Free is refused, counted under its
 * reason, and changes nothing. Further addresses are in test_malloc_refusals_foreign.c.
 */
#include "heaps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE (3 * GRANULE)

/* A heap, the first of its manager, with a live block on either side of one of that size. */
struct row {
    IHostMalloc *heap;
    SIZE_T size;
    unsigned char *before, *block, *after;
    struct memory_image neighbours[2];
};

static struct row make_row(const struct subject *subject, SIZE_T size)
{
    struct row row = {.heap = subject_heap(subject), .size = size};

    row.before = filled_block(row.heap, size);
    row.block = filled_block(row.heap, size);
    row.after = filled_block(row.heap, size);
    row.neighbours[0] = memory_image_of(row.before, size);
    row.neighbours[1] = memory_image_of(row.after, size);
    return row;
}

/* The neighbours are as they were; `block` is freed if it still lives. */
static void end_row(const struct subject *subject, struct row *row, bool is_freed)
{
    assert_figure(memory_image_of(row->before, row->size).digest, row->neighbours[0].digest);
    assert_figure(memory_image_of(row->after, row->size).digest, row->neighbours[1].digest);
    if (!is_freed)
        free_block(row->heap, row->block);
    free_block(row->heap, row->before);
    free_block(row->heap, row->after);
    end_only_heap(subject, row->heap);
}

static const SIZE_T small_sizes[] = {0,   1,   16,  17,   32,   33,   64,    100,
                                     128, 129, 500, 1000, 1024, 4096, 20000, LARGEST_SMALL};

/* ------------------------------------------------------------------------------------------------
 * Twice
 * --------------------------------------------------------------------------------------------- */

static void free_twice(const struct subject *subject, SIZE_T size)
{
    struct row row = make_row(subject, size);
    char about[40];

    snprintf(about, sizeof(about), "%u bytes, twice", (unsigned)size);
    free_block(row.heap, row.block);
    assert_refused(about, subject, row.heap, row.block, 0, HostMemRefusedFreed);
    assert_refused(about, subject, row.heap, row.block, 0, HostMemRefusedFreed);
    end_row(subject, &row, true);
}

static void a_second_free_of_a_small_block_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(small_sizes); i++) {
        struct subject subject = subject_make(NULL);

        free_twice(&subject, small_sizes[i]);
        subject_end(&subject);
    }
}

static void a_second_free_of_a_large_block_is_refused(void **state)
{
    free_twice(*state, LARGE);
}

static void a_second_free_of_a_tracked_block_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *block = debug_block(heap, 100, "twice.c", 1), *large = debug_block(heap, LARGE, "l.c", 2);

    free_block(heap, block);
    free_block(heap, large);
    assert_refused("small", subject, heap, block, 0, HostMemRefusedFreed);
    assert_refused("large", subject, heap, large, 0, HostMemRefusedFreed);
    end_only_heap(subject, heap);
}

static void a_second_free_of_a_block_whose_reuse_is_delayed_is_refused(void **state)
{
    struct subject subject = subject_with_flags(HOSTMEM_DELAY_REUSE);
    IHostMalloc *heap = subject_heap(&subject);
    void *block = heap_block(heap, 100);

    (void)state;
    free_block(heap, block);
    assert_refused("delayed", &subject, heap, block, 0, HostMemRefusedFreed);
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

/* Allocates blocks of other sizes, so that none of them can lie where the freed block was. */
static void free_twice_later(const struct subject *subject, SIZE_T size)
{
    struct row row = make_row(subject, size);
    void *others[200];

    free_block(row.heap, row.block);
    for (unsigned i = 0; i < COUNT_OF(others); i++)
        others[i] = filled_block(row.heap, 2 * size + 7 + i);
    assert_refused("twice, later", subject, row.heap, row.block, 0, HostMemRefusedFreed);
    for (unsigned i = 0; i < COUNT_OF(others); i += 2)
        free_block(row.heap, others[i]);
    assert_refused("twice, later still", subject, row.heap, row.block, 0, HostMemRefusedFreed);
    for (unsigned i = 1; i < COUNT_OF(others); i += 2)
        free_block(row.heap, others[i]);
    end_row(subject, &row, true);
}

static void a_late_second_free_of_a_small_block_is_refused(void **state)
{
    free_twice_later(*state, 200);
}

/*
 * Nothing may lie where the freed block was: the second free would be the first free of another
 * block. So the blocks allocated in between come from slabs that exist already.
 */
static void a_late_second_free_of_a_large_block_is_refused(void **state)
{
    static const SIZE_T between[] = {8, 100, 1000, 5000};
    const struct subject *subject = *state;
    struct row row = make_row(subject, LARGE);
    void *slabs[COUNT_OF(between)], *others[40];
    ULONGLONG regions;

    for (unsigned i = 0; i < COUNT_OF(between); i++)
        slabs[i] = filled_block(row.heap, between[i]);
    free_block(row.heap, row.block);
    regions = statistics_of(subject).Regions.Now;
    for (unsigned i = 0; i < COUNT_OF(others); i++)
        others[i] = filled_block(row.heap, between[i % COUNT_OF(between)]);
    assert_figure(statistics_of(subject).Regions.Now, regions);
    assert_refused("a large block twice, later", subject, row.heap, row.block, 0,
                   HostMemRefusedFreed);
    assert_hresult(IHostMemInspection_Trim(subject->inspection, NULL), S_OK);
    assert_figure(memory_state(row.block), MEM_FREE);
    assert_refused("a large block twice, when its memory is gone", subject, row.heap, row.block, 0,
                   HostMemRefusedFreed);
    for (unsigned i = 0; i < COUNT_OF(others); i++)
        free_block(row.heap, others[i]);
    assert_refused("a large block twice, later still", subject, row.heap, row.block, 0,
                   HostMemRefusedFreed);
    for (unsigned i = 0; i < COUNT_OF(between); i++)
        free_block(row.heap, slabs[i]);
    end_row(subject, &row, true);
}

/* ------------------------------------------------------------------------------------------------
 * By two threads at once
 * --------------------------------------------------------------------------------------------- */

#define DUEL_ROUNDS 20000

/* Both free blocks[i] as soon as both have arrived there. */
struct duel {
    IHostMalloc *heap;
    void **blocks;
    unsigned rounds;
    volatile LONG arrived;
    unsigned char *wins; /* two for each round */
    volatile LONG wrong;
};

struct duellist {
    struct duel *duel;
    LONG number;
};

static DWORD WINAPI fight(void *context)
{
    struct duellist *duellist = context;
    struct duel *duel = duellist->duel;

    for (unsigned i = 0; i < duel->rounds; i++) {
        HRESULT hr;

        InterlockedIncrement(&duel->arrived);
        for (unsigned spins = 0; duel->arrived < (LONG)(2 * i + 2); spins++) {
            if (spins > 2000)
                SwitchToThread();
        }
        hr = IHostMalloc_Free(duel->heap, duel->blocks[i]);
        duel->wins[2 * i + duellist->number] = hr == S_OK;
        if (hr != S_OK && hr != HOST_E_INVALIDOPERATION)
            InterlockedCompareExchange(&duel->wrong, hr, S_OK);
    }
    return 0;
}

static void fight_for_blocks(const struct subject *subject, SIZE_T size, unsigned rounds,
                             bool tracked)
{
    struct duel duel = {.heap = subject_heap(subject), .rounds = rounds};
    struct duellist duellists[2] = {{&duel, 0}, {&duel, 1}};
    struct threads threads;
    HOSTMEM_STATISTICS statistics;
    HOSTMEM_HEAP figures;

    duel.blocks = calloc(rounds, sizeof(*duel.blocks));
    duel.wins = calloc(rounds, 2);
    assert_non_null(duel.blocks);
    assert_non_null(duel.wins);
    for (unsigned i = 0; i < rounds; i++)
        duel.blocks[i] =
            tracked ? debug_block(duel.heap, size, "duel.c", (int)i) : heap_block(duel.heap, size);
    threads_start(&threads, 2, fight, duellists, sizeof(duellists[0]));
    threads_join(&threads);
    assert_hresult(duel.wrong, S_OK);
    for (unsigned i = 0; i < rounds; i++)
        assert_figure(duel.wins[2 * i] + duel.wins[2 * i + 1], 1);
    statistics = statistics_of(subject);
    assert_figure(statistics.RefusedFrees, rounds);
    /* The books do not go back to slabs that have been given back meanwhile. */
    assert_figure(statistics.RefusedBlocks[HostMemRefusedFreed] +
                      statistics.RefusedBlocks[HostMemRefusedForeign],
                  rounds);
    assert_at_least(statistics.RefusedBlocks[HostMemRefusedFreed], rounds - rounds / 100);
    figures = heap_figures_of(subject, 1);
    assert_figure(figures.Frees, rounds);
    assert_figure(figures.FreedBytes, (ULONGLONG)rounds * size);
    free(duel.blocks);
    free(duel.wins);
    end_only_heap(subject, duel.heap);
}

static void of_two_threads_that_free_a_small_block_at_once_one_succeeds(void **state)
{
    fight_for_blocks(*state, 48, DUEL_ROUNDS, false);
}

static void of_two_threads_that_free_a_tracked_block_at_once_one_succeeds(void **state)
{
    fight_for_blocks(*state, 48, DUEL_ROUNDS / 4, true);
}

static void of_two_threads_that_free_a_large_block_at_once_one_succeeds(void **state)
{
    fight_for_blocks(*state, LARGEST_SMALL + 1, 2000, false);
}

/* ------------------------------------------------------------------------------------------------
 * Not the start of a block
 * --------------------------------------------------------------------------------------------- */

static void free_inside(const struct subject *subject, SIZE_T size, bool aligned)
{
    struct row row = make_row(subject, size);

    for (SIZE_T offset = 1; offset < size; offset += offset < 40 ? 1 : offset / 2) {
        bool is_aligned = offset % 16 == 0;

        if (is_aligned == aligned)
            assert_refused("inside", subject, row.heap, row.block + offset, size - offset,
                           is_aligned ? HostMemRefusedInterior : HostMemRefusedMisaligned);
    }
    end_row(subject, &row, false);
}

static void an_aligned_address_inside_a_small_block_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(small_sizes); i++) {
        struct subject subject = subject_make(NULL);

        free_inside(&subject, small_sizes[i], true);
        subject_end(&subject);
    }
}

static void a_misaligned_address_inside_a_small_block_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(small_sizes); i++) {
        struct subject subject = subject_make(NULL);

        free_inside(&subject, small_sizes[i], false);
        subject_end(&subject);
    }
}

static void an_aligned_address_inside_a_large_block_is_refused(void **state)
{
    free_inside(*state, LARGE, true);
}

static void a_misaligned_address_inside_a_large_block_is_refused(void **state)
{
    free_inside(*state, LARGE, false);
}

static void an_address_inside_a_freed_block_is_refused(void **state)
{
    const struct subject *subject = *state;
    struct row row = make_row(subject, 100);

    free_block(row.heap, row.block);
    assert_refused("aligned", subject, row.heap, row.block + 16, 0, HostMemRefusedFreed);
    assert_refused("misaligned", subject, row.heap, row.block + 1, 0, HostMemRefusedFreed);
    end_row(subject, &row, true);
}

/* What of a slab is too little for a block. */
static void the_rest_of_a_slab_is_refused(void **state)
{
    const struct subject *subject = *state;
    struct row row = make_row(subject, 20000); /* three blocks of 20,480 bytes */
    uintptr_t slab = (uintptr_t)row.before & ~(SLAB - 1);

    assert_refused("the rest", subject, row.heap, (void *)(slab + SLAB - 16), 16,
                   HostMemRefusedFreed);
    assert_refused("the very last byte", subject, row.heap, (void *)(slab + SLAB - 1), 1,
                   HostMemRefusedFreed);
    end_row(subject, &row, false);
}

static HRESULT CALLBACK note_slab(void *context, const HOSTMEM_REGION *region)
{
    if (region->IsSlab)
        *(void **)context = region->Base;
    return S_OK;
}

static void the_base_of_a_slab_whose_first_block_is_not_live_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *blocks[3], *base = NULL;

    for (unsigned i = 0; i < 3; i++)
        blocks[i] = filled_block(heap, 64);
    assert_hresult(IHostMemInspection_EnumRegions(subject->inspection, note_slab, &base), S_OK);
    assert_non_null(base);
    for (unsigned i = 0; i < 3; i++) {
        if (blocks[i] == base)
            free_block(heap, blocks[i]);
    }
    assert_refused("a slab's base", subject, heap, base, SLAB, HostMemRefusedFreed);
    for (unsigned i = 0; i < 3; i++) {
        if (blocks[i] != base)
            free_block(heap, blocks[i]);
    }
    end_only_heap(subject, heap);
}

static void the_base_of_a_spare_slab_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *blocks[4];

    for (unsigned i = 0; i < 4; i++)
        blocks[i] = filled_block(heap, LARGEST_SMALL); /* two a slab */
    free_block(heap, blocks[0]);
    free_block(heap, blocks[1]);
    assert_figure(heap_figures_of(subject, 1).SpareBytes, SLAB);
    assert_refused("a spare slab's base", subject, heap, blocks[0], 0, HostMemRefusedFreed);
    assert_refused("a spare slab's inside", subject, heap, blocks[1], 0, HostMemRefusedFreed);
    free_block(heap, blocks[2]);
    free_block(heap, blocks[3]);
    end_only_heap(subject, heap);
}

/* ------------------------------------------------------------------------------------------------
 * Not this heap's
 * --------------------------------------------------------------------------------------------- */

static void free_another_heap_s(const struct subject *subject, SIZE_T size)
{
    IHostMalloc *heap = subject_heap(subject), *other = subject_heap(subject);
    unsigned char *block = filled_block(other, size);
    HOSTMEM_HEAP before = heap_figures_of(subject, 2), after;

    assert_refused("another heap's block", subject, heap, block, size, HostMemRefusedOtherHeap);
    after = heap_figures_of(subject, 2);
    assert_same_heap("the other heap", &before, &after);
    free_block(other, block);
    assert_refused("another heap's freed block", subject, heap, block, 0, HostMemRefusedFreed);
    IHostMalloc_Release(other);
    end_only_heap(subject, heap);
}

static void another_heap_s_small_block_is_refused(void **state)
{
    free_another_heap_s(*state, 100);
}

static void another_heap_s_large_block_is_refused(void **state)
{
    free_another_heap_s(*state, LARGE);
}

static void free_another_manager_s(const struct subject *subject, SIZE_T size)
{
    struct subject other = subject_make(NULL);
    IHostMalloc *heap = subject_heap(subject), *other_heap = subject_heap(&other);
    void *own = filled_block(heap, size), *block = filled_block(other_heap, size);
    HOSTMEM_STATISTICS before = statistics_of(&other), after;

    assert_refused("another manager's block", subject, heap, block, size, HostMemRefusedForeign);
    after = statistics_of(&other);
    assert_same_books("the other manager", &before, &after);
    free_block(other_heap, block);
    free_block(heap, own);
    end_only_heap(&other, other_heap);
    end_only_heap(subject, heap);
    subject_end(&other);
}

static void another_manager_s_small_block_is_refused(void **state)
{
    free_another_manager_s(*state, 100);
}

static void another_manager_s_large_block_is_refused(void **state)
{
    free_another_manager_s(*state, LARGE);
}

/* Its memory is gone: nothing promises how much the books still know of it. */
static void a_block_of_a_heap_that_has_ended_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject), *ended = subject_heap(subject);
    void *small = filled_block(ended, 100), *large = filled_block(ended, LARGE);

    IHostMalloc_Release(ended);
    assert_refused("large", subject, heap, large, 0, HostMemRefusedFreed);
    assert_result(IHostMalloc_Free(heap, small), HOST_E_INVALIDOPERATION, ERROR_INVALID_ADDRESS);
    assert_figure(statistics_of(subject).RefusedBlocks[HostMemRefusedFreed] +
                      statistics_of(subject).RefusedBlocks[HostMemRefusedForeign],
                  2);
    end_only_heap(subject, heap);
}

/* ------------------------------------------------------------------------------------------------
 * Nobody's, or somebody else's
 * --------------------------------------------------------------------------------------------- */

static unsigned char global[4096];

static void refuse_foreign(const struct subject *subject, const char *about, void *address,
                           SIZE_T extent)
{
    IHostMalloc *heap = subject_heap(subject);
    void *block = filled_block(heap, 64);

    assert_refused(about, subject, heap, address, extent, HostMemRefusedForeign);
    free_block(heap, block);
    end_only_heap(subject, heap);
}

static void a_block_of_malloc_is_refused(void **state)
{
    void *block = malloc(100);

    assert_non_null(block);
    memset(block, 0x31, 100);
    refuse_foreign(*state, "malloc", block, 100);
    free(block);
}

static void a_block_of_HeapAlloc_is_refused(void **state)
{
    void *block = HeapAlloc(GetProcessHeap(), 0, 100);

    assert_non_null(block);
    memset(block, 0x32, 100);
    refuse_foreign(*state, "HeapAlloc", block, 100);
    assert_true(HeapFree(GetProcessHeap(), 0, block));
}

static void memory_of_Win32_s_VirtualAlloc_is_refused(void **state)
{
    void *memory = filled_raw_memory(SLAB);

    refuse_foreign(*state, "Win32's VirtualAlloc", memory, SLAB);
    assert_true(VirtualFree(memory, 0, MEM_RELEASE));
}

static void memory_of_the_manager_s_VirtualAlloc_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *region = filled_region(subject, SLAB);

    assert_refused("a region", subject, heap, region, SLAB, HostMemRefusedForeign);
    assert_refused("its inside", subject, heap, region + PAGE, PAGE, HostMemRefusedForeign);
    assert_refused("its inside", subject, heap, region + 1, PAGE, HostMemRefusedForeign);
    subject_release(subject, region);
    end_only_heap(subject, heap);
}

static void a_local_variable_is_refused(void **state)
{
    unsigned char local[64];

    fill(local, sizeof(local));
    refuse_foreign(*state, "the stack", local, sizeof(local));
}

static void a_global_variable_is_refused(void **state)
{
    refuse_foreign(*state, "a global", global, sizeof(global));
}

static void code_is_refused(void **state)
{
    refuse_foreign(*state, "code", (void *)(uintptr_t)code_is_refused, 16);
}

static void an_address_in_the_kernel_s_half_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    for (unsigned i = 0; i < COUNT_OF(kernel_addresses); i++)
        assert_refused("a kernel address", subject, heap, (void *)kernel_addresses[i], 0,
                       HostMemRefusedForeign);
    end_only_heap(subject, heap);
}

static void a_small_number_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    for (uintptr_t number = 1; number <= 16; number++)
        assert_refused("a small number", subject, heap, (void *)number, 0, HostMemRefusedForeign);
    end_only_heap(subject, heap);
}

static void NULL_is_freed_to_no_effect(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    HOSTMEM_STATISTICS before = statistics_of(subject), after;
    HOSTMEM_HEAP heap_before = heap_figures_of(subject, 1), heap_after;

    assert_succeeds(IHostMalloc_Free(heap, NULL));
    after = statistics_of(subject);
    heap_after = heap_figures_of(subject, 1);
    assert_same_books("NULL", &before, &after);
    assert_same_heap("NULL", &heap_before, &heap_after);
    assert_figure(after.RefusedFrees, 0);
    assert_figure(after.Methods[HostMemMallocFree].Calls, 1);
    assert_figure(after.Methods[HostMemMallocFree].Failures, 0);
    end_only_heap(subject, heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_free_of_a_small_block_is_refused),
        promise(a_second_free_of_a_large_block_is_refused),
        promise(a_second_free_of_a_tracked_block_is_refused),
        cmocka_unit_test(a_second_free_of_a_block_whose_reuse_is_delayed_is_refused),
        promise(a_late_second_free_of_a_small_block_is_refused),
        promise(a_late_second_free_of_a_large_block_is_refused),
        promise(of_two_threads_that_free_a_small_block_at_once_one_succeeds),
        promise(of_two_threads_that_free_a_tracked_block_at_once_one_succeeds),
        promise(of_two_threads_that_free_a_large_block_at_once_one_succeeds),
        cmocka_unit_test(an_aligned_address_inside_a_small_block_is_refused),
        cmocka_unit_test(a_misaligned_address_inside_a_small_block_is_refused),
        promise(an_aligned_address_inside_a_large_block_is_refused),
        promise(a_misaligned_address_inside_a_large_block_is_refused),
        promise(an_address_inside_a_freed_block_is_refused),
        promise(the_rest_of_a_slab_is_refused),
        promise(the_base_of_a_slab_whose_first_block_is_not_live_is_refused),
        promise(the_base_of_a_spare_slab_is_refused),
        promise(another_heap_s_small_block_is_refused),
        promise(another_heap_s_large_block_is_refused),
        promise(another_manager_s_small_block_is_refused),
        promise(another_manager_s_large_block_is_refused),
        promise(a_block_of_a_heap_that_has_ended_is_refused),
        promise(a_block_of_malloc_is_refused),
        promise(a_block_of_HeapAlloc_is_refused),
        promise(memory_of_Win32_s_VirtualAlloc_is_refused),
        promise(memory_of_the_manager_s_VirtualAlloc_is_refused),
        promise(a_local_variable_is_refused),
        promise(a_global_variable_is_refused),
        promise(code_is_refused),
        promise(an_address_in_the_kernel_s_half_is_refused),
        promise(a_small_number_is_refused),
        promise(NULL_is_freed_to_no_effect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
