/*
 * manager_model.c: see manager_model.h.
 */
#include "manager_model.h"

#include <inttypes.h>
#include <stdio.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)

/* Blocks up to that size share slabs, of one granule each. */
/* What heaps may keep when nothing lives (LARGE_KEPT of src/heap/reuse/large_cache.h). */
#define MOST_SPARE ((ULONGLONG)4 << 20)

/* How much more than they need live blocks may have together (LARGE_SLACK). */
#define MOST_SLACK ((ULONGLONG)1 << 20)

/* Large regions reach over the ledger's 64 MiB chunks, or at least over many granules. */
#ifdef _WIN64
#define LARGE_UNIT ((SIZE_T)300)
#define LARGE_REGIONS 12
#else
#define LARGE_UNIT ((SIZE_T)40)
#define LARGE_REGIONS 4
#endif

/* ------------------------------------------------------------------------------------------------
 * Expectations
 * --------------------------------------------------------------------------------------------- */

static bool expect(struct player *player, const char *what, ULONGLONG actual, ULONGLONG expected)
{
    if (actual == expected)
        return true;
    if (!player->wrong) {
        player->wrong = what;
        player->wrong_actual = actual;
        player->wrong_expected = expected;
    }
    return false;
}

static void gain(struct model_gauge *gauge, ULONGLONG amount)
{
    gauge->now += amount;
    if (gauge->now > gauge->peak)
        gauge->peak = gauge->now;
}

/* Counts a call that has returned, and says whether it returned what it must. */
static bool called(struct player *player, HOSTMEM_METHOD method, const char *what, HRESULT hr,
                   HRESULT expected)
{
    player->books.methods[method].Calls++;
    if (expected != S_OK)
        player->books.methods[method].Failures++;
    if (expected == HOST_E_INVALIDOPERATION)
        player->books.refused_frees++;
    return expect(player, what, (ULONG)hr, (ULONG)expected);
}

static unsigned ones(uint64_t bits)
{
    unsigned count = 0;

    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

static unsigned below(struct player *player, unsigned limit)
{
    return (unsigned)(next_random(&player->random) >> 16) % limit;
}

/* ------------------------------------------------------------------------------------------------
 * Regions
 * --------------------------------------------------------------------------------------------- */

static SIZE_T region_bytes(const struct model_region *region)
{
    return region->units * region->unit * PAGE;
}

static SIZE_T committed_bytes(const struct model_region *region, uint64_t units)
{
    return ones(units) * region->unit * PAGE;
}

static uint64_t all_units(const struct model_region *region)
{
    return region->units == 64 ? UINT64_MAX : ((uint64_t)1 << region->units) - 1;
}

/* Some units of a region: their numbers, and a range that Win32 rounds to exactly these. */
struct part {
    uint64_t units;
    char *address;
    SIZE_T size;
};

static struct part random_part(struct player *player, const struct model_region *region)
{
    unsigned first = below(player, region->units);
    unsigned count = 1 + below(player, region->units - first);
    SIZE_T unit = region->unit * PAGE;
    struct part part;

    part.units = (count == 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1) << first;
    part.address = region->base + first * unit;
    part.size = count * unit;
    if (below(player, 4) == 0) {
        SIZE_T skipped = below(player, (unsigned)PAGE - 1);

        part.address += skipped;
        part.size -= skipped + below(player, (unsigned)(PAGE - skipped));
    }
    return part;
}

static bool make_region(struct player *player, struct model_region *region, bool large)
{
    static const DWORD types[] = {
        MEM_RESERVE, MEM_RESERVE,   MEM_RESERVE | MEM_TOP_DOWN, MEM_RESERVE | MEM_WRITE_WATCH,
        MEM_COMMIT,  RESERVE_COMMIT};
    DWORD type = types[below(player, large ? 4 : COUNT_OF(types))];
    struct model_region made = {.unit = large ? LARGE_UNIT : 1,
                                .units = large ? 64 : 1 + below(player, 64)};
    void *memory = NULL;
    HRESULT hr = IHostMemoryManager_VirtualAlloc(
        player->subject->manager, NULL, region_bytes(&made) - below(player, (unsigned)PAGE), type,
        PAGE_READWRITE, (EMemoryCriticalLevel)below(player, 3), &memory);

    if (!called(player, HostMemVirtualAlloc, "reserve", hr, S_OK))
        return false;
    made.base = memory;
    made.committed = type & MEM_COMMIT ? all_units(&made) : 0;
    gain(&player->books.reserved, region_bytes(&made));
    gain(&player->books.committed, committed_bytes(&made, made.committed));
    gain(&player->books.regions, 1);
    *region = made;
    return true;
}

static bool commit_part(struct player *player, struct model_region *region)
{
    static const DWORD protections[] = {PAGE_READWRITE, PAGE_READWRITE, PAGE_READONLY,
                                        PAGE_EXECUTE_READWRITE, PAGE_NOACCESS};
    struct part part = random_part(player, region);
    void *memory = NULL;
    HRESULT hr = IHostMemoryManager_VirtualAlloc(
        player->subject->manager, part.address, part.size, MEM_COMMIT,
        protections[below(player, COUNT_OF(protections))], eTaskCritical, &memory);

    if (!called(player, HostMemVirtualAlloc, "commit", hr, S_OK))
        return false;
    gain(&player->books.committed, committed_bytes(region, part.units & ~region->committed));
    region->committed |= part.units;
    return true;
}

/* A commit that begins inside the region and ends outside it. */
static bool commit_too_much(struct player *player, struct model_region *region)
{
    struct part part = random_part(player, region);
    void *memory = NULL;
    HRESULT hr = IHostMemoryManager_VirtualAlloc(player->subject->manager, part.address,
                                                 region_bytes(region) + PAGE, MEM_COMMIT,
                                                 PAGE_READWRITE, eTaskCritical, &memory);

    player->books.methods[HostMemVirtualAlloc].Calls++;
    player->books.methods[HostMemVirtualAlloc].Failures++;
    return expect(player, "a commit beyond the end failed", FAILED(hr), TRUE);
}

static bool decommit_part(struct player *player, struct model_region *region)
{
    struct part part = {all_units(region), region->base, 0};
    HRESULT hr;

    if (below(player, 8))
        part = random_part(player, region);
    hr = IHostMemoryManager_VirtualFree(player->subject->manager, part.address, part.size,
                                        MEM_DECOMMIT);
    if (!called(player, HostMemVirtualFree, "decommit", hr, S_OK))
        return false;
    player->books.committed.now -= committed_bytes(region, part.units & region->committed);
    region->committed &= ~part.units;
    return true;
}

static bool release_region(struct player *player, struct model_region *region)
{
    HRESULT hr =
        IHostMemoryManager_VirtualFree(player->subject->manager, region->base, 0, MEM_RELEASE);

    if (!called(player, HostMemVirtualFree, "release", hr, S_OK))
        return false;
    player->books.reserved.now -= region_bytes(region);
    player->books.committed.now -= committed_bytes(region, region->committed);
    player->books.regions.now--;
    region->base = NULL;
    return true;
}

/* Invalid frees of memory that the caller owns. */
static bool free_wrongly(struct player *player, const struct model_region *region)
{
    SIZE_T size = region_bytes(region);
    char *address = region->base + PAGE;
    HRESULT expected = HOST_E_INVALIDOPERATION;
    DWORD type = MEM_RELEASE;
    HRESULT hr;

    if (size > PAGE && below(player, 2)) {
        size = 0; /* release of an interior page: Win32's answer */
        expected = HRESULT_FROM_WIN32(ERROR_INVALID_ADDRESS);
    } else {
        size += PAGE; /* decommit beyond the end */
        address = region->base;
        type = MEM_DECOMMIT;
    }
    hr = IHostMemoryManager_VirtualFree(player->subject->manager, address, size, type);
    return called(player, HostMemVirtualFree, "a wrong free", hr, expected);
}

static bool protect_part(struct player *player, const struct model_region *region)
{
    struct part part = random_part(player, region);
    bool all = (part.units & ~region->committed) == 0;
    DWORD old;
    HRESULT hr = IHostMemoryManager_VirtualProtect(player->subject->manager, part.address,
                                                   part.size, PAGE_READWRITE, &old);

    player->books.methods[HostMemVirtualProtect].Calls++;
    player->books.methods[HostMemVirtualProtect].Failures += !all;
    return expect(player, "protect succeeded", hr == S_OK, all);
}

/* Resets committed pages (MEM_RESET): that changes nothing in the books. */
static bool reset_part(struct player *player, const struct model_region *region)
{
    struct part part = random_part(player, region);
    void *memory;
    HRESULT hr;

    if ((part.units & ~region->committed) != 0)
        return true;
    hr = IHostMemoryManager_VirtualAlloc(player->subject->manager, part.address, part.size,
                                         MEM_RESET, PAGE_READWRITE, eTaskCritical, &memory);
    return called(player, HostMemVirtualAlloc, "reset", hr, S_OK);
}

static bool query(struct player *player, const struct model_region *region)
{
    struct part part = random_part(player, region);
    MEMORY_BASIC_INFORMATION information;
    SIZE_T result;
    HRESULT hr = IHostMemoryManager_VirtualQuery(player->subject->manager, part.address,
                                                 &information, sizeof(information), &result);
    bool committed = (part.units & (0 - part.units) & region->committed) != 0;

    return called(player, HostMemVirtualQuery, "query", hr, S_OK) &&
           expect(player, "allocation base", (uintptr_t)information.AllocationBase,
                  (uintptr_t)region->base) &&
           expect(player, "state", information.State, committed ? MEM_COMMIT : MEM_RESERVE);
}

static bool find(struct player *player, const struct model_region *region)
{
    struct part part = random_part(player, region);
    HOSTMEM_REGION found;
    HRESULT hr = IHostMemInspection_FindRegion(player->subject->inspection, part.address, &found);

    return expect(player, "find", (ULONG)hr, S_OK) &&
           expect(player, "the base found", (uintptr_t)found.Base, (uintptr_t)region->base) &&
           expect(player, "the size found", found.Size, region_bytes(region)) &&
           expect(player, "the committed bytes found", found.Committed,
                  committed_bytes(region, region->committed));
}

/* ------------------------------------------------------------------------------------------------
 * Blocks of a heap: large ones are regions of their own, of whole pages, all committed
 * --------------------------------------------------------------------------------------------- */

/*
 * Large blocks have regions of their own, plain small ones have none. A small block whose history
 * is kept lies in a slab or in a region of its own, depending on the room for histories: the model
 * asks the manager which it is.
 */
static bool has_region(const struct player *player, const struct model_block *block, bool debug)
{
    HOSTMEM_REGION region = {.IsSlab = TRUE};

    if (block->size > LARGEST_SMALL || !debug)
        return block->size > LARGEST_SMALL;
    IHostMemInspection_FindRegion(player->subject->inspection, block->memory, &region);
    return !region.IsSlab;
}

/* The size of the block's own region. */
static SIZE_T block_bytes(const struct model_block *block)
{
    SIZE_T size = block->size ? block->size : 1;

    return block->has_region ? (size + PAGE - 1) / PAGE * PAGE : 0;
}

static bool make_block(struct player *player, struct model_block *block)
{
    SIZE_T size = below(player, below(player, 2) ? 3 * (unsigned)GRANULE : 300);
    bool debug = below(player, 2) != 0;
    char file[32];
    HRESULT hr;

    snprintf(file, sizeof(file), "file%u.c", below(player, 50));
    hr = debug ? IHostMalloc_DebugAlloc(player->heap, size, eTaskCritical, file, 1, &block->memory)
               : IHostMalloc_Alloc(player->heap, size, eTaskCritical, &block->memory);
    if (!called(player, debug ? HostMemMallocDebugAlloc : HostMemMallocAlloc, "alloc", hr, S_OK))
        return false;
    block->size = size;
    block->has_region = has_region(player, block, debug);
    gain(&player->books.blocks, 1);
    gain(&player->books.block_bytes, size);
    return true;
}

static bool end_block(struct player *player, struct model_block *block)
{
    HRESULT hr = IHostMalloc_Free(player->heap, block->memory);

    if (!called(player, HostMemMallocFree, "free", hr, S_OK))
        return false;
    player->books.blocks.now--;
    player->books.block_bytes.now -= block->size;
    block->memory = NULL;
    return true;
}

/* Tries to free a block by an interior pointer, or by VirtualFree. */
static bool end_block_wrongly(struct player *player, const struct model_block *block)
{
    static const DWORD types[] = {MEM_RELEASE, MEM_DECOMMIT};
    HRESULT hr;

    if (below(player, 2)) {
        hr = IHostMalloc_Free(player->heap, (char *)block->memory + 1);
        return called(player, HostMemMallocFree, "free of an interior pointer", hr,
                      HOST_E_INVALIDOPERATION);
    }
    hr = IHostMemoryManager_VirtualFree(player->subject->manager, block->memory, 0,
                                        types[below(player, COUNT_OF(types))]);
    return called(player, HostMemVirtualFree, "VirtualFree of a heap's block", hr,
                  HOST_E_INVALIDOPERATION);
}

/* ------------------------------------------------------------------------------------------------
 * Moves
 * --------------------------------------------------------------------------------------------- */

static bool move_region(struct player *player, unsigned index)
{
    struct model_region *region = &player->regions[index];
    unsigned move = below(player, 100);

    if (!region->base)
        return make_region(player, region, index < LARGE_REGIONS);
    if (move < 30)
        return commit_part(player, region);
    if (move < 50)
        return decommit_part(player, region);
    if (move < 65)
        return release_region(player, region);
    if (move < 70)
        return commit_too_much(player, region);
    if (move < 75)
        return free_wrongly(player, region);
    if (move < 83)
        return protect_part(player, region);
    if (move < 86)
        return reset_part(player, region);
    return move < 93 ? query(player, region) : find(player, region);
}

static bool move_block(struct player *player, struct model_block *block)
{
    if (!block->memory)
        return make_block(player, block);
    return below(player, 4) ? end_block(player, block) : end_block_wrongly(player, block);
}

bool player_move(struct player *player)
{
    unsigned index = below(player, MODEL_REGIONS + MODEL_BLOCKS);

    return index < MODEL_REGIONS ? move_region(player, index)
                                 : move_block(player, &player->blocks[index - MODEL_REGIONS]);
}

DWORD WINAPI player_play(void *context)
{
    struct player *player = context;

    while (player->round < player->rounds && player_move(player))
        player->round++;
    return 0;
}

void player_give_back(struct player *player)
{
    for (size_t i = 0; i < MODEL_REGIONS; i++) {
        if (player->regions[i].base)
            release_region(player, &player->regions[i]);
    }
    for (size_t i = 0; i < MODEL_BLOCKS; i++) {
        if (player->blocks[i].memory)
            end_block(player, &player->blocks[i]);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Comparisons
 * --------------------------------------------------------------------------------------------- */

void assert_nothing_went_wrong(const struct player *player)
{
    if (!player->wrong)
        return;
    print_error("in request %u of a player: %s: 0x%" PRIx64 ", expected 0x%" PRIx64 "\n",
                player->round, player->wrong, (uint64_t)player->wrong_actual,
                (uint64_t)player->wrong_expected);
    fail();
}

/* `were` bytes are `are` bytes now. */
static void change(struct model_gauge *gauge, ULONGLONG were, ULONGLONG are)
{
    gauge->now -= were;
    gain(gauge, are);
}

struct large_memory {
    ULONGLONG bytes, committed, regions;
};

static HRESULT CALLBACK add_large(void *context, const HOSTMEM_REGION *region)
{
    struct large_memory *memory = context;

    if (region->Heap && !region->IsSlab) {
        memory->bytes += region->Size;
        memory->committed += region->Committed;
        memory->regions++;
    }
    return S_OK;
}

void model_take_heaps(struct model_books *books, const struct subject *subject)
{
    ULONGLONG bytes = statistics_of(subject).SlabBytes.Now;
    struct large_memory large = {0, 0, 0};

    change(&books->reserved, books->slab_bytes, bytes);
    change(&books->committed, books->slab_bytes, bytes);
    change(&books->regions, books->slab_bytes / GRANULE, bytes / GRANULE);
    books->slab_bytes = bytes;
    assert_hresult(IHostMemInspection_EnumRegions(subject->inspection, add_large, &large), S_OK);
    change(&books->reserved, books->large_bytes, large.bytes);
    change(&books->committed, books->large_committed, large.committed);
    change(&books->regions, books->large_regions, large.regions);
    books->large_bytes = large.bytes;
    books->large_committed = large.committed;
    books->large_regions = large.regions;
}

static void assert_gauge(const char *about, HOSTMEM_GAUGE actual, struct model_gauge expected)
{
    assert_figure_of(about, actual.Now, expected.now);
    assert_figure_of(about, actual.Peak, expected.peak);
}

void assert_books_agree(const struct subject *subject, const struct model_books *books,
                        const char *about)
{
    HOSTMEM_STATISTICS statistics = statistics_of(subject);

    assert_figure_of(about, statistics.Status, HostMemStatusOpen);
    assert_gauge(about, statistics.Reserved, books->reserved);
    assert_gauge(about, statistics.Committed, books->committed);
    assert_gauge(about, statistics.Regions, books->regions);
    assert_figure_of(about, statistics.SlabBytes.Now, books->slab_bytes);
    assert_gauge(about, statistics.Blocks, books->blocks);
    assert_gauge(about, statistics.BlockBytes, books->block_bytes);
    assert_figure_of(about, statistics.RefusedFrees, books->refused_frees);
    for (int method = 0; method < HOSTMEM_METHODS; method++) {
        assert_figure_of(about, statistics.Methods[method].Calls, books->methods[method].Calls);
        assert_figure_of(about, statistics.Methods[method].Failures,
                         books->methods[method].Failures);
    }
}

struct comparison {
    const struct player *player;
    unsigned matching, slabs, spares, others;
    ULONGLONG spare_bytes, slack;
};

static bool is_spare(const struct player *player, const HOSTMEM_REGION *shown)
{
    for (size_t i = 0; i < MODEL_BLOCKS; i++) {
        if (player->blocks[i].memory == shown->Base)
            return false;
    }
    return shown->IsSpare && !shown->IsSlab && shown->Heap != 0 && shown->Committed == shown->Size;
}

/*
 * Memory that another block has left may be a quarter larger, or by MOST_SLACK for all blocks; what
 * is too much may have been decommitted.
 */
static bool is_region_of(const struct model_block *block, const HOSTMEM_REGION *shown)
{
    SIZE_T least = block_bytes(block);

    return block->has_region && block->memory == shown->Base && shown->Heap != 0 &&
           !shown->IsSpare && shown->Size >= least &&
           shown->Size <= least + least / 4 + MOST_SLACK && shown->Committed >= least &&
           shown->Committed <= shown->Size;
}

static HRESULT CALLBACK compare_region(void *context, const HOSTMEM_REGION *shown)
{
    struct comparison *comparison = context;

    if (shown->IsSlab && shown->Heap != 0 && shown->Size == GRANULE &&
        shown->Committed == GRANULE) {
        comparison->slabs++;
        return S_OK;
    }
    for (size_t i = 0; i < MODEL_REGIONS; i++) {
        const struct model_region *region = &comparison->player->regions[i];

        if (region->base == shown->Base && shown->Heap == 0 &&
            shown->Size == region_bytes(region) &&
            shown->Committed == committed_bytes(region, region->committed)) {
            comparison->matching++;
            return S_OK;
        }
    }
    if (is_spare(comparison->player, shown)) {
        comparison->spares++;
        comparison->spare_bytes += shown->Size;
        return S_OK;
    }
    for (size_t i = 0; i < MODEL_BLOCKS; i++) {
        if (is_region_of(&comparison->player->blocks[i], shown)) {
            comparison->matching++;
            comparison->slack += shown->Committed - block_bytes(&comparison->player->blocks[i]);
            return S_OK;
        }
    }
    comparison->others++;
    return S_OK;
}

void assert_regions_agree(const struct player *player)
{
    struct comparison comparison = {.player = player};

    assert_hresult(
        IHostMemInspection_EnumRegions(player->subject->inspection, compare_region, &comparison),
        S_OK);
    assert_figure(comparison.matching + comparison.slabs + comparison.spares,
                  player->books.regions.now);
    assert_between(comparison.spare_bytes, 0, MOST_SPARE + player->books.block_bytes.now);
    assert_between(comparison.slack, 0, MOST_SLACK + player->books.block_bytes.now / 4);
    assert_figure(comparison.slabs, player->books.slab_bytes / GRANULE);
    assert_figure(comparison.others, 0);
}
