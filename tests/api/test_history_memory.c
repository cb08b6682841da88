/*
 * test_history_memory.c: how much memory block histories take, and that only memory limits their
 * number.
 */
#include "heaps.h"

/* 24 MiB of them, which there is room for in every process. */
static void there_is_no_limit_to_tracked_blocks_but_memory(void **state)
{
    struct subject subject = subject_with_flags(HOSTMEM_TRACK_BLOCKS);
    IHostMalloc *heap = subject_heap(&subject);

    (void)state;
    for (unsigned i = 0; i < 768; i++) {
        void *block = NULL;
        HRESULT hr = IHostMalloc_Alloc(heap, LARGEST_SMALL, eTaskCritical, &block);

        if (hr != S_OK)
            fail_msg("block %u: 0x%08lx, with %u KiB of slabs", i, hr,
                     (unsigned)(statistics_of(&subject).SlabBytes.Now >> 10));
    }
    IHostMalloc_Release(heap);
    subject_end(&subject);
}

/* Beside the 2 % that slabs cost anyway; and what is committed a page at a time for each size. */
static void a_history_costs_some_56_bytes(void **state)
{
    static const SIZE_T tracked_sizes[] = {16, 64, 100, 256, 1000, 4000, 30000};
    unsigned dear = 0;

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(tracked_sizes); i++) {
        struct subject subject = subject_with_flags(HOSTMEM_TRACK_BLOCKS);
        IHostMalloc *heap = subject_heap(&subject);
        HOSTMEM_STATISTICS before, after;
        ULONGLONG blocks, metadata, slabs;

        do
            heap_block(heap, tracked_sizes[i]);
        while ((before = statistics_of(&subject)).SlabBytes.Now < 4 * (1 << 20));
        do
            heap_block(heap, tracked_sizes[i]);
        while ((after = statistics_of(&subject)).SlabBytes.Now < 12 * (1 << 20));
        blocks = after.Blocks.Now - before.Blocks.Now;
        metadata = after.Metadata.Now - before.Metadata.Now;
        slabs = after.SlabBytes.Now - before.SlabBytes.Now;
        print_message("             %5u bytes: %6u for each of %u blocks\n",
                      (unsigned)tracked_sizes[i], (unsigned)(metadata / blocks), (unsigned)blocks);
        dear += metadata > 64 * blocks + slabs / 50 + 2 * GRANULE;
        IHostMalloc_Release(heap);
        subject_end(&subject);
    }
    assert_figure(dear, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_no_limit_to_tracked_blocks_but_memory),
        cmocka_unit_test(a_history_costs_some_56_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
