/*
 * test_inspection.c: what IHostMemInspection tells of regions, mapped ranges and blocks.
 */
#include "notes.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * Regions
 * --------------------------------------------------------------------------------------------- */

static void EnumRegions_of_an_empty_manager_calls_nobody(void **state)
{
    assert_figure(regions_of(*state).count, 0);
}

static void EnumRegions_tells_what_was_asked_for(void **state)
{
    const struct subject *subject = *state;
    ULONGLONG before = GetTickCount64();
    struct region_notes notes;
    const HOSTMEM_REGION *told = &notes.region[0];
    char *region = NULL;

    assert_hresult(IHostMemoryManager_VirtualAlloc(subject->manager, NULL, 5 * PAGE - 17,
                                                   MEM_RESERVE | MEM_TOP_DOWN, PAGE_EXECUTE_READ,
                                                   eAppDomainCritical, (void **)&region),
                   S_OK);
    subject_alloc_at(subject, region + PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    notes = regions_of(subject);
    assert_figure(notes.count, 1);
    assert_address(told->Base, region);
    assert_figure(told->Size, 5 * PAGE);
    assert_figure(told->Committed, 2 * PAGE);
    assert_figure(told->AllocationType, MEM_RESERVE | MEM_TOP_DOWN);
    assert_figure(told->Protect, PAGE_EXECUTE_READ);
    assert_figure(told->CriticalLevel, eAppDomainCritical);
    assert_figure(told->ThreadId, GetCurrentThreadId());
    assert_figure(told->Heap, 0);
    assert_figure(told->Sequence, 1);
    assert_between(told->AgeMilliseconds, 0, GetTickCount64() - before);
    subject_release(subject, region);
}

static void EnumRegions_follows_commits_and_decommits(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 100 * PAGE, MEM_RESERVE, PAGE_READWRITE);

    assert_figure(regions_of(subject).region[0].Committed, 0);
    subject_alloc_at(subject, region + 10 * PAGE, 80 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    assert_figure(regions_of(subject).region[0].Committed, 80 * PAGE);
    assert_hresult(IHostMemoryManager_VirtualFree(subject->manager, region + 20 * PAGE, 3 * PAGE,
                                                  MEM_DECOMMIT),
                   S_OK);
    assert_figure(regions_of(subject).region[0].Committed, 77 * PAGE);
    assert_figure(regions_of(subject).region[0].AllocationType, MEM_RESERVE);
    subject_release(subject, region);
    assert_figure(regions_of(subject).count, 0);
}

struct other_thread {
    const struct subject *subject;
    void *memory;
    DWORD id;
};

static DWORD WINAPI allocate_elsewhere(void *context)
{
    struct other_thread *other = context;

    other->id = GetCurrentThreadId();
    IHostMemoryManager_VirtualAlloc(other->subject->manager, NULL, PAGE, MEM_RESERVE,
                                    PAGE_READWRITE, eTaskCritical, &other->memory);
    return 0;
}

static void EnumRegions_tells_which_thread_asked(void **state)
{
    const struct subject *subject = *state;
    struct other_thread other = {subject, NULL, 0};
    struct threads threads;

    threads_start(&threads, 1, allocate_elsewhere, &other, sizeof(other));
    threads_join(&threads);
    assert_non_null(other.memory);
    assert_figure(regions_of(subject).region[0].ThreadId, other.id);
    assert_figure(other.id != GetCurrentThreadId(), TRUE);
    subject_release(subject, other.memory);
}

static void sequence_numbers_grow_and_are_never_used_again(void **state)
{
    const struct subject *subject = *state;

    for (unsigned n = 1; n <= 20; n++) {
        void *region = subject_alloc(subject, PAGE, MEM_RESERVE, PAGE_READWRITE);

        assert_figure(regions_of(subject).region[0].Sequence, n);
        subject_release(subject, region);
    }
}

static void a_request_that_fails_uses_up_no_region(void **state)
{
    const struct subject *subject = *state;
    void *memory = NULL;

    assert_true(FAILED(IHostMemoryManager_VirtualAlloc(subject->manager, (void *)KERNEL_ADDRESS,
                                                       PAGE, MEM_RESERVE, PAGE_READWRITE,
                                                       eTaskCritical, &memory)));
    assert_figure(regions_of(subject).count, 0);
}

static void EnumRegions_tells_which_heap_a_region_serves(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *first = subject_heap(subject), *second = subject_heap(subject);
    void *block = heap_block(second, 3 * PAGE);
    struct region_notes notes = regions_of(subject);

    assert_figure(notes.count, 1);
    assert_figure(notes.region[0].Heap, 2);
    assert_hresult(IHostMalloc_Free(second, block), S_OK);
    IHostMalloc_Release(second);
    IHostMalloc_Release(first);
}

#define MANY 3000

struct sightings {
    char *bases[MANY];
    unsigned seen[MANY];
    unsigned strangers;
};

static int by_address(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t) * (char *const *)a, right = (uintptr_t) * (char *const *)b;

    return (left > right) - (left < right);
}

static HRESULT CALLBACK sight(void *context, const HOSTMEM_REGION *region)
{
    struct sightings *sightings = context;
    char *base = region->Base;
    char **found = bsearch(&base, sightings->bases, MANY, sizeof(char *), by_address);

    if (found)
        sightings->seen[found - sightings->bases]++;
    else
        sightings->strangers++;
    return S_OK;
}

static void EnumRegions_shows_each_of_many_regions_once(void **state)
{
    static struct sightings sightings;
    const struct subject *subject = *state;

    memset(&sightings, 0, sizeof(sightings));
    for (unsigned i = 0; i < MANY; i++)
        sightings.bases[i] = subject_alloc(subject, PAGE, MEM_RESERVE, PAGE_READWRITE);
    qsort(sightings.bases, MANY, sizeof(char *), by_address);
    assert_hresult(IHostMemInspection_EnumRegions(subject->inspection, sight, &sightings), S_OK);
    assert_figure(sightings.strangers, 0);
    for (unsigned i = 0; i < MANY; i++) {
        assert_figure(sightings.seen[i], 1);
        subject_release(subject, sightings.bases[i]);
    }
}

/* What a callback may answer to end an enumeration. */
static const HRESULT endings[] = {S_FALSE, E_ABORT, E_FAIL, HOST_E_CLRNOTAVAILABLE, 1234};

static void EnumRegions_ends_when_the_callback_says_so(void **state)
{
    const struct subject *subject = *state;
    void *first = subject_alloc(subject, PAGE, MEM_RESERVE, PAGE_READWRITE);
    void *second = subject_alloc(subject, PAGE, MEM_RESERVE, PAGE_READWRITE);

    for (unsigned i = 0; i < COUNT_OF(endings); i++) {
        struct region_notes notes = {.answer = endings[i]};

        assert_hresult(IHostMemInspection_EnumRegions(subject->inspection, note_region, &notes),
                       endings[i]);
        assert_figure(notes.count, 1);
    }
    subject_release(subject, second);
    subject_release(subject, first);
}

static void enumerating_without_a_callback_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;

    assert_hresult(IHostMemInspection_EnumRegions(subject->inspection, NULL, NULL), E_POINTER);
    assert_hresult(IHostMemInspection_EnumMappedRanges(subject->inspection, NULL, NULL), E_POINTER);
    assert_hresult(IHostMemInspection_EnumBlocks(subject->inspection, 0, NULL, NULL), E_POINTER);
}

struct caller_back {
    const struct subject *subject;
    HRESULT alloc, free, found, nested;
    unsigned calls, nested_calls;
};

static HRESULT CALLBACK count_nested(void *context, const HOSTMEM_REGION *region)
{
    (void)region;
    ((struct caller_back *)context)->nested_calls++;
    return S_OK;
}

static HRESULT CALLBACK call_back(void *context, const HOSTMEM_REGION *region)
{
    struct caller_back *caller = context;
    const struct subject *subject = caller->subject;
    HOSTMEM_REGION found;
    void *memory = NULL;

    if (caller->calls++)
        return S_OK;
    caller->nested = IHostMemInspection_EnumRegions(subject->inspection, count_nested, caller);
    caller->found = IHostMemInspection_FindRegion(subject->inspection, region->Base, &found);
    caller->alloc = IHostMemoryManager_VirtualAlloc(subject->manager, NULL, PAGE, MEM_RESERVE,
                                                    PAGE_READWRITE, eTaskCritical, &memory);
    caller->free = IHostMemoryManager_VirtualFree(subject->manager, memory, 0, MEM_RELEASE);
    return S_OK;
}

static void a_callback_may_call_the_manager(void **state)
{
    const struct subject *subject = *state;
    struct caller_back caller = {.subject = subject};
    void *region = subject_alloc(subject, PAGE, MEM_RESERVE, PAGE_READWRITE);

    assert_hresult(IHostMemInspection_EnumRegions(subject->inspection, call_back, &caller), S_OK);
    assert_hresult(caller.nested, S_OK);
    assert_figure(caller.nested_calls, 1);
    assert_hresult(caller.found, S_OK);
    assert_hresult(caller.alloc, S_OK);
    assert_hresult(caller.free, S_OK);
    subject_release(subject, region);
}

/* ------------------------------------------------------------------------------------------------
 * FindRegion
 * --------------------------------------------------------------------------------------------- */

static void assert_found(const struct subject *subject, const void *address, void *base)
{
    HOSTMEM_REGION region;

    memset(&region, 0xcd, sizeof(region));
    assert_hresult(IHostMemInspection_FindRegion(subject->inspection, address, &region), S_OK);
    assert_address(region.Base, base);
}

static void assert_not_found(const struct subject *subject, const char *about, const void *address)
{
    static const HOSTMEM_REGION zero;
    HOSTMEM_REGION region;

    memset(&region, 0xcd, sizeof(region));
    assert_hresult_of(about, IHostMemInspection_FindRegion(subject->inspection, address, &region),
                      S_FALSE);
    assert_memory_equal(&region, &zero, sizeof(zero));
}

static void FindRegion_knows_every_byte_of_a_region(void **state)
{
    static const SIZE_T sizes[] = {PAGE,        GRANULE,          GRANULE + PAGE,
                                   9 * GRANULE, (SIZE_T)70 << 20, (SIZE_T)200 << 20};
    const struct subject *subject = *state;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        char *region = subject_alloc(subject, sizes[i], MEM_RESERVE, PAGE_READWRITE);

        for (unsigned n = 0; n < 64; n++)
            assert_found(subject, region + sizes[i] / 64 * n + n, region);
        assert_found(subject, region + sizes[i] - 1, region);
        assert_not_found(subject, "the byte before", region - 1);
        assert_not_found(subject, "the byte after", region + sizes[i]);
        subject_release(subject, region);
    }
}

static void FindRegion_tells_what_EnumRegions_tells(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 9 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY);
    HOSTMEM_REGION told = regions_of(subject).region[0], found;

    assert_hresult(
        IHostMemInspection_FindRegion(subject->inspection, region + 5 * PAGE + 1, &found), S_OK);
    told.AgeMilliseconds = found.AgeMilliseconds = 0;
    assert_memory_equal(&found, &told, sizeof(told));
    subject_release(subject, region);
}

static void FindRegion_knows_nothing_of_anybody_else_s_memory(void **state)
{
    const struct subject *subject = *state;
    struct subject other = subject_make(NULL);
    void *theirs = subject_alloc(&other, PAGE, MEM_RESERVE, PAGE_READWRITE);
    void *ours = subject_alloc(subject, PAGE, MEM_RESERVE, PAGE_READWRITE);
    int local = 0;

    assert_not_found(subject, "NULL", NULL);
    assert_not_found(subject, "address 1", (void *)(uintptr_t)1);
    assert_not_found(subject, "the stack", &local);
    assert_not_found(subject, "an image", GetModuleHandleW(NULL));
    assert_not_found(subject, "the process heap", GetProcessHeap());
    assert_not_found(subject, "another manager's region", theirs);
    assert_not_found(subject, "the manager", subject->manager);
    assert_not_found(subject, "the kernel", (void *)KERNEL_ADDRESS);
    assert_not_found(subject, "the last byte", (void *)UINTPTR_MAX);
    subject_release(subject, ours);
    assert_not_found(subject, "a freed region", ours);
    subject_release(&other, theirs);
    subject_end(&other);
}

static void FindRegion_tells_which_heap_a_block_is_of(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char *block = heap_block(heap, 100);
    HOSTMEM_REGION region;

    assert_hresult(IHostMemInspection_FindRegion(subject->inspection, block + 99, &region), S_OK);
    assert_figure(region.Heap, 1);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

static void FindRegion_into_nowhere_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;

    assert_hresult(IHostMemInspection_FindRegion(subject->inspection, subject, NULL), E_POINTER);
}

/* ------------------------------------------------------------------------------------------------
 * Mapped ranges
 * --------------------------------------------------------------------------------------------- */

static void acquire(const struct subject *subject, unsigned n, SIZE_T size)
{
    assert_hresult(
        IHostMemoryManager_AcquiredVirtualAddressSpace(subject->manager, range_address(n), size),
        S_OK);
}

static void EnumMappedRanges_tells_what_was_acquired(void **state)
{
    const struct subject *subject = *state;
    struct range_notes notes = {.answer = S_OK};

    for (unsigned n = 0; n < 3; n++)
        acquire(subject, n, 1000 + n);
    assert_hresult(IHostMemInspection_EnumMappedRanges(subject->inspection, note_range, &notes),
                   S_OK);
    assert_figure(notes.count, 3);
    for (unsigned i = 0; i < 3; i++) {
        const HOSTMEM_MAPPED_RANGE *told = &notes.range[i];

        assert_between(told->Sequence, 1, 3);
        assert_address(told->Base, range_address((unsigned)told->Sequence - 1));
        assert_figure(told->Size, 1000 + told->Sequence - 1);
        assert_figure(told->ThreadId, GetCurrentThreadId());
    }
    assert_figure(notes.range[0].Sequence + notes.range[1].Sequence + notes.range[2].Sequence, 6);
}

static void EnumMappedRanges_ends_when_the_callback_says_so(void **state)
{
    const struct subject *subject = *state;

    acquire(subject, 0, PAGE);
    acquire(subject, 1, PAGE);
    for (unsigned i = 0; i < COUNT_OF(endings); i++) {
        struct range_notes notes = {.answer = endings[i]};

        assert_hresult(IHostMemInspection_EnumMappedRanges(subject->inspection, note_range, &notes),
                       endings[i]);
        assert_figure(notes.count, 1);
    }
}

static void a_mapped_range_is_no_region(void **state)
{
    const struct subject *subject = *state;

    acquire(subject, 0, GRANULE);
    assert_figure(regions_of(subject).count, 0);
    assert_not_found(subject, "a mapped range", range_address(0));
}

/* ------------------------------------------------------------------------------------------------
 * Blocks
 * --------------------------------------------------------------------------------------------- */

static void EnumBlocks_tells_what_was_asked_for(void **state)
{
    const struct subject *subject = *state;
    ULONGLONG before = GetTickCount64();
    IHostMalloc *heap = subject_heap(subject);
    char file[] = "blocks.c";
    struct block_notes notes;
    const HOSTMEM_BLOCK *told = &notes.told[0].block;
    HOSTMEM_REGION region;
    void *block = NULL;

    assert_hresult(IHostMalloc_DebugAlloc(heap, 33, eTaskCritical, file, 99, &block), S_OK);
    notes = blocks_of(subject, 0);
    assert_figure(notes.count, 1);
    assert_address(told->Address, block);
    assert_figure(told->Size, 33);
    assert_string_equal(notes.told[0].file, "blocks.c");
    assert_figure(told->Line, 99);
    assert_figure(told->Heap, 1);
    assert_figure(told->ThreadId, GetCurrentThreadId());
    assert_between(told->AgeMilliseconds, 0, GetTickCount64() - before);
    assert_hresult(IHostMemInspection_FindRegion(subject->inspection, block, &region), S_OK);
    assert_true(region.IsSlab);
    assert_figure(region.Sequence, 1); /* the slab was taken for the block: one numbering */
    assert_figure(told->Sequence, 2);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    assert_figure(blocks_of(subject, 0).count, 0);
    IHostMalloc_Release(heap);
}

static void EnumBlocks_tells_the_history_of_a_large_block(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *block = heap_block(heap, 3 * GRANULE);
    struct block_notes notes = blocks_of(subject, 0);
    const HOSTMEM_BLOCK *told = &notes.told[0].block;
    HOSTMEM_REGION region;

    assert_figure(notes.count, 1);
    assert_address(told->Address, block);
    assert_figure(told->Size, 3 * GRANULE);
    assert_figure(told->ThreadId, GetCurrentThreadId());
    assert_hresult(IHostMemInspection_FindRegion(subject->inspection, block, &region), S_OK);
    assert_false(region.IsSlab);
    assert_figure(told->Sequence, region.Sequence);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

static void EnumBlocks_has_no_history_of_a_plain_small_block(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *block = heap_block(heap, 33);
    struct block_notes notes = blocks_of(subject, 0);
    const HOSTMEM_BLOCK *told = &notes.told[0].block;

    assert_figure(notes.count, 1);
    assert_address(told->Address, block);
    assert_figure(told->Size, 33);
    assert_figure(told->Heap, 1);
    assert_address(told->FileName, NULL);
    assert_address(told->Caller, NULL);
    assert_figure(told->Line, 0);
    assert_figure(told->ThreadId, 0);
    assert_figure(told->Sequence, 0);
    assert_figure(told->AgeMilliseconds, 0);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

static void EnumBlocks_shows_the_blocks_of_one_heap_or_of_all(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heaps[3];

    for (unsigned i = 0; i < 3; i++) {
        heaps[i] = subject_heap(subject);
        for (unsigned n = 0; n <= i; n++)
            heap_block(heaps[i], 1000 * (i + 1));
    }
    assert_figure(blocks_of(subject, 0).count, 6);
    for (unsigned i = 0; i < 3; i++) {
        struct block_notes notes = blocks_of(subject, i + 1);

        assert_figure(notes.count, i + 1);
        for (unsigned n = 0; n <= i; n++) {
            assert_figure(notes.told[n].block.Heap, i + 1);
            assert_figure(notes.told[n].block.Size, 1000 * (i + 1));
        }
    }
    assert_figure(blocks_of(subject, 4).count, 0);
    for (unsigned i = 0; i < 3; i++)
        IHostMalloc_Release(heaps[i]);
    assert_figure(blocks_of(subject, 0).count, 0);
}

static void EnumBlocks_shows_no_regions_from_VirtualAlloc(void **state)
{
    const struct subject *subject = *state;
    void *region = subject_alloc(subject, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    assert_figure(blocks_of(subject, 0).count, 0);
    subject_release(subject, region);
}

static void a_heap_s_number_is_never_another_s(void **state)
{
    const struct subject *subject = *state;

    for (unsigned n = 1; n <= 10; n++) {
        IHostMalloc *heap = subject_heap(subject);
        void *block = heap_block(heap, 1);

        assert_figure(blocks_of(subject, 0).told[0].block.Heap, n);
        assert_hresult(IHostMalloc_Free(heap, block), S_OK);
        IHostMalloc_Release(heap);
    }
}

static void EnumBlocks_ends_when_the_callback_says_so(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    heap_block(heap, 1);
    heap_block(heap, 2);
    for (unsigned i = 0; i < COUNT_OF(endings); i++) {
        struct block_notes notes = {.answer = endings[i]};

        assert_hresult(IHostMemInspection_EnumBlocks(subject->inspection, 0, note_block, &notes),
                       endings[i]);
        assert_figure(notes.count, 1);
    }
    IHostMalloc_Release(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(EnumRegions_of_an_empty_manager_calls_nobody),
        promise(EnumRegions_tells_what_was_asked_for),
        promise(EnumRegions_follows_commits_and_decommits),
        promise(EnumRegions_tells_which_thread_asked),
        promise(sequence_numbers_grow_and_are_never_used_again),
        promise(a_request_that_fails_uses_up_no_region),
        promise(EnumRegions_tells_which_heap_a_region_serves),
        promise(EnumRegions_shows_each_of_many_regions_once),
        promise(EnumRegions_ends_when_the_callback_says_so),
        promise(enumerating_without_a_callback_is_E_POINTER),
        promise(a_callback_may_call_the_manager),
        promise(FindRegion_knows_every_byte_of_a_region),
        promise(FindRegion_tells_what_EnumRegions_tells),
        promise(FindRegion_knows_nothing_of_anybody_else_s_memory),
        promise(FindRegion_tells_which_heap_a_block_is_of),
        promise(FindRegion_into_nowhere_is_E_POINTER),
        promise(EnumMappedRanges_tells_what_was_acquired),
        promise(EnumMappedRanges_ends_when_the_callback_says_so),
        promise(a_mapped_range_is_no_region),
        promise(EnumBlocks_tells_what_was_asked_for),
        promise(EnumBlocks_tells_the_history_of_a_large_block),
        promise(EnumBlocks_has_no_history_of_a_plain_small_block),
        promise(EnumBlocks_shows_the_blocks_of_one_heap_or_of_all),
        promise(EnumBlocks_shows_no_regions_from_VirtualAlloc),
        promise(a_heap_s_number_is_never_another_s),
        promise(EnumBlocks_ends_when_the_callback_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
