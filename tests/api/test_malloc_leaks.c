/*
 * test_malloc_leaks.c: live blocks are reported: as leaks at the last Release of their heap, and
 * before that by EnumBlocks. The last Release gives the heap's memory back. The heaps of a manager
 * are never mixed up.
 */
#include "heaps.h"
#include "notes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE (3 * GRANULE)
#define SEED UINT64_C(0x1ea5ed1ea5ed1ea5)
#define MOST_BLOCKS 4000

/* A block as the test knows it, and how often it was reported. */
struct known {
    void *memory;
    SIZE_T size;
    int line; /* 0: by Alloc, without a name */
    DWORD heap;
    unsigned told;
};

struct ledger {
    unsigned count;
    struct known blocks[MOST_BLOCKS];

    /* What was reported, and what was wrong with it. */
    unsigned told, unknown, wrong;
    bool is_tracked;
};

static struct ledger ledger;

static void clear_ledger(void)
{
    memset(&ledger, 0, sizeof(ledger));
}

static int by_address(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t)((const struct known *)a)->memory;
    uintptr_t right = (uintptr_t)((const struct known *)b)->memory;

    return left < right ? -1 : left > right;
}

/* Before it is told of anything. */
static void sort_ledger(void)
{
    qsort(ledger.blocks, ledger.count, sizeof(ledger.blocks[0]), by_address);
}

static bool is_as_known(const struct known *known, const HOSTMEM_BLOCK *block)
{
    const unsigned char *bytes = block->Address;

    if (block->Size != known->size || block->Heap != known->heap || block->Line != known->line)
        return false;
    if (known->line ? !block->FileName || strcmp(block->FileName, "leaks.c") != 0
                    : block->FileName != NULL)
        return false;
    if ((known->line || ledger.is_tracked || block->Size > LARGEST_SMALL) != (block->Sequence != 0))
        return false;
    /* Its memory is still there. */
    return !block->Size || (bytes[0] == 0x4c && bytes[block->Size - 1] == 0x4c);
}

static HRESULT CALLBACK check_block(void *context, const HOSTMEM_BLOCK *block)
{
    struct known key = {.memory = block->Address};
    struct known *known =
        bsearch(&key, ledger.blocks, ledger.count, sizeof(ledger.blocks[0]), by_address);

    (void)context;
    ledger.told++;
    if (!known) {
        ledger.unknown++;
        return S_OK;
    }
    known->told++;
    ledger.wrong += !is_as_known(known, block);
    return S_OK;
}

/*
 * Checks that each block of that heap (0: of all heaps) was reported once, as it is, and nothing
 * else.
 */
static void assert_all_told(DWORD heap)
{
    unsigned expected = 0;

    assert_figure(ledger.unknown, 0);
    assert_figure(ledger.wrong, 0);
    for (unsigned i = 0; i < ledger.count; i++) {
        bool is_of_it = !heap || ledger.blocks[i].heap == heap;

        if (ledger.blocks[i].told != is_of_it)
            fail_msg("block %p of %u bytes of heap %u was told of %u times",
                     ledger.blocks[i].memory, (unsigned)ledger.blocks[i].size,
                     (unsigned)ledger.blocks[i].heap, ledger.blocks[i].told);
        ledger.blocks[i].told = 0;
        expected += is_of_it;
    }
    assert_figure(ledger.told, expected);
    ledger.told = 0;
}

static void take(IHostMalloc *heap, DWORD number, SIZE_T size, int line)
{
    void *memory = line ? debug_block(heap, size, "leaks.c", line) : heap_block(heap, size);

    assert_true(ledger.count < MOST_BLOCKS);
    memset(memory, 0x4c, size);
    ledger.blocks[ledger.count++] =
        (struct known){.memory = memory, .size = size, .line = line, .heap = number};
}

static struct subject subject_telling(DWORD flags)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .dwFlags = flags, .pfnLeak = check_block};

    clear_ledger();
    ledger.is_tracked = flags != 0;
    return subject_make(&options);
}

/* ------------------------------------------------------------------------------------------------
 * Leaks
 * --------------------------------------------------------------------------------------------- */

static void leak(DWORD flags)
{
    static const SIZE_T sizes[] = {0,    1, 16, 100, 1000, 5000, LARGEST_SMALL, LARGEST_SMALL + 1,
                                   LARGE};
    struct subject subject = subject_telling(flags);
    IHostMalloc *heap = subject_heap(&subject);
    ULONGLONG bytes = 0;

    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
            take(heap, 1, sizes[i], 0);
            take(heap, 1, sizes[i], (int)(100 * round + i + 1));
            bytes += 2 * sizes[i];
            free_block(heap, heap_block(heap, sizes[i]));
        }
    }
    sort_ledger();
    assert_figure(statistics_of(&subject).LeakedBlocks, 0);
    assert_figure(IHostMalloc_Release(heap), 0);
    assert_all_told(0);
    assert_figure(statistics_of(&subject).LeakedBlocks, ledger.count);
    assert_figure(statistics_of(&subject).LeakedBytes, bytes);
    assert_empty_books(&subject);
    for (unsigned i = 0; i < ledger.count; i++)
        assert_figure(memory_state(ledger.blocks[i].memory), MEM_FREE);
    subject_end(&subject);
}

static void each_live_block_is_told_of_at_the_last_Release_and_given_back(void **state)
{
    (void)state;
    leak(0);
}

static void each_live_block_of_a_checked_heap_is_told_of_and_given_back(void **state)
{
    (void)state;
    leak(HOSTMEM_TRACK_BLOCKS | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE);
}

static void a_freed_block_is_no_leak(void **state)
{
    struct subject subject = subject_telling(HOSTMEM_DELAY_REUSE);
    IHostMalloc *heap = subject_heap(&subject);

    (void)state;
    for (SIZE_T size = 0; size < 40000; size += 501)
        free_block(heap, heap_block(heap, size));
    end_only_heap(&subject, heap);
    assert_all_told(0);
    subject_end(&subject);
}

static void blocks_that_are_live_at_the_last_Release_are_reported_as_leaks(void **state)
{
    struct block_notes notes = {.answer = S_OK};
    HOSTMEM_OPTIONS options = {
        .cbSize = sizeof(options), .pfnLeak = note_block, .pLeakContext = &notes};
    struct subject subject = subject_make(&options);
    IHostMalloc *heap = subject_heap(&subject);
    char file[] = "leaky.c";
    unsigned char *plain = heap_block(heap, 100), *freed = heap_block(heap, 50), *named = NULL;

    (void)state;
    assert_hresult(IHostMalloc_DebugAlloc(heap, 7, eTaskCritical, file, 42, (void **)&named), S_OK);
    *plain = 0x11;
    *named = 0x22;
    assert_hresult(IHostMalloc_Free(heap, freed), S_OK);
    IHostMalloc_AddRef(heap);
    IHostMalloc_Release(heap);
    assert_figure(notes.count, 0); /* not the last */
    IHostMalloc_Release(heap);

    assert_figure(notes.count, 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct told_block *leak = &notes.told[i];
        bool is_named = leak->block.Address == named;

        assert_address(leak->block.Address, is_named ? named : plain);
        assert_figure(leak->block.Size, is_named ? 7 : 100);
        assert_figure(leak->is_named, is_named);
        assert_figure(leak->first_byte, is_named ? 0x22 : 0x11); /* it was still there */
        assert_figure(leak->block.Heap, 1);
        if (is_named) {
            assert_string_equal(leak->file, "leaky.c");
            assert_figure(leak->block.Line, 42);
        }
    }
    assert_ptr_not_equal(notes.told[0].block.Address, notes.told[1].block.Address);
    subject_end(&subject);
}

static void leaks_are_counted_without_a_callback_too(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    heap_block(heap, 100);
    heap_block(heap, 0);
    heap_block(heap, 11);
    IHostMalloc_Release(heap);
    assert_figure(statistics_of(subject).LeakedBlocks, 3);
    assert_figure(statistics_of(subject).LeakedBytes, 111);
}

static void the_last_Release_of_a_heap_gives_its_memory_back(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *small = heap_block(heap, 10), *large = heap_block(heap, 5 * GRANULE);
    HOSTMEM_STATISTICS statistics;

    IHostMalloc_Release(heap);
    assert_figure(memory_state(small), MEM_FREE);
    assert_figure(memory_state(large), MEM_FREE);
    assert_figure(memory_state(large + 5 * GRANULE - 1), MEM_FREE);
    statistics = statistics_of(subject);
    assert_figure(statistics.Blocks.Now, 0);
    assert_figure(statistics.BlockBytes.Now, 0);
    assert_figure(statistics.Regions.Now, 0);
    assert_figure(statistics.Reserved.Now, 0);
    assert_figure(statistics.Committed.Now, 0);
}

static void the_last_Release_of_a_heap_leaves_other_heaps_and_regions_alone(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject), *other = subject_heap(subject);
    void *block = heap_block(other, 100);
    void *region = subject_alloc(subject, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    struct memory_image block_image, region_image;

    memset(block, 0x33, 100);
    memset(region, 0x44, PAGE);
    block_image = memory_image_of(block, 100);
    region_image = memory_image_of(region, PAGE);
    heap_block(heap, 200);
    IHostMalloc_Release(heap);
    assert_unchanged("the other heap's block", &block_image);
    assert_unchanged("the region", &region_image);
    assert_hresult(IHostMalloc_Free(other, block), S_OK);
    subject_release(subject, region);
    IHostMalloc_Release(other);
}

/* ------------------------------------------------------------------------------------------------
 * Two heaps of one manager
 * --------------------------------------------------------------------------------------------- */

static void two_heaps_of_a_manager_never_mix(void **state)
{
    struct subject subject = subject_telling(0);
    IHostMalloc *heaps[2] = {subject_heap(&subject), subject_heap(&subject)};
    ULONGLONG count[2] = {0, 0}, bytes[2] = {0, 0};
    uint64_t random = SEED;

    (void)state;
    print_message("seed 0x%" PRIx64 "\n", SEED);
    for (unsigned i = 0; i < 1500; i++) {
        uint64_t number = next_random(&random);
        SIZE_T size = (SIZE_T)(number >> 16) % (number % 40 ? 500 : 50000);
        unsigned which = number >> 63;

        take(heaps[which], which + 1, size, number % 3 ? 0 : (int)i + 1);
        count[which]++;
        bytes[which] += size;
    }
    sort_ledger();
    for (unsigned i = 0; i < 2; i++) {
        HOSTMEM_HEAP figures = heap_figures_of(&subject, i + 1);

        assert_figure(figures.Blocks.Now, count[i]);
        assert_figure(figures.BlockBytes.Now, bytes[i]);
        assert_hresult(IHostMemInspection_EnumBlocks(subject.inspection, i + 1, check_block, NULL),
                       S_OK);
        assert_all_told(i + 1);
    }
    for (unsigned i = 0; i < ledger.count; i++)
        assert_result(IHostMalloc_Free(heaps[ledger.blocks[i].heap % 2], ledger.blocks[i].memory),
                      HOST_E_INVALIDOPERATION, ERROR_INVALID_ADDRESS);
    assert_figure(statistics_of(&subject).RefusedBlocks[HostMemRefusedOtherHeap], ledger.count);
    assert_clean_audit(&subject);

    assert_figure(IHostMalloc_Release(heaps[0]), 0);
    assert_all_told(1);
    assert_figure(statistics_of(&subject).LeakedBlocks, count[0]);
    assert_figure(statistics_of(&subject).LeakedBytes, bytes[0]);
    assert_figure(statistics_of(&subject).Blocks.Now, count[1]);
    assert_figure(heap_figures_of(&subject, 2).BlockBytes.Now, bytes[1]);
    assert_clean_audit(&subject);
    for (unsigned i = 0; i < ledger.count; i++) {
        if (ledger.blocks[i].heap == 2)
            free_block(heaps[1], ledger.blocks[i].memory);
    }
    assert_figure(IHostMalloc_Release(heaps[1]), 0);
    assert_figure(ledger.told, 0);
    assert_empty_books(&subject);
    subject_end(&subject);
}

/* The slot of a heap that has ended serves the next one, which must know nothing of it. */
static void a_heap_knows_nothing_of_those_before_it(void **state)
{
    struct subject subject = subject_telling(0);

    (void)state;
    for (DWORD number = 1; number <= 200; number++) {
        IHostMalloc *heap = subject_heap(&subject);
        HOSTMEM_HEAP figures = heap_figures_of(&subject, number);

        assert_figure(figures.Blocks.Peak, 0);
        assert_figure(figures.SlabBytes.Peak, 0);
        assert_figure(figures.LargeBytes.Peak, 0);
        assert_figure(figures.SpareBytes, 0);
        assert_figure(figures.Allocations, 0);
        assert_figure(figures.Frees, 0);
        clear_ledger();
        take(heap, number, 40 * number % 3000, 0);
        take(heap, number, 40 * number % 3000, 7);
        take(heap, number, LARGE, 0);
        for (unsigned i = 0; i < 100; i++)
            free_block(heap, heap_block(heap, number));
        sort_ledger();
        assert_figure(IHostMalloc_Release(heap), 0);
        assert_all_told(number);
        assert_figure(statistics_of(&subject).LeakedBlocks, 3ull * number);
    }
    assert_empty_books(&subject);
    subject_end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * EnumBlocks
 * --------------------------------------------------------------------------------------------- */

static void EnumBlocks_of_tracked_heaps_shows_each_live_block_exactly(void **state)
{
    struct subject subject = subject_telling(HOSTMEM_TRACK_BLOCKS);
    IHostMalloc *heaps[2] = {subject_heap(&subject), subject_heap(&subject)};
    uint64_t random = SEED + 1;

    (void)state;
    for (unsigned round = 0; round < 10; round++) {
        /* Frees some, takes some more. */
        for (unsigned i = 0; i < ledger.count; i += 3) {
            free_block(heaps[ledger.blocks[i].heap - 1], ledger.blocks[i].memory);
            ledger.blocks[i] = ledger.blocks[--ledger.count];
        }
        for (unsigned i = 0; i < 300; i++) {
            uint64_t number = next_random(&random);
            unsigned which = number >> 63;

            take(heaps[which], which + 1, (SIZE_T)(number >> 16) % (number % 40 ? 700 : 50000),
                 number % 2 ? 0 : (int)i + 1);
        }
        sort_ledger();
        for (DWORD heap = 0; heap <= 2; heap++) {
            assert_hresult(
                IHostMemInspection_EnumBlocks(subject.inspection, heap, check_block, NULL), S_OK);
            assert_all_told(heap);
        }
    }
    for (unsigned i = 0; i < ledger.count; i++)
        free_block(heaps[ledger.blocks[i].heap - 1], ledger.blocks[i].memory);
    assert_hresult(IHostMemInspection_EnumBlocks(subject.inspection, 0, check_block, NULL), S_OK);
    assert_figure(ledger.told, 0);
    IHostMalloc_Release(heaps[1]);
    end_only_heap(&subject, heaps[0]);
    subject_end(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_live_block_is_told_of_at_the_last_Release_and_given_back),
        cmocka_unit_test(each_live_block_of_a_checked_heap_is_told_of_and_given_back),
        cmocka_unit_test(a_freed_block_is_no_leak),
        cmocka_unit_test(blocks_that_are_live_at_the_last_Release_are_reported_as_leaks),
        promise(leaks_are_counted_without_a_callback_too),
        promise(the_last_Release_of_a_heap_gives_its_memory_back),
        promise(the_last_Release_of_a_heap_leaves_other_heaps_and_regions_alone),
        cmocka_unit_test(two_heaps_of_a_manager_never_mix),
        cmocka_unit_test(a_heap_knows_nothing_of_those_before_it),
        cmocka_unit_test(EnumBlocks_of_tracked_heaps_shows_each_live_block_exactly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
