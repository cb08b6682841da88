/*
 * test_inspection_threads.c: enumerations and the audit while other threads allocate and free
 * without pause: nothing crashes, nothing false is reported, and what does not change is shown
 * exactly once.
 */
#include "support.h"

#include <stdio.h>
#include <string.h>

#define WORKERS 4
#define SLOTS 24
#define STANDING 8

/*
 * For each slot a region, and at most a slab that its block keeps; for each worker at most one
 * empty slab of each of the size classes of blocks with histories; and spare slabs.
 */
#define MOST_WORKERS_REGIONS (WORKERS * (2 * SLOTS + 69) + 4)
#define SEED UINT64_C(0x1234567089abcdef)

/*
 * How many rounds the test must have looked, and how many operations the workers must have made
 * meanwhile.
 */
#define LEAST_ROUNDS 200
#define LEAST_OPERATIONS 4000

/* ------------------------------------------------------------------------------------------------
 * The workers: each on memory of its own, until told to stop
 * --------------------------------------------------------------------------------------------- */

struct slot {
    char *base;
    SIZE_T size;
};

struct worker {
    const struct subject *subject;
    IHostMalloc *heap; /* shared */
    volatile LONG *stop;
    uint64_t random;
    volatile LONG operations;
    LONG failures;
    struct slot regions[SLOTS];
    void *blocks[SLOTS];
    void *mapped;
};

static void expect(struct worker *worker, HRESULT hr)
{
    worker->operations++;
    worker->failures += hr != S_OK;
}

static SIZE_T random_below(struct worker *worker, SIZE_T limit)
{
    return (SIZE_T)(next_random(&worker->random) % limit);
}

static void begin_or_end_region(struct worker *worker, struct slot *slot)
{
    IHostMemoryManager *manager = worker->subject->manager;

    if (slot->base) {
        expect(worker, IHostMemoryManager_VirtualFree(manager, slot->base, 0, MEM_RELEASE));
        slot->base = NULL;
        return;
    }
    slot->size = (1 + random_below(worker, 64)) * PAGE;
    expect(worker,
           IHostMemoryManager_VirtualAlloc(manager, NULL, slot->size,
                                           MEM_RESERVE | (random_below(worker, 2) ? MEM_COMMIT : 0),
                                           PAGE_READWRITE, eTaskCritical, (void **)&slot->base));
}

static void commit_or_decommit(struct worker *worker, struct slot *slot)
{
    IHostMemoryManager *manager = worker->subject->manager;
    SIZE_T pages = slot->size / PAGE, first = random_below(worker, pages);
    SIZE_T size = (1 + random_below(worker, pages - first)) * PAGE;
    char *address = slot->base + first * PAGE;
    void *memory = NULL;

    if (random_below(worker, 2))
        expect(worker, IHostMemoryManager_VirtualFree(manager, address, size, MEM_DECOMMIT));
    else
        expect(worker, IHostMemoryManager_VirtualAlloc(manager, address, size, MEM_COMMIT,
                                                       PAGE_READWRITE, eTaskCritical, &memory));
}

static void begin_or_end_block(struct worker *worker, void **block)
{
    char file[] = "worker.c";

    if (*block) {
        expect(worker, IHostMalloc_Free(worker->heap, *block));
        *block = NULL;
        return;
    }
    expect(worker, IHostMalloc_DebugAlloc(worker->heap, random_below(worker, 9000), eTaskCritical,
                                          file, 1, block));
}

static void begin_or_end_mapping(struct worker *worker)
{
    IHostMemoryManager *manager = worker->subject->manager;

    if (worker->mapped) {
        expect(worker, IHostMemoryManager_ReleasedVirtualAddressSpace(manager, worker->mapped));
        worker->mapped = NULL;
        return;
    }
    worker->mapped = (void *)(uintptr_t)(0x40000000 + random_below(worker, 2) * GRANULE);
    expect(worker,
           IHostMemoryManager_AcquiredVirtualAddressSpace(manager, worker->mapped, GRANULE));
}

static void work_once(struct worker *worker)
{
    struct slot *slot = &worker->regions[random_below(worker, SLOTS)];

    switch (random_below(worker, 8)) {
    case 0:
        begin_or_end_mapping(worker);
        break;
    case 1:
    case 2:
        begin_or_end_block(worker, &worker->blocks[random_below(worker, SLOTS)]);
        break;
    case 3:
    case 4:
        begin_or_end_region(worker, slot);
        break;
    default:
        if (slot->base)
            commit_or_decommit(worker, slot);
        else
            begin_or_end_region(worker, slot);
    }
}

static DWORD WINAPI work(void *context)
{
    struct worker *worker = context;

    while (!*worker->stop)
        work_once(worker);
    for (unsigned i = 0; i < SLOTS; i++) {
        if (worker->regions[i].base)
            begin_or_end_region(worker, &worker->regions[i]);
        if (worker->blocks[i])
            begin_or_end_block(worker, &worker->blocks[i]);
    }
    if (worker->mapped)
        begin_or_end_mapping(worker);
    return 0;
}

struct commotion {
    struct worker workers[WORKERS];
    struct threads threads;
    volatile LONG stop;
};

static void begin_commotion(struct commotion *commotion, const struct subject *subject,
                            IHostMalloc *heap)
{
    memset(commotion, 0, sizeof(*commotion));
    for (unsigned i = 0; i < WORKERS; i++) {
        commotion->workers[i].subject = subject;
        commotion->workers[i].heap = heap;
        commotion->workers[i].stop = &commotion->stop;
        commotion->workers[i].random = SEED + i;
    }
    threads_start(&commotion->threads, WORKERS, work, commotion->workers, sizeof(struct worker));
}

/* True when the test has looked often enough and the workers have done enough. */
static bool is_enough(const struct commotion *commotion, unsigned rounds)
{
    bool enough = rounds >= LEAST_ROUNDS;

    for (unsigned i = 0; i < WORKERS; i++)
        enough = enough && commotion->workers[i].operations >= LEAST_OPERATIONS;
    return enough;
}

static void end_commotion(struct commotion *commotion)
{
    InterlockedExchange(&commotion->stop, 1);
    threads_join(&commotion->threads);
}

/* ------------------------------------------------------------------------------------------------
 * What stands still meanwhile, and what is told of it
 * --------------------------------------------------------------------------------------------- */

struct standing {
    char *regions[STANDING]; /* the n-th has n pages committed */
    void *blocks[STANDING];  /* the n-th has n bytes */
    IHostMalloc *heap;
    ULONGLONG region_count; /* the slabs of the blocks included */

    /* One enumeration's sightings */
    unsigned region_seen[STANDING];
    unsigned block_seen[STANDING];
    unsigned range_seen;
    unsigned wrong; /* reports that cannot be true */

    HOSTMEM_STATISTICS last;
};

static void *standing_range(void)
{
    return (void *)(uintptr_t)0x50000000;
}

/* A page that, by the books, is not committed. */
static void *planted_page(const struct standing *standing)
{
    return standing->regions[3] + 9 * PAGE;
}

static void make_standing(struct standing *standing, const struct subject *subject)
{
    memset(standing, 0, sizeof(*standing));
    assert_hresult(
        IHostMemoryManager_CreateMalloc(subject->manager, MALLOC_THREADSAFE, &standing->heap),
        S_OK);
    for (unsigned i = 0; i < STANDING; i++) {
        standing->regions[i] = subject_alloc(subject, 16 * PAGE, MEM_RESERVE, PAGE_READWRITE);
        if (i)
            subject_alloc_at(subject, standing->regions[i], i * PAGE, MEM_COMMIT, PAGE_READWRITE);
        assert_hresult(IHostMalloc_Alloc(standing->heap, i, eTaskCritical, &standing->blocks[i]),
                       S_OK);
    }
    assert_hresult(IHostMemoryManager_AcquiredVirtualAddressSpace(subject->manager,
                                                                  standing_range(), 3 * PAGE),
                   S_OK);
    standing->region_count = statistics_of(subject).Regions.Now;
    assert_between(standing->region_count, STANDING + 1, 2 * STANDING);
}

static void end_standing(struct standing *standing, const struct subject *subject)
{
    for (unsigned i = 0; i < STANDING; i++) {
        subject_release(subject, standing->regions[i]);
        assert_hresult(IHostMalloc_Free(standing->heap, standing->blocks[i]), S_OK);
    }
    assert_hresult(
        IHostMemoryManager_ReleasedVirtualAddressSpace(subject->manager, standing_range()), S_OK);
    IHostMalloc_Release(standing->heap);
}

static HRESULT CALLBACK see_region(void *context, const HOSTMEM_REGION *region)
{
    struct standing *standing = context;

    standing->wrong += (uintptr_t)region->Base % GRANULE != 0 || region->Size % PAGE != 0 ||
                       region->Size == 0 || region->Committed > region->Size;
    for (unsigned i = 0; i < STANDING; i++) {
        if (region->Base != standing->regions[i])
            continue;
        standing->region_seen[i]++;
        standing->wrong += region->Size != 16 * PAGE || region->Committed != i * PAGE ||
                           region->Heap != 0 || region->ThreadId != GetCurrentThreadId();
    }
    return S_OK;
}

static HRESULT CALLBACK see_block(void *context, const HOSTMEM_BLOCK *block)
{
    struct standing *standing = context;

    standing->wrong += block->Heap == 0 || block->Size >= 9000 ||
                       (block->FileName && strcmp(block->FileName, "worker.c") != 0);
    for (unsigned i = 0; i < STANDING; i++) {
        if (block->Address != standing->blocks[i])
            continue;
        standing->block_seen[i]++;
        standing->wrong += block->Size != i || block->FileName != NULL;
    }
    return S_OK;
}

static HRESULT CALLBACK see_range(void *context, const HOSTMEM_MAPPED_RANGE *range)
{
    struct standing *standing = context;

    standing->wrong += range->Size != GRANULE && range->Base != standing_range();
    standing->range_seen += range->Base == standing_range() && range->Size == 3 * PAGE;
    return S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * Looking
 * --------------------------------------------------------------------------------------------- */

/*
 * What is wrong, in words; empty: nothing. The test asserts that it is empty when the workers have
 * ended, not before.
 */
typedef char finding[240];

/* One look at the manager; what is wrong goes into the finding. */
typedef void look(struct standing *standing, const struct subject *subject, unsigned round,
                  finding wrong);

static void look_amid_commotion(const struct subject *subject, look *look, bool with_difference)
{
    static struct commotion commotion;
    static struct standing standing;
    finding wrong = "";

    print_message("seed 0x%llx\n", SEED);
    make_standing(&standing, subject);
    if (with_difference)
        assert_non_null(VirtualAlloc(planted_page(&standing), PAGE, MEM_COMMIT, PAGE_READWRITE));
    begin_commotion(&commotion, subject, standing.heap);
    for (unsigned round = 0; !*wrong && !is_enough(&commotion, round); round++)
        look(&standing, subject, round, wrong);
    end_commotion(&commotion);
    if (with_difference)
        assert_true(VirtualFree(planted_page(&standing), PAGE, MEM_DECOMMIT));
    end_standing(&standing, subject);
    for (unsigned i = 0; i < WORKERS; i++)
        assert_figure(commotion.workers[i].failures, 0);
    if (*wrong)
        fail_msg("%s", wrong);
}

static void enumerate(struct standing *standing, const struct subject *subject, unsigned round,
                      finding wrong)
{
    IHostMemInspection *inspection = subject->inspection;
    HRESULT regions, blocks, ranges;

    memset(standing->region_seen, 0, sizeof(standing->region_seen));
    memset(standing->block_seen, 0, sizeof(standing->block_seen));
    standing->range_seen = 0;
    regions = IHostMemInspection_EnumRegions(inspection, see_region, standing);
    blocks = IHostMemInspection_EnumBlocks(inspection, 0, see_block, standing);
    ranges = IHostMemInspection_EnumMappedRanges(inspection, see_range, standing);
    if (regions != S_OK || blocks != S_OK || ranges != S_OK)
        snprintf(wrong, sizeof(finding),
                 "round %u: regions 0x%08lx, blocks 0x%08lx, ranges 0x%08lx", round, regions,
                 blocks, ranges);
    if (standing->wrong)
        snprintf(wrong, sizeof(finding), "round %u: %u told that cannot be", round,
                 standing->wrong);
    if (standing->range_seen != 1)
        snprintf(wrong, sizeof(finding), "round %u: the range was shown %u times", round,
                 standing->range_seen);
    for (unsigned i = 0; i < STANDING; i++) {
        if (standing->region_seen[i] != 1 || standing->block_seen[i] != 1)
            snprintf(wrong, sizeof(finding),
                     "round %u: region %u was shown %u times, block %u %u times", round, i,
                     standing->region_seen[i], i, standing->block_seen[i]);
    }
}

static void find_regions(struct standing *standing, const struct subject *subject, unsigned round,
                         finding wrong)
{
    for (unsigned i = 0; i < STANDING; i++) {
        char *base = standing->regions[i], *address = base + round % 16 * PAGE;
        HOSTMEM_REGION found, before;
        HRESULT hr = IHostMemInspection_FindRegion(subject->inspection, address, &found);

        if (hr != S_OK || found.Base != base || found.Committed != i * PAGE)
            snprintf(wrong, sizeof(finding),
                     "round %u: %p: 0x%08lx, base %p, %llu bytes committed; not base %p, %llu",
                     round, (void *)address, hr, found.Base, (unsigned long long)found.Committed,
                     (void *)base, (unsigned long long)(i * PAGE));
        hr = IHostMemInspection_FindRegion(subject->inspection, base - 1, &before);
        if (hr == S_OK && (char *)before.Base + before.Size != base)
            snprintf(wrong, sizeof(finding), "round %u: %p was found in %p of %llu bytes", round,
                     (void *)(base - 1), before.Base, (unsigned long long)before.Size);
    }
}

static HRESULT CALLBACK note_first(void *context, const HOSTMEM_DIFFERENCE *difference)
{
    HOSTMEM_DIFFERENCE *first = context;

    if (!first->Kind)
        *first = *difference;
    return S_OK;
}

/* Audits; describes the first difference in words. */
static HRESULT audit(const struct subject *subject, unsigned round, HOSTMEM_AUDIT *result,
                     HOSTMEM_DIFFERENCE *first, finding words)
{
    HRESULT hr;

    *result = (HOSTMEM_AUDIT){.cbSize = sizeof(*result)};
    *first = (HOSTMEM_DIFFERENCE){0};
    hr = IHostMemInspection_Audit(subject->inspection, result, note_first, first);
    snprintf(words, sizeof(finding),
             "round %u: 0x%08lx, %llu regions, %llu differences, first: kind %d at %p, %llu by the "
             "books, %llu by the system, region %p of %llu bytes",
             round, hr, result->Regions, result->Differences, (int)first->Kind, first->Address,
             first->Books, first->System, first->Region.Base,
             (unsigned long long)first->Region.Size);
    return hr;
}

static void audit_to_find_nothing(struct standing *standing, const struct subject *subject,
                                  unsigned round, finding wrong)
{
    HOSTMEM_DIFFERENCE first;
    HOSTMEM_AUDIT result;
    finding words;

    if (audit(subject, round, &result, &first, words) != S_OK || result.Differences ||
        result.Regions < standing->region_count)
        memcpy(wrong, words, sizeof(finding));
}

static void audit_to_find_the_planted_page(struct standing *standing, const struct subject *subject,
                                           unsigned round, finding wrong)
{
    HOSTMEM_DIFFERENCE first;
    HOSTMEM_AUDIT result;
    finding words;

    if (audit(subject, round, &result, &first, words) != S_FALSE || result.Differences != 1 ||
        first.Kind != HostMemOnlyInSystem || first.Address != planted_page(standing))
        memcpy(wrong, words, sizeof(finding));
}

/* Peaks and calls only grow, and there are never less regions than those that stand still. */
static void read_statistics(struct standing *standing, const struct subject *subject,
                            unsigned round, finding wrong)
{
    HOSTMEM_STATISTICS now = {.cbSize = sizeof(now)}, *last = &standing->last;
    HRESULT hr = IHostMemInspection_GetStatistics(subject->inspection, &now);

    if (hr != S_OK || now.Status != HostMemStatusOpen)
        snprintf(wrong, sizeof(finding), "round %u: 0x%08lx, status %lu", round, hr, now.Status);
    if (now.Reserved.Peak < last->Reserved.Peak || now.Committed.Peak < last->Committed.Peak)
        snprintf(wrong, sizeof(finding), "round %u: a peak fell", round);
    if (now.Regions.Now < standing->region_count ||
        now.Regions.Now > standing->region_count + MOST_WORKERS_REGIONS)
        snprintf(wrong, sizeof(finding), "round %u: %llu regions", round, now.Regions.Now);
    for (int i = 0; i < HOSTMEM_METHODS; i++) {
        if (now.Methods[i].Calls < last->Methods[i].Calls)
            snprintf(wrong, sizeof(finding), "round %u: method %d had %llu calls, now %llu", round,
                     i, last->Methods[i].Calls, now.Methods[i].Calls);
    }
    *last = now;
}

/* ------------------------------------------------------------------------------------------------
 * The promises
 * --------------------------------------------------------------------------------------------- */

static void enumeration_amid_commotion_shows_what_stands_still_once(void **state)
{
    look_amid_commotion(*state, enumerate, false);
}

static void FindRegion_amid_commotion_finds_what_stands_still(void **state)
{
    look_amid_commotion(*state, find_regions, false);
}

static void the_audit_amid_commotion_finds_no_false_difference(void **state)
{
    look_amid_commotion(*state, audit_to_find_nothing, false);
}

static void the_audit_amid_commotion_finds_a_true_difference(void **state)
{
    look_amid_commotion(*state, audit_to_find_the_planted_page, true);
}

static void statistics_amid_commotion_are_possible_ones(void **state)
{
    look_amid_commotion(*state, read_statistics, false);
}

static void the_books_are_empty_after_the_commotion(void **state)
{
    const struct subject *subject = *state;

    look_amid_commotion(subject, audit_to_find_nothing, false);
    assert_empty_books(subject);
    assert_figure(statistics_of(subject).Heaps.Now, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(enumeration_amid_commotion_shows_what_stands_still_once),
        promise(FindRegion_amid_commotion_finds_what_stands_still),
        promise(the_audit_amid_commotion_finds_no_false_difference),
        promise(the_audit_amid_commotion_finds_a_true_difference),
        promise(statistics_amid_commotion_are_possible_ones),
        promise(the_books_are_empty_after_the_commotion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
