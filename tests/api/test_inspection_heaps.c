/*
 * test_inspection_heaps.c: what the inspection tells of heaps (EnumHeaps, EnumSizeClasses,
 * FindBlock, Trim, the peaks), and how much memory a heap's bookkeeping takes.
 */
#include "heaps.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LARGE (3 * GRANULE)
#define SEED UINT64_C(0xf16e5f16e5f16e55)

/* Empty slabs that a heap may keep (IDLE_HEAP of src/heap/reuse/idle_slabs.h). */
#define MOST_SPARES 32

/* ------------------------------------------------------------------------------------------------
 * EnumHeaps
 * --------------------------------------------------------------------------------------------- */

struct heap_notes {
    HRESULT answer;
    unsigned count;
    HOSTMEM_HEAP heaps[8];
};

static HRESULT CALLBACK note_heap(void *context, const HOSTMEM_HEAP *heap)
{
    struct heap_notes *notes = context;

    if (notes->count < COUNT_OF(notes->heaps))
        notes->heaps[notes->count] = *heap;
    notes->count++;
    return notes->answer;
}

static void EnumHeaps_shows_each_heap_that_lives(void **state)
{
    const struct subject *subject = *state;
    struct heap_notes notes = {.answer = S_OK};
    IHostMalloc *heaps[3];

    assert_hresult(IHostMemInspection_EnumHeaps(subject->inspection, note_heap, &notes), S_OK);
    assert_figure(notes.count, 0);
    for (DWORD i = 0; i < 3; i++)
        assert_hresult(IHostMemoryManager_CreateMalloc(subject->manager,
                                                       i == 1 ? MALLOC_EXECUTABLE : 0, &heaps[i]),
                       S_OK);
    IHostMalloc_Release(heaps[0]);
    assert_hresult(IHostMemInspection_EnumHeaps(subject->inspection, note_heap, &notes), S_OK);
    assert_figure(notes.count, 2);
    for (unsigned i = 0; i < 2; i++)
        assert_figure(notes.heaps[i].Executable, notes.heaps[i].Number == 2);
    assert_figure(notes.heaps[0].Number + notes.heaps[1].Number, 5);
    IHostMalloc_Release(heaps[1]);
    IHostMalloc_Release(heaps[2]);
}

static void EnumHeaps_ends_with_what_the_callback_returns(void **state)
{
    const struct subject *subject = *state;
    struct heap_notes notes = {.answer = E_ABORT};
    IHostMalloc *heaps[2] = {subject_heap(subject), subject_heap(subject)};

    assert_hresult(IHostMemInspection_EnumHeaps(subject->inspection, note_heap, &notes), E_ABORT);
    assert_figure(notes.count, 1);
    assert_hresult(IHostMemInspection_EnumHeaps(subject->inspection, NULL, NULL), E_POINTER);
    assert_hresult(IHostMemInspection_EnumSizeClasses(subject->inspection, 0, NULL, NULL),
                   E_POINTER);
    IHostMalloc_Release(heaps[0]);
    IHostMalloc_Release(heaps[1]);
}

static void a_heap_s_figures_are_exact(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *small = heap_block(heap, 100), *named = debug_block(heap, 7, "f.c", 1);
    void *large = heap_block(heap, LARGE);
    HOSTMEM_HEAP figures = heap_figures_of(subject, 1);

    assert_figure(figures.Blocks.Now, 3);
    assert_figure(figures.BlockBytes.Now, 107 + LARGE);
    assert_figure(figures.SlabBytes.Now, 2 * SLAB); /* with histories and without */
    assert_figure(figures.LargeBlocks.Now, 1);
    assert_figure(figures.LargeBytes.Now, LARGE);
    assert_figure(figures.SpareBytes, 0);
    assert_figure(figures.Allocations, 3);
    assert_figure(figures.AllocatedBytes, 107 + LARGE);
    assert_figure(figures.Frees, 0);
    free_block(heap, named);
    free_block(heap, large);
    figures = heap_figures_of(subject, 1);
    assert_figure(figures.Blocks.Now, 1);
    assert_figure(figures.Blocks.Peak, 3);
    assert_figure(figures.BlockBytes.Now, 100);
    assert_figure(figures.BlockBytes.Peak, 107 + LARGE);
    assert_figure(figures.LargeBlocks.Now, 0);
    assert_figure(figures.LargeBlocks.Peak, 1);
    assert_figure(figures.LargeBytes.Now, 0);
    assert_figure(figures.LargeBytes.Peak, LARGE);
    assert_figure(figures.Frees, 2);
    assert_figure(figures.FreedBytes, 7 + LARGE);
    free_block(heap, small);
    end_only_heap(subject, heap);
}

/* ------------------------------------------------------------------------------------------------
 * EnumSizeClasses
 * --------------------------------------------------------------------------------------------- */

struct class_notes {
    unsigned count, out_of_order;
    SIZE_T last;
    ULONGLONG slabs, blocks, block_bytes;
};

static HRESULT CALLBACK add_class(void *context, const HOSTMEM_SIZE_CLASS *size_class)
{
    struct class_notes *notes = context;

    notes->count++;
    notes->out_of_order += size_class->BlockSize < notes->last;
    notes->last = size_class->BlockSize;
    notes->slabs += size_class->Slabs;
    notes->blocks += size_class->Blocks;
    notes->block_bytes += size_class->BlockBytes;
    return S_OK;
}

static struct class_notes classes_of(const struct subject *subject, DWORD heap)
{
    struct class_notes notes = {0};

    assert_hresult(IHostMemInspection_EnumSizeClasses(subject->inspection, heap, add_class, &notes),
                   S_OK);
    return notes;
}

static void EnumSizeClasses_adds_up_to_the_heaps_small_blocks(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heaps[2] = {subject_heap(subject), subject_heap(subject)};
    void *blocks[2][300];

    for (unsigned i = 0; i < 300; i++) {
        blocks[0][i] = heap_block(heaps[0], 100 * i);
        blocks[1][i] = i % 2 ? heap_block(heaps[1], i) : debug_block(heaps[1], 10 * i, "c.c", 1);
    }
    for (DWORD heap = 1; heap <= 2; heap++) {
        struct class_notes notes = classes_of(subject, heap);
        HOSTMEM_HEAP figures = heap_figures_of(subject, heap);

        assert_figure(notes.blocks, 300);
        assert_figure(notes.block_bytes, figures.BlockBytes.Now);
        assert_figure(notes.slabs * SLAB, figures.SlabBytes.Now - figures.SpareBytes);
    }
    assert_figure(classes_of(subject, 0).blocks, 600);
    assert_figure(classes_of(subject, 3).count, 0);
    for (unsigned i = 0; i < 300; i++) {
        free_block(heaps[0], blocks[0][i]);
        free_block(heaps[1], blocks[1][i]);
    }
    assert_figure(classes_of(subject, 0).blocks, 0);
    IHostMalloc_Release(heaps[1]);
    end_only_heap(subject, heaps[0]);
}

static void EnumSizeClasses_shows_the_smallest_first(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *blocks[4] = {heap_block(heap, 20000), heap_block(heap, 10),
                       debug_block(heap, 300, "o.c", 1), debug_block(heap, 30, "o.c", 2)};

    assert_figure(classes_of(subject, 1).count, 4);
    assert_figure(classes_of(subject, 1).out_of_order, 0);
    for (unsigned i = 0; i < 4; i++)
        free_block(heap, blocks[i]);
    end_only_heap(subject, heap);
}

/* ------------------------------------------------------------------------------------------------
 * FindBlock
 * --------------------------------------------------------------------------------------------- */

#define assert_found(subject, address, block, size)                                                \
    do {                                                                                           \
        HOSTMEM_BLOCK found_there;                                                                 \
        assert_succeeds(                                                                           \
            IHostMemInspection_FindBlock((subject)->inspection, (address), &found_there));         \
        assert_address(found_there.Address, (block));                                              \
        assert_figure(found_there.Size, (size));                                                   \
    } while (0)

static void assert_in_no_block(const struct subject *subject, const char *about,
                               const void *address)
{
    HOSTMEM_BLOCK found;
    static const HOSTMEM_BLOCK nothing;

    memset(&found, 0x77, sizeof(found));
    assert_hresult_of(about, IHostMemInspection_FindBlock(subject->inspection, address, &found),
                      S_FALSE);
    assert_memory_equal(&found, &nothing, sizeof(found));
}

static void FindBlock_finds_a_live_block_by_each_of_its_bytes(void **state)
{
    static const SIZE_T sizes[] = {1, 15, 16, 20, 100, 1000, 20000, LARGEST_SMALL, 40000, LARGE};
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        char *block = heap_block(heap, sizes[i]), *next = heap_block(heap, sizes[i]);

        for (SIZE_T at = 0; at < sizes[i]; at += 1 + at / 3)
            assert_found(subject, block + at, block, sizes[i]);
        assert_found(subject, block + sizes[i] - 1, block, sizes[i]);
        if (block + sizes[i] != next)
            assert_in_no_block(subject, "one past the end", block + sizes[i]);
        else
            assert_found(subject, next, next, sizes[i]);
        free_block(heap, block);
        assert_in_no_block(subject, "a freed block", block);
        free_block(heap, next);
    }
    end_only_heap(subject, heap);
}

static void FindBlock_finds_nothing_where_no_block_is(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *region = subject_alloc(subject, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    void *crt = malloc(100), *block = heap_block(heap, 100);
    int local = 0;

    assert_in_no_block(subject, "NULL", NULL);
    assert_in_no_block(subject, "a region", region);
    assert_in_no_block(subject, "malloc", crt);
    assert_in_no_block(subject, "the stack", &local);
    assert_in_no_block(subject, "a hole", unmapped_address());
    for (unsigned i = 0; i < COUNT_OF(kernel_addresses); i++)
        assert_in_no_block(subject, "the kernel", (void *)kernel_addresses[i]);
    assert_in_no_block(subject, "a slab's end", (void *)((uintptr_t)block | (SLAB - 1)));
    assert_hresult(IHostMemInspection_FindBlock(subject->inspection, block, NULL), E_POINTER);
    free(crt);
    subject_release(subject, region);
    free_block(heap, block);
    end_only_heap(subject, heap);
}

/* ------------------------------------------------------------------------------------------------
 * Empty slabs
 * --------------------------------------------------------------------------------------------- */

static void Trim_gives_empty_slabs_back_and_says_how_much(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *kept = heap_block(heap, 1000);
    SIZE_T bytes = 77;

    assert_succeeds(IHostMalloc_Free(heap, heap_block(heap, 20)));
    assert_succeeds(IHostMalloc_Free(heap, heap_block(heap, 5000)));
    assert_figure(statistics_of(subject).SlabBytes.Now, 3 * SLAB);
    assert_succeeds(IHostMemInspection_Trim(subject->inspection, &bytes));
    assert_figure(bytes, 2 * SLAB);
    assert_figure(statistics_of(subject).SlabBytes.Now, SLAB);
    assert_figure(statistics_of(subject).Regions.Now, 1);
    assert_result(IHostMemInspection_Trim(subject->inspection, &bytes), S_FALSE, UNTOUCHED);
    assert_figure(bytes, 0);
    assert_result(IHostMemInspection_Trim(subject->inspection, NULL), S_FALSE, UNTOUCHED);
    free_block(heap, kept);
    assert_succeeds(IHostMemInspection_Trim(subject->inspection, NULL));
    assert_figure(statistics_of(subject).SlabBytes.Now, 0);
    free_block(heap, heap_block(heap, 1000)); /* and it goes on */
    end_only_heap(subject, heap);
}

static void NeedsVirtualAddressSpace_gives_empty_slabs_back(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    free_block(heap, heap_block(heap, 20));
    assert_figure(statistics_of(subject).SlabBytes.Now, SLAB);
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(subject->manager, NULL, GRANULE),
                   S_OK);
    assert_figure(statistics_of(subject).SlabBytes.Now, 0);
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(subject->manager, NULL, GRANULE),
                   E_OUTOFMEMORY);
    end_only_heap(subject, heap);
}

/* Frees blocks so that more slabs than may be kept become empty. */
static void empty_slabs_are_kept_only_up_to_the_bound(void **state)
{
    static const SIZE_T sizes[] = {16, 100, 4000, LARGEST_SMALL};
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        unsigned count = 0;
        void **blocks = calloc(60 * SLAB / 16, sizeof(*blocks));
        ULONGLONG before = statistics_of(subject).SlabBytes.Now;
        HOSTMEM_HEAP figures;

        assert_non_null(blocks);
        do
            blocks[count++] = heap_block(heap, sizes[i]);
        while (count % 64 || statistics_of(subject).SlabBytes.Now < before + 50 * SLAB);
        while (count)
            free_block(heap, blocks[--count]);
        figures = heap_figures_of(subject, 1);
        assert_figure(figures.SpareBytes, MOST_SPARES * SLAB);
        assert_figure(figures.SlabBytes.Now, MOST_SPARES * SLAB);
        free(blocks);
    }
    end_only_heap(subject, heap);
}

/* ------------------------------------------------------------------------------------------------
 * What freed large blocks leave
 * --------------------------------------------------------------------------------------------- */

static void memory_of_a_freed_large_block_is_told_and_given_back(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *block = heap_block(heap, LARGE);
    HOSTMEM_REGION region;
    SIZE_T bytes = 77;

    assert_hresult(IHostMemInspection_FindRegion(subject->inspection, block, &region), S_OK);
    assert_false(region.IsSpare);
    free_block(heap, block);
    assert_hresult(IHostMemInspection_FindRegion(subject->inspection, block, &region), S_OK);
    assert_true(region.IsSpare);
    assert_false(region.IsSlab);
    assert_figure(region.Heap, 1);
    assert_figure(region.Committed, LARGE);
    assert_figure(heap_figures_of(subject, 1).SpareLargeBytes, LARGE);
    assert_figure(statistics_of(subject).Blocks.Now, 0);
    assert_figure(statistics_of(subject).Committed.Now, LARGE);
    assert_clean_audit(subject);
    assert_succeeds(IHostMemInspection_Trim(subject->inspection, &bytes));
    assert_figure(bytes, LARGE);
    assert_hresult(IHostMemInspection_FindRegion(subject->inspection, block, &region), S_FALSE);
    assert_figure(heap_figures_of(subject, 1).SpareLargeBytes, 0);
    end_only_heap(subject, heap);
}

static void NeedsVirtualAddressSpace_gives_memory_of_freed_large_blocks_back(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    free_block(heap, heap_block(heap, LARGE));
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(subject->manager, NULL, GRANULE),
                   S_OK);
    assert_figure(statistics_of(subject).Reserved.Now, 0);
    assert_hresult(IHostMemoryManager_NeedsVirtualAddressSpace(subject->manager, NULL, GRANULE),
                   E_OUTOFMEMORY);
    end_only_heap(subject, heap);
}

/* What the program does to a block's pages does not come back with the next block. */
static void pages_that_a_program_has_changed_are_not_used_again(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    for (int how = 0; how < 3; how++) {
        char *block = heap_block(heap, LARGE);
        MEMORY_BASIC_INFORMATION information;
        DWORD old;

        if (how == 0)
            assert_true(VirtualProtect(block + PAGE, PAGE, PAGE_READONLY, &old));
        else if (how == 1)
            assert_true(VirtualProtect(block, LARGE, PAGE_READWRITE | PAGE_GUARD, &old));
        else
            assert_true(VirtualFree(block + LARGE - PAGE, PAGE, MEM_DECOMMIT));
        free_block(heap, block);
        block = heap_block(heap, LARGE);
        assert_true(VirtualQuery(block, &information, sizeof(information)) != 0);
        assert_figure(information.RegionSize, LARGE);
        assert_figure(information.State, MEM_COMMIT);
        assert_figure(information.Protect, PAGE_READWRITE);
        memset(block, 1, LARGE);
        free_block(heap, block);
    }
    end_only_heap(subject, heap);
}

/* ------------------------------------------------------------------------------------------------
 * Peaks
 * --------------------------------------------------------------------------------------------- */

static void the_peaks_of_one_thread_are_exact(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *blocks[64] = {NULL};
    SIZE_T sizes[64];
    uint64_t random = SEED;
    ULONGLONG count = 0, bytes = 0, most_count = 0, most_bytes = 0;

    for (unsigned i = 0; i < 20000; i++) {
        uint64_t number = next_random(&random);
        unsigned slot = (unsigned)(number >> 8) % COUNT_OF(blocks);

        if (blocks[slot]) {
            free_block(heap, blocks[slot]);
            blocks[slot] = NULL;
            count--;
            bytes -= sizes[slot];
            continue;
        }
        sizes[slot] = (SIZE_T)(number >> 20) % (number % 50 ? 2000 : 50000);
        blocks[slot] = heap_block(heap, sizes[slot]);
        count++;
        bytes += sizes[slot];
        most_count = count > most_count ? count : most_count;
        most_bytes = bytes > most_bytes ? bytes : most_bytes;
        if (i % 100 == 0) {
            assert_figure(heap_figures_of(subject, 1).Blocks.Peak, most_count);
            assert_figure(heap_figures_of(subject, 1).BlockBytes.Peak, most_bytes);
        }
    }
    assert_figure(statistics_of(subject).Blocks.Peak, most_count);
    assert_figure(statistics_of(subject).BlockBytes.Peak, most_bytes);
    for (unsigned slot = 0; slot < COUNT_OF(blocks); slot++) {
        if (blocks[slot])
            free_block(heap, blocks[slot]);
    }
    end_only_heap(subject, heap);
}

#define CLIMBERS 8
#define CLIMB 501
#define CLIMB_SIZE 37

/* All threads have their blocks at the same time, and free them before the test looks. */
struct climber {
    IHostMalloc *heap;
    volatile LONG *at_the_top;
    void *blocks[CLIMB];
};

static DWORD WINAPI climb(void *context)
{
    struct climber *climber = context;

    for (unsigned i = 0; i < CLIMB; i++)
        IHostMalloc_Alloc(climber->heap, CLIMB_SIZE, eTaskCritical, &climber->blocks[i]);
    InterlockedIncrement(climber->at_the_top);
    while (*climber->at_the_top < CLIMBERS)
        SwitchToThread();
    for (unsigned i = 0; i < CLIMB; i++)
        IHostMalloc_Free(climber->heap, climber->blocks[i]);
    return 0;
}

static void the_peaks_of_several_threads_fall_short_by_no_more_than_is_said(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    static struct climber climbers[CLIMBERS];
    volatile LONG at_the_top = 0;
    const ULONGLONG blocks = CLIMBERS * CLIMB, bytes = blocks * CLIMB_SIZE;
    struct threads threads;
    HOSTMEM_HEAP figures;

    for (unsigned i = 0; i < CLIMBERS; i++)
        climbers[i] = (struct climber){.heap = heap, .at_the_top = &at_the_top};
    threads_start(&threads, CLIMBERS, climb, climbers, sizeof(climbers[0]));
    threads_join(&threads);
    figures = heap_figures_of(subject, 1);
    assert_figure(figures.Frees, blocks);
    print_message("             blocks %" PRIu64 " of %" PRIu64 ", bytes %" PRIu64 " of %" PRIu64
                  "\n",
                  (uint64_t)figures.Blocks.Peak, (uint64_t)blocks,
                  (uint64_t)figures.BlockBytes.Peak, (uint64_t)bytes);
    assert_between(figures.Blocks.Peak, blocks - 8 * CLIMBERS, blocks);
    assert_between(figures.BlockBytes.Peak, bytes - 4096 * CLIMBERS, bytes);
    end_only_heap(subject, heap);
}

/* ------------------------------------------------------------------------------------------------
 * What the books cost
 * --------------------------------------------------------------------------------------------- */

#ifdef _WIN64
#define FULL ((ULONGLONG)64 << 20)
#else
#define FULL ((ULONGLONG)16 << 20)
#endif

/* Takes blocks until the slabs are that many bytes. size is 0: 16 to 271. */
static HOSTMEM_STATISTICS fill_slabs(const struct subject *subject, IHostMalloc *heap, SIZE_T size,
                                     ULONGLONG slab_bytes)
{
    unsigned step = size && size < 2000 ? 50 : 1;
    HOSTMEM_STATISTICS statistics;
    unsigned taken = 0;

    do {
        for (unsigned i = 0; i < step; i++, taken++)
            heap_block(heap, size ? size : 16 + (SIZE_T)(taken * 7919u % 256u));
        statistics = statistics_of(subject);
    } while (statistics.SlabBytes.Now < slab_bytes);
    return statistics;
}

static void the_books_cost_at_most_2_percent_of_the_slabs(void **state)
{
    static const SIZE_T sizes[] = {16, 32, 48, 64, 100, 256, 1000, 4000, 30000, 0};

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        struct subject subject = subject_make(NULL);
        IHostMalloc *heap = subject_heap(&subject);
        HOSTMEM_STATISTICS half = fill_slabs(&subject, heap, sizes[i], FULL / 2);
        HOSTMEM_STATISTICS full = fill_slabs(&subject, heap, sizes[i], FULL);
        ULONGLONG metadata = full.Metadata.Now - half.Metadata.Now;
        ULONGLONG slabs = full.SlabBytes.Now - half.SlabBytes.Now;

        print_message("             %5u bytes: %6" PRIu64 " for %" PRIu64 ": %.3f %%\n",
                      (unsigned)sizes[i], (uint64_t)metadata, (uint64_t)slabs,
                      100.0 * (double)metadata / (double)slabs);
        if (metadata * 100 > slabs * 2)
            fail_msg("%u bytes: more than 2 %%", (unsigned)sizes[i]);
        IHostMalloc_Release(heap);
        assert_figure(statistics_of(&subject).SlabBytes.Now, 0);
        subject_end(&subject);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(EnumHeaps_shows_each_heap_that_lives),
        promise(EnumHeaps_ends_with_what_the_callback_returns),
        promise(a_heap_s_figures_are_exact),
        promise(EnumSizeClasses_adds_up_to_the_heaps_small_blocks),
        promise(EnumSizeClasses_shows_the_smallest_first),
        promise(FindBlock_finds_a_live_block_by_each_of_its_bytes),
        promise(FindBlock_finds_nothing_where_no_block_is),
        promise(Trim_gives_empty_slabs_back_and_says_how_much),
        promise(NeedsVirtualAddressSpace_gives_empty_slabs_back),
        promise(empty_slabs_are_kept_only_up_to_the_bound),
        promise(memory_of_a_freed_large_block_is_told_and_given_back),
        promise(NeedsVirtualAddressSpace_gives_memory_of_freed_large_blocks_back),
        promise(pages_that_a_program_has_changed_are_not_used_again),
        promise(the_peaks_of_one_thread_are_exact),
        promise(the_peaks_of_several_threads_fall_short_by_no_more_than_is_said),
        cmocka_unit_test(the_books_cost_at_most_2_percent_of_the_slabs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
