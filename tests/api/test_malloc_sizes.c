/*
 * test_malloc_sizes.c: blocks of every size are aligned, usable to their last byte, counted exactly
 * and given back, with little waste. No two blocks overlap in a million random requests of one
 * thread or of eight.
 */
#include "heaps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT (sizeof(void *) == 8 ? 16u : 8u)
#define EVERY_SIZE 70000
#define SEED UINT64_C(0x51e5f0a11b10c5ed)

/* ------------------------------------------------------------------------------------------------
 * One block of each size
 * --------------------------------------------------------------------------------------------- */

/* Writes the first and last bytes, and those about each page's and each slab block's border. */
static void touch(unsigned char *block, SIZE_T size)
{
    for (SIZE_T at = 0; at < size; at += at < 64 ? 1 : 509)
        block[at] = (unsigned char)(at ^ size);
    if (size)
        block[size - 1] = (unsigned char)size;
}

static bool is_touched(const unsigned char *block, SIZE_T size)
{
    for (SIZE_T at = 0; at + 1 < size; at += at < 64 ? 1 : 509) {
        if (block[at] != (unsigned char)(at ^ size))
            return false;
    }
    return !size || block[size - 1] == (unsigned char)size;
}

/* Alive together: blocks of `count` sizes from `first` on. */
static void live_together(const struct subject *subject, IHostMalloc *heap, SIZE_T first,
                          unsigned count)
{
    unsigned char **blocks = calloc(count, sizeof(*blocks));
    HOSTMEM_HEAP figures, before = heap_figures_of(subject, 1);
    ULONGLONG bytes = 0, large = 0, large_bytes = 0;

    assert_non_null(blocks);
    for (unsigned i = 0; i < count; i++) {
        SIZE_T size = first + i;

        blocks[i] = heap_block(heap, size);
        if ((uintptr_t)blocks[i] % ALIGNMENT)
            fail_msg("a block of %u bytes at %p", (unsigned)size, (void *)blocks[i]);
        touch(blocks[i], size);
        bytes += size;
        large += size > LARGEST_SMALL;
        large_bytes += size > LARGEST_SMALL ? size : 0;
    }
    figures = heap_figures_of(subject, 1);
    assert_figure(figures.Blocks.Now, count);
    assert_figure(figures.Blocks.Peak, before.Blocks.Peak > count ? before.Blocks.Peak : count);
    assert_figure(figures.BlockBytes.Now, bytes);
    assert_figure(figures.LargeBlocks.Now, large);
    assert_figure(figures.LargeBytes.Now, large_bytes);
    assert_figure(figures.Allocations - before.Allocations, count);
    assert_figure(figures.AllocatedBytes - before.AllocatedBytes, bytes);
    for (unsigned i = 0; i < count; i++) {
        if (!is_touched(blocks[i], first + i))
            fail_msg("a block of %u bytes has changed", (unsigned)first + i);
        free_block(heap, blocks[i]);
    }
    figures = heap_figures_of(subject, 1);
    assert_figure(figures.Blocks.Now, 0);
    assert_figure(figures.BlockBytes.Now, 0);
    assert_figure(figures.LargeBlocks.Now, 0);
    assert_figure(figures.LargeBytes.Now, 0);
    assert_figure(figures.Frees - before.Frees, count);
    assert_figure(figures.FreedBytes - before.FreedBytes, bytes);
    free(blocks);
}

/* All of them; in the short form all up to 4,900, and some of the others. */
static void blocks_of_sizes_up_to_70000_are_aligned_usable_and_counted(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    for (SIZE_T first = 0; first <= EVERY_SIZE;
         first += first < 4900 || is_long_form() ? 700 : 6510)
        live_together(subject, heap, first, first + 700 > EVERY_SIZE ? 1 : 700);
    end_only_heap(subject, heap);
}

static void large_blocks_are_aligned_usable_and_counted(void **state)
{
    const SIZE_T largest =
        sizeof(void *) == 8 && is_long_form() ? (SIZE_T)64 << 20 : (SIZE_T)16 << 20;
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    for (SIZE_T size = EVERY_SIZE; size < largest; size += size / 9 + 1)
        live_together(subject, heap, size, 1);
    for (SIZE_T size = 2 * GRANULE; size <= largest; size *= 2)
        live_together(subject, heap, size - 1, 3);
    end_only_heap(subject, heap);
}

static void at_most_an_eighth_of_a_block_is_wasted_from_129_bytes_on(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    SIZE_T size = 129;

    while (size <= LARGEST_SMALL) {
        void *block = heap_block(heap, size);
        HOSTMEM_SIZE_CLASS size_class = size_class_of(subject, 1, size, FALSE);

        assert_figure(size_class.SmallestRequest, size); /* no size is left out */
        assert_figure(size_class.Blocks, 1);
        assert_figure(size_class.BlockBytes, size);
        assert_at_least(size_class.BlockSize, size_class.LargestRequest);
        /* Of all its requests the smallest wastes most. */
        if ((size_class.BlockSize - size) * 8 > size_class.BlockSize)
            fail_msg("%u bytes in a block of %u", (unsigned)size, (unsigned)size_class.BlockSize);
        size = size_class.LargestRequest + 1;
        free_block(heap, block);
    }
    assert_figure(size, LARGEST_SMALL + 1);
    end_only_heap(subject, heap);
}

/* ------------------------------------------------------------------------------------------------
 * Overlaps
 * --------------------------------------------------------------------------------------------- */

#define OPERATIONS (is_long_form() ? 1000000u : 100000u)
#define THREADS 8
#define SLOTS 4096

struct slot {
    unsigned char *memory; /* NULL: none */
    SIZE_T size;
    uint64_t pattern;
};

/*
 * Blocks lie in slots that all players share. A player takes a block out of its slot, whoever put
 * it there, or finds the slot empty and fills it.
 */
struct ground {
    IHostMalloc *heap;
    unsigned count; /* of slots */
    struct slot *volatile slots[SLOTS];
    volatile LONG64 pattern;
};

struct player {
    struct ground *ground;
    uint64_t random;
    unsigned operations;
    ULONGLONG taken, taken_bytes, freed, freed_bytes;
    unsigned overlaps;
    const char *failed; /* the first call that did; NULL: none */
    HRESULT failure;
    DWORD error;
    SIZE_T failed_size;
};

static void write_pattern(const struct slot *slot)
{
    SIZE_T whole = slot->size / 8 * 8;

    for (SIZE_T at = 0; at < whole; at += 8)
        memcpy(slot->memory + at, &slot->pattern, 8);
    memcpy(slot->memory + whole, &slot->pattern, slot->size - whole);
}

static bool has_pattern(const struct slot *slot)
{
    SIZE_T whole = slot->size / 8 * 8;

    for (SIZE_T at = 0; at < whole; at += 8) {
        if (memcmp(slot->memory + at, &slot->pattern, 8) != 0)
            return false;
    }
    return memcmp(slot->memory + whole, &slot->pattern, slot->size - whole) == 0;
}

/* Mostly small, of all classes, and now and then large. */
static SIZE_T random_size(uint64_t random)
{
    unsigned bits = (unsigned)(random >> 8) % 64;

    if (bits == 0)
        return (SIZE_T)(random >> 20) % 100000;
    if (bits < 4)
        return (SIZE_T)(random >> 20) % (LARGEST_SMALL + 1);
    return (SIZE_T)(random >> 20) % (bits < 16 ? 2048 : 300);
}

static void note_failure(struct player *player, const char *call, HRESULT hr, SIZE_T size)
{
    if (player->failed)
        return;
    player->failed = call;
    player->failure = hr;
    player->error = GetLastError();
    player->failed_size = size;
}

static void fill_slot(struct player *player, struct slot *slot, uint64_t random)
{
    char file[] = "sizes.c";
    void *memory = NULL;
    HRESULT hr;

    slot->size = random_size(random);
    hr = random >> 60 ? IHostMalloc_Alloc(player->ground->heap, slot->size, eTaskCritical, &memory)
                      : IHostMalloc_DebugAlloc(player->ground->heap, slot->size, eTaskCritical,
                                               file, 1, &memory);
    slot->memory = memory;
    if (hr != S_OK) {
        note_failure(player, "a request", hr, slot->size);
        return;
    }
    player->taken++;
    player->taken_bytes += slot->size;
    slot->pattern =
        (uint64_t)InterlockedIncrement64(&player->ground->pattern) * UINT64_C(0x9e3779b97f4a7c15);
    write_pattern(slot);
}

static void empty_slot(struct player *player, struct slot *slot)
{
    HRESULT hr;

    if (!has_pattern(slot))
        player->overlaps++;
    hr = IHostMalloc_Free(player->ground->heap, slot->memory);
    if (hr != S_OK) {
        note_failure(player, "a free", hr, slot->size);
        return;
    }
    slot->memory = NULL;
    player->freed++;
    player->freed_bytes += slot->size;
}

static DWORD WINAPI play(void *context)
{
    struct player *player = context;

    for (unsigned i = 0; i < player->operations; i++) {
        uint64_t random = next_random(&player->random);
        unsigned index = (unsigned)(random >> 40) % player->ground->count;
        struct slot *slot =
            InterlockedExchangePointer((void *volatile *)&player->ground->slots[index], NULL);

        if (!slot)
            continue; /* another player has it just now */
        if (slot->memory)
            empty_slot(player, slot);
        else
            fill_slot(player, slot, random);
        player->ground->slots[index] = slot;
    }
    return 0;
}

static void assert_ground_is_counted(const struct subject *subject, const struct player *players,
                                     unsigned count)
{
    struct player sum = {NULL};
    HOSTMEM_HEAP figures = heap_figures_of(subject, 1);

    for (unsigned i = 0; i < count; i++) {
        assert_figure(players[i].overlaps, 0);
        if (players[i].failed)
            fail_msg("%s of %u bytes: 0x%08lx, last error %lu", players[i].failed,
                     (unsigned)players[i].failed_size, players[i].failure, players[i].error);
        sum.taken += players[i].taken;
        sum.taken_bytes += players[i].taken_bytes;
        sum.freed += players[i].freed;
        sum.freed_bytes += players[i].freed_bytes;
    }
    assert_figure(figures.Allocations, sum.taken);
    assert_figure(figures.AllocatedBytes, sum.taken_bytes);
    assert_figure(figures.Frees, sum.freed);
    assert_figure(figures.FreedBytes, sum.freed_bytes);
    assert_figure(figures.Blocks.Now, sum.taken - sum.freed);
    assert_figure(figures.BlockBytes.Now, sum.taken_bytes - sum.freed_bytes);
    assert_clean_audit(subject);
}

/* Gives empty slabs back, and audits, without pause. */
struct trimmer {
    const struct subject *subject;
    volatile LONG stop;
    ULONGLONG bytes; /* given back */
    HRESULT worst_audit;
};

static DWORD WINAPI trim(void *context)
{
    struct trimmer *trimmer = *(struct trimmer **)context;

    while (!trimmer->stop) {
        HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};
        HRESULT hr = IHostMemInspection_Audit(trimmer->subject->inspection, &audit, NULL, NULL);

        if (hr != S_OK)
            trimmer->worst_audit = hr;
        for (unsigned i = 0; i < 100; i++) {
            SIZE_T bytes = 0;

            IHostMemInspection_Trim(trimmer->subject->inspection, &bytes);
            trimmer->bytes += bytes;
        }
    }
    return 0;
}

static void play_on_threads(const struct subject *subject, unsigned count, unsigned operations,
                            unsigned slot_count)
{
    struct ground *ground = calloc(1, sizeof(*ground));
    struct slot *slots = calloc(SLOTS, sizeof(*slots));
    struct player players[THREADS];
    struct trimmer trimmer = {.subject = subject}, *trimmer_context = &trimmer;
    struct threads threads, trimming;

    assert_non_null(ground);
    assert_non_null(slots);
    print_message("seed 0x%" PRIx64 "\n", SEED);
    ground->heap = subject_heap(subject);
    ground->count = slot_count;
    for (unsigned i = 0; i < SLOTS; i++)
        ground->slots[i] = &slots[i];
    for (unsigned i = 0; i < count; i++)
        players[i] =
            (struct player){.ground = ground, .random = SEED + i, .operations = operations / count};
    if (count > 1)
        threads_start(&trimming, 1, trim, &trimmer_context, sizeof(trimmer_context));
    threads_start(&threads, count, play, players, sizeof(players[0]));
    threads_join(&threads);
    trimmer.stop = 1;
    if (count > 1)
        threads_join(&trimming);
    assert_hresult(trimmer.worst_audit, S_OK);
    print_message("             %u slabs were trimmed\n", (unsigned)(trimmer.bytes / SLAB));
    assert_ground_is_counted(subject, players, count);
    for (unsigned i = 0; i < SLOTS; i++) {
        if (slots[i].memory)
            empty_slot(&players[0], &slots[i]);
    }
    assert_ground_is_counted(subject, players, count);
    end_only_heap(subject, ground->heap);
    free(slots);
    free(ground);
}

static void in_many_requests_of_one_thread_no_blocks_overlap(void **state)
{
    play_on_threads(*state, 1, OPERATIONS, SLOTS);
}

static void in_many_requests_of_8_threads_no_blocks_overlap(void **state)
{
    play_on_threads(*state, THREADS, OPERATIONS, SLOTS);
}

/* Few live at a time, so that slabs come and go. */
static void where_slabs_come_and_go_no_blocks_overlap(void **state)
{
    play_on_threads(*state, THREADS, OPERATIONS, 40);
}

static void where_checked_slabs_come_and_go_no_blocks_overlap(void **state)
{
    struct subject subject = subject_with_flags(HOSTMEM_FILL_ON_FREE);

    (void)state;
    play_on_threads(&subject, THREADS, OPERATIONS / 5, 40);
    assert_figure(statistics_of(&subject).DamagedBlocks, 0);
    subject_end(&subject);
}

static void in_requests_of_8_threads_of_a_checked_heap_no_blocks_overlap(void **state)
{
    struct subject subject =
        subject_with_flags(HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE);

    (void)state;
    play_on_threads(&subject, THREADS, OPERATIONS / 5, SLOTS);
    assert_figure(statistics_of(&subject).DamagedBlocks, 0);
    subject_end(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(blocks_of_sizes_up_to_70000_are_aligned_usable_and_counted),
        promise(large_blocks_are_aligned_usable_and_counted),
        promise(at_most_an_eighth_of_a_block_is_wasted_from_129_bytes_on),
        promise(in_many_requests_of_one_thread_no_blocks_overlap),
        promise(in_many_requests_of_8_threads_no_blocks_overlap),
        promise(where_slabs_come_and_go_no_blocks_overlap),
        cmocka_unit_test(where_checked_slabs_come_and_go_no_blocks_overlap),
        cmocka_unit_test(in_requests_of_8_threads_of_a_checked_heap_no_blocks_overlap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
