/*
 * test_manager_model.c: invariants I2 and I3: the books are exact after any sequence of random
 * requests, by one thread or several (manager_model.h), and of several frees of the same memory
 * exactly one succeeds.
 *
 * All random numbers come from SEED, which is printed.
 */
#include "manager_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef SEED
#define SEED UINT64_C(0x5eed0f5eed0f5eed)
#endif
#define THREADS 8
#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)

/* A state for next_random, different for each number. */
static uint64_t seed_of(unsigned number)
{
    return SEED ^ (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Gives back what heaps keep without use: all that there is, as nothing is live. */
static void trim(const struct subject *subject)
{
    ULONGLONG before = statistics_of(subject).Committed.Now;
    SIZE_T bytes = 0;

    assert_hresult(IHostMemInspection_Trim(subject->inspection, &bytes), before ? S_OK : S_FALSE);
    assert_figure(bytes, before);
}

static struct player *make_players(const struct subject *subject, unsigned count, unsigned rounds)
{
    struct player *players = calloc(count, sizeof(*players));

    assert_non_null(players);
    for (unsigned i = 0; i < count; i++) {
        players[i].subject = subject;
        players[i].random = seed_of(i);
        players[i].rounds = rounds;
        assert_hresult(
            IHostMemoryManager_CreateMalloc(subject->manager, MALLOC_THREADSAFE, &players[i].heap),
            S_OK);
        players[i].books.methods[HostMemCreateMalloc].Calls++;
    }
    return players;
}

static void end_players(struct player *players, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_figure(IHostMalloc_Release(players[i].heap), 0);
    free(players);
}

/*
 * Free address space, far from where the system, or what Wine runs on, puts things of its own
 * meanwhile: threads' stacks, tables, heaps.
 */
static char *find_room(SIZE_T size)
{
    uintptr_t address = sizeof(void *) == 8 ? (uintptr_t)(UINT64_C(1) << 44) : 0x10000000;
    char *room = NULL;

    for (int attempt = 0; !room && attempt < 100; attempt++, address += 256 * GRANULE)
        room = VirtualAlloc((void *)address, size, MEM_RESERVE, PAGE_NOACCESS);
    assert_non_null(room);
    assert_true(VirtualFree(room, 0, MEM_RELEASE));
    return room;
}

/* ------------------------------------------------------------------------------------------------
 * One thread
 * --------------------------------------------------------------------------------------------- */

static void after_each_of_100000_random_requests_the_books_are_the_model_s(void **state)
{
    const struct subject *subject = *state;
    struct player *player = make_players(subject, 1, 100000);
    char about[64];

    while (player->round < player->rounds) {
        if (!player_move(player))
            break;
        player->round++;
        model_take_heaps(&player->books, subject);
        snprintf(about, sizeof(about), "after request %u", player->round);
        assert_books_agree(subject, &player->books, about);
        if (player->round % 10000 == 0) {
            assert_clean_audit_of(about, subject);
            assert_regions_agree(player);
        }
    }
    assert_nothing_went_wrong(player);
    assert_at_least(player->books.committed.peak, GRANULE);
    assert_at_least(player->books.regions.peak, MODEL_REGIONS / 2);
    player_give_back(player);
    assert_nothing_went_wrong(player);
    trim(subject);
    model_take_heaps(&player->books, subject);
    assert_books_agree(subject, &player->books, "after everything was given back");
    assert_empty_books(subject);
    end_players(player, 1);
}

/* ------------------------------------------------------------------------------------------------
 * Threads on regions of their own
 * --------------------------------------------------------------------------------------------- */

/* An audit, made again and again while others work, finds nothing and ends. */
struct auditor {
    const struct subject *subject;
    HANDLE stop;
    unsigned audits;
    HRESULT worst;
    HOSTMEM_DIFFERENCE first;
};

static HRESULT CALLBACK note_difference(void *context, const HOSTMEM_DIFFERENCE *difference)
{
    struct auditor *auditor = context;

    auditor->first = *difference;
    return E_ABORT;
}

static DWORD WINAPI audit_until_stopped(void *context)
{
    struct auditor *auditor = context;

    do {
        HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};
        HRESULT hr = IHostMemInspection_Audit(auditor->subject->inspection, &audit, note_difference,
                                              auditor);

        auditor->audits++;
        if (hr != S_OK)
            auditor->worst = hr;
    } while (auditor->worst == S_OK && WaitForSingleObject(auditor->stop, 1) == WAIT_TIMEOUT);
    return 0;
}

struct audit_meanwhile {
    struct auditor auditor;
    struct threads thread;
};

static void audit_meanwhile_start(struct audit_meanwhile *meanwhile, const struct subject *subject)
{
    *meanwhile = (struct audit_meanwhile){.auditor = {.subject = subject}};
    meanwhile->auditor.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_non_null(meanwhile->auditor.stop);
    threads_start(&meanwhile->thread, 1, audit_until_stopped, &meanwhile->auditor,
                  sizeof(meanwhile->auditor));
}

static void audit_meanwhile_end(struct audit_meanwhile *meanwhile)
{
    const struct auditor *auditor = &meanwhile->auditor;

    SetEvent(auditor->stop);
    threads_join(&meanwhile->thread);
    CloseHandle(auditor->stop);
    if (auditor->worst != S_OK)
        print_error("audit %u, while others worked: kind %d at %p, %" PRIu64
                    " by the books, %" PRIu64 " by the system, region %p\n",
                    auditor->audits, (int)auditor->first.Kind, auditor->first.Address,
                    (uint64_t)auditor->first.Books, (uint64_t)auditor->first.System,
                    auditor->first.Region.Base);
    assert_hresult(auditor->worst, S_OK);
}

static void add_gauge(struct model_gauge *sum, const struct model_gauge *gauge)
{
    sum->now += gauge->now;
    sum->peak += gauge->peak;
}

static void add_books(struct model_books *sum, const struct model_books *books)
{
    add_gauge(&sum->reserved, &books->reserved);
    add_gauge(&sum->committed, &books->committed);
    add_gauge(&sum->regions, &books->regions);
    add_gauge(&sum->blocks, &books->blocks);
    add_gauge(&sum->block_bytes, &books->block_bytes);
    sum->refused_frees += books->refused_frees;
    for (int method = 0; method < HOSTMEM_METHODS; method++) {
        sum->methods[method].Calls += books->methods[method].Calls;
        sum->methods[method].Failures += books->methods[method].Failures;
    }
}

/*
 * The possible values of the manager's peak: at least the present figure, at most the sum of all
 * players' peaks and of the most that the heaps can have had.
 */
static void take_peak(struct model_gauge *sum, HOSTMEM_GAUGE gauge, ULONGLONG of_heaps)
{
    assert_between(gauge.Peak, sum->now, sum->peak + of_heaps);
    sum->peak = gauge.Peak;
}

/*
 * The most that large blocks and what freed ones leave can have taken: a region may be half as
 * large again as the pages of its block; and what is left is at most 4 MiB and what lives.
 */
static void most_large(const struct subject *subject, ULONGLONG *bytes, ULONGLONG *regions)
{
    *bytes = (ULONGLONG)4 << 20;
    *regions = *bytes / LARGEST_SMALL;
    for (DWORD number = 1; number <= THREADS; number++) {
        HOSTMEM_HEAP figures = heap_figures_of(subject, number);

        *bytes += (figures.LargeBytes.Peak + figures.LargeBlocks.Peak * PAGE) / 2 * 5;
        *regions += figures.LargeBlocks.Peak + figures.LargeBytes.Peak / LARGEST_SMALL;
    }
}

/* Those of blocks are what the heaps' peaks add up to; and each heap is used by one thread. */
static void take_peaks(struct model_books *sum, const struct subject *subject)
{
    HOSTMEM_STATISTICS statistics = statistics_of(subject);
    ULONGLONG slab_bytes = statistics.SlabBytes.Peak;
    ULONGLONG large_bytes, large_regions;

    most_large(subject, &large_bytes, &large_regions);
    take_peak(&sum->reserved, statistics.Reserved, slab_bytes + large_bytes);
    take_peak(&sum->committed, statistics.Committed, slab_bytes + large_bytes);
    take_peak(&sum->regions, statistics.Regions, slab_bytes / GRANULE + large_regions);
}

static void after_100000_random_requests_of_8_threads_the_books_are_the_models_sum(void **state)
{
    const struct subject *subject = *state;
    struct player *players = make_players(subject, THREADS, 100000 / THREADS);
    struct model_books sum = {.refused_frees = 0};
    struct audit_meanwhile meanwhile;
    struct threads threads;

    audit_meanwhile_start(&meanwhile, subject);
    threads_start(&threads, THREADS, player_play, players, sizeof(*players));
    threads_join(&threads);
    audit_meanwhile_end(&meanwhile);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_nothing_went_wrong(&players[i]);
        add_books(&sum, &players[i].books);
    }
    model_take_heaps(&sum, subject);
    take_peaks(&sum, subject);
    assert_books_agree(subject, &sum, "the sum of 8 models");
    assert_clean_audit(subject);
    for (unsigned i = 0; i < THREADS; i++) {
        player_give_back(&players[i]);
        assert_nothing_went_wrong(&players[i]);
    }
    trim(subject);
    assert_empty_books(subject);
    end_players(players, THREADS);
}

/* ------------------------------------------------------------------------------------------------
 * Threads that fight over the same regions
 * --------------------------------------------------------------------------------------------- */

#define ARENA_REGIONS 4
#define ARENA_PAGES 64

/* What the fighters of a round share; they start together. */
struct arena {
    const struct subject *subject;
    HANDLE start;
    unsigned rounds;
    bool release;
    char *regions[ARENA_REGIONS];
    volatile LONG wins[ARENA_REGIONS];
    volatile LONG wrong; /* an HRESULT that none of the calls may return */
};

struct fighter {
    struct arena *arena;
    uint64_t random;
};

static void note_result(struct arena *arena, HRESULT hr, HRESULT also_right)
{
    if (hr != S_OK && hr != also_right)
        InterlockedCompareExchange(&arena->wrong, hr, S_OK);
}

/* A commit may find the region released: Win32's error then says so. */
static void fight_commit(struct fighter *fighter, char *address, SIZE_T size)
{
    void *memory;
    HRESULT hr =
        IHostMemoryManager_VirtualAlloc(fighter->arena->subject->manager, address, size, MEM_COMMIT,
                                        PAGE_READWRITE, eTaskCritical, &memory);

    note_result(fighter->arena, hr,
                fighter->arena->release ? HRESULT_FROM_WIN32(ERROR_INVALID_ADDRESS) : S_OK);
}

static void fight_free(struct fighter *fighter, char *address, SIZE_T size, DWORD type,
                       volatile LONG *wins)
{
    HRESULT hr =
        IHostMemoryManager_VirtualFree(fighter->arena->subject->manager, address, size, type);

    note_result(fighter->arena, hr, fighter->arena->release ? HOST_E_INVALIDOPERATION : S_OK);
    if (hr == S_OK && wins)
        InterlockedIncrement(wins);
}

static DWORD WINAPI fight(void *context)
{
    struct fighter *fighter = context;
    struct arena *arena = fighter->arena;

    WaitForSingleObject(arena->start, INFINITE);
    for (unsigned round = 0; round < arena->rounds; round++) {
        uint64_t random = next_random(&fighter->random);
        unsigned index = (unsigned)(random >> 8) % ARENA_REGIONS;
        unsigned first = (unsigned)(random >> 16) % ARENA_PAGES;
        unsigned count = 1 + (unsigned)(random >> 32) % (ARENA_PAGES - first);
        char *address = arena->regions[index] + first * PAGE;
        unsigned move = (unsigned)(random >> 48) % 100;

        if (arena->release && move < 3)
            fight_free(fighter, arena->regions[index], 0, MEM_RELEASE, &arena->wins[index]);
        else if (move < 50)
            fight_commit(fighter, address, count * PAGE);
        else if (move < 95)
            fight_free(fighter, address, count * PAGE, MEM_DECOMMIT, NULL);
        else
            fight_free(fighter, arena->regions[index], 0, MEM_DECOMMIT, NULL);
    }
    return 0;
}

static void open_arena(struct arena *arena, const struct subject *subject, unsigned rounds,
                       bool release)
{
    *arena = (struct arena){.subject = subject, .rounds = rounds, .release = release};
    arena->start = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_non_null(arena->start);
    for (unsigned i = 0; i < ARENA_REGIONS; i++)
        arena->regions[i] = subject_alloc(subject, ARENA_PAGES * PAGE, MEM_RESERVE, PAGE_READWRITE);
}

static void run_arena(struct arena *arena, unsigned number)
{
    struct fighter fighters[THREADS];
    struct threads threads;

    for (unsigned i = 0; i < THREADS; i++)
        fighters[i] = (struct fighter){arena, seed_of(number * THREADS + i)};
    threads_start(&threads, THREADS, fight, fighters, sizeof(fighters[0]));
    SetEvent(arena->start);
    threads_join(&threads);
    CloseHandle(arena->start);
    assert_hresult(arena->wrong, S_OK);
}

/* Committed bytes of the regions that are left, by Windows. */
static ULONGLONG committed_by_windows(const struct arena *arena, unsigned *left)
{
    ULONGLONG sum = 0;

    *left = 0;
    for (unsigned i = 0; i < ARENA_REGIONS; i++) {
        const char *at = arena->regions[i], *end = at + ARENA_PAGES * PAGE;

        if (arena->wins[i])
            continue;
        ++*left;
        for (; at < end; at += PAGE)
            sum += memory_state(at) == MEM_COMMIT ? PAGE : 0;
    }
    return sum;
}

static void committed_is_exact_after_8_threads_fought_over_the_same_pages(void **state)
{
    const struct subject *subject = *state;
    struct audit_meanwhile meanwhile;

    audit_meanwhile_start(&meanwhile, subject);
    for (unsigned number = 0; number < (is_long_form() ? 40 : 8); number++) {
        struct arena arena;
        unsigned left;

        open_arena(&arena, subject, 1000, false);
        run_arena(&arena, number);
        assert_figure(statistics_of(subject).Committed.Now, committed_by_windows(&arena, &left));
        assert_figure(left, ARENA_REGIONS);
        for (unsigned i = 0; i < ARENA_REGIONS; i++)
            subject_release(subject, arena.regions[i]);
    }
    audit_meanwhile_end(&meanwhile);
    assert_empty_books(subject);
}

static void of_8_threads_that_release_what_others_use_exactly_one_wins(void **state)
{
    const struct subject *subject = *state;

    for (unsigned number = 0; number < (is_long_form() ? 500 : 60); number++) {
        struct arena arena;
        unsigned left;

        open_arena(&arena, subject, 60, true);
        run_arena(&arena, number);
        assert_clean_audit(subject);
        assert_figure(statistics_of(subject).Committed.Now, committed_by_windows(&arena, &left));
        assert_figure(statistics_of(subject).Regions.Now, left);
        for (unsigned i = 0; i < ARENA_REGIONS; i++) {
            if (arena.wins[i])
                assert_figure(arena.wins[i], 1);
            else
                subject_release(subject, arena.regions[i]);
        }
        assert_empty_books(subject);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Threads that release, and reserve again at once
 * --------------------------------------------------------------------------------------------- */

#define SLOTS 6
#define EXCHANGES 4000

/*
 * Shared slots hold regions. Every thread releases the region that it finds in a slot, which other
 * threads may be doing at the same time. The thread whose release succeeds puts a new region into
 * the slot, often at the very same address. If a release that lost touched the new region, the
 * number of regions that are left or the audit would show it.
 */
struct exchange {
    const struct subject *subject;
    HANDLE start;
    char *volatile slots[SLOTS];
    volatile LONG releases, reservations, wrong;
};

struct exchanger {
    struct exchange *exchange;
    uint64_t random;
};

static char *reserve_for_slot(struct exchange *exchange, SIZE_T size)
{
    void *memory = NULL;
    HRESULT hr =
        IHostMemoryManager_VirtualAlloc(exchange->subject->manager, NULL, size, RESERVE_COMMIT,
                                        PAGE_READWRITE, eTaskCritical, &memory);

    if (hr == S_OK)
        InterlockedIncrement(&exchange->reservations);
    else
        InterlockedCompareExchange(&exchange->wrong, hr, S_OK);
    return memory;
}

static DWORD WINAPI exchange_regions(void *context)
{
    struct exchanger *exchanger = context;
    struct exchange *exchange = exchanger->exchange;
    IHostMemoryManager *manager = exchange->subject->manager;

    WaitForSingleObject(exchange->start, INFINITE);
    for (unsigned round = 0; round < EXCHANGES; round++) {
        uint64_t random = next_random(&exchanger->random);
        char *volatile *slot = &exchange->slots[(random >> 8) % SLOTS];
        char *found = *slot;
        HRESULT hr = IHostMemoryManager_VirtualFree(manager, found, 0, MEM_RELEASE);

        if (hr == S_OK) {
            InterlockedIncrement(&exchange->releases);
            *slot = reserve_for_slot(exchange, (1 + (random >> 20) % 16) * PAGE);
        } else if (hr != HOST_E_INVALIDOPERATION) {
            InterlockedCompareExchange(&exchange->wrong, hr, S_OK);
        }
        if (random >> 60 == 0)
            IHostMemoryManager_VirtualFree(manager, *slot, 0, MEM_DECOMMIT);
    }
    return 0;
}

static HRESULT CALLBACK collect_region(void *context, const HOSTMEM_REGION *region)
{
    void ***next = context;

    *(*next)++ = region->Base;
    return S_OK;
}

static void every_release_that_wins_ends_exactly_one_reservation(void **state)
{
    const struct subject *subject = *state;
    struct exchange exchange = {.subject = subject};
    struct exchanger exchangers[THREADS];
    struct threads threads;
    void *left[SLOTS + THREADS * EXCHANGES], **end = left;

    exchange.start = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_non_null(exchange.start);
    for (unsigned i = 0; i < SLOTS; i++)
        exchange.slots[i] = reserve_for_slot(&exchange, PAGE);
    for (unsigned i = 0; i < THREADS; i++)
        exchangers[i] = (struct exchanger){&exchange, seed_of(i)};
    threads_start(&threads, THREADS, exchange_regions, exchangers, sizeof(exchangers[0]));
    SetEvent(exchange.start);
    threads_join(&threads);
    CloseHandle(exchange.start);

    assert_hresult(exchange.wrong, S_OK);
    assert_clean_audit(subject);
    assert_hresult(IHostMemInspection_EnumRegions(subject->inspection, collect_region, &end), S_OK);
    assert_figure(end - left, exchange.reservations - exchange.releases);
    assert_at_least(exchange.releases, EXCHANGES);
    while (end > left)
        subject_release(subject, *--end);
    assert_empty_books(subject);
}

/* ------------------------------------------------------------------------------------------------
 * Threads that commit where another is just reserving
 * --------------------------------------------------------------------------------------------- */

#define PLACES 200
#define COMMITTERS 3
#define PLACE_SIZE (4 * GRANULE)

/*
 * One thread reserves regions at given addresses. Meanwhile the other threads try to commit a page
 * there until they succeed, which may be before the first thread has the region in the books.
 * Whichever thread comes first, the books agree with Win32 in the end.
 */
struct building_site {
    const struct subject *subject;
    char *room;
    volatile LONG committed; /* commits that have succeeded */
    volatile LONG wrong;
};

struct committer {
    struct building_site *site;
    SIZE_T page;
};

static void note_wrong(struct building_site *site, HRESULT hr)
{
    InterlockedCompareExchange(&site->wrong, hr, S_OK);
}

static DWORD WINAPI reserve_everywhere(void *context)
{
    struct building_site *site = *(struct building_site **)context;
    void *memory;

    for (LONG place = 0; place < PLACES && site->wrong == S_OK; place++) {
        HRESULT hr = IHostMemoryManager_VirtualAlloc(
            site->subject->manager, site->room + place * PLACE_SIZE, PLACE_SIZE, MEM_RESERVE,
            PAGE_READWRITE, eTaskCritical, &memory);

        if (hr != S_OK)
            note_wrong(site, hr);
        while (site->committed < (place + 1) * COMMITTERS && site->wrong == S_OK)
            SwitchToThread();
    }
    return 0;
}

static DWORD WINAPI commit_everywhere(void *context)
{
    const struct committer *committer = context;
    struct building_site *site = committer->site;
    void *memory;

    for (LONG place = 0; place < PLACES && site->wrong == S_OK; place++) {
        char *address = site->room + place * PLACE_SIZE + committer->page * PAGE;
        HRESULT hr;

        do
            hr = IHostMemoryManager_VirtualAlloc(site->subject->manager, address, PAGE, MEM_COMMIT,
                                                 PAGE_READWRITE, eTaskCritical, &memory);
        while (hr == HRESULT_FROM_WIN32(ERROR_INVALID_ADDRESS) && site->wrong == S_OK);
        if (hr != S_OK)
            note_wrong(site, hr);
        InterlockedIncrement(&site->committed);
    }
    return 0;
}

static void a_commit_that_races_with_the_making_of_its_region_is_in_the_books(void **state)
{
    const struct subject *subject = *state;
    struct building_site site = {.subject = subject, .room = find_room(PLACES * PLACE_SIZE)};
    struct building_site *maker_context = &site;
    struct committer committers[COMMITTERS];
    struct threads maker, others;

    for (unsigned i = 0; i < COMMITTERS; i++)
        committers[i] = (struct committer){&site, 1 + 2 * i};
    threads_start(&others, COMMITTERS, commit_everywhere, committers, sizeof(committers[0]));
    threads_start(&maker, 1, reserve_everywhere, &maker_context, sizeof(maker_context));
    threads_join(&maker);
    threads_join(&others);

    assert_hresult(site.wrong, S_OK);
    assert_clean_audit(subject);
    assert_figure(statistics_of(subject).Committed.Now, (ULONGLONG)PLACES * COMMITTERS * PAGE);
    for (unsigned place = 0; place < PLACES; place++)
        subject_release(subject, site.room + place * PLACE_SIZE);
    assert_empty_books(subject);
}

/* ------------------------------------------------------------------------------------------------
 * Threads that free the same blocks
 * --------------------------------------------------------------------------------------------- */

#define CONTESTED_BLOCKS 3000

struct contest {
    IHostMalloc *heap;
    HANDLE start;
    void *blocks[CONTESTED_BLOCKS];
    volatile LONG wins[CONTESTED_BLOCKS];
    volatile LONG wrong;
};

static DWORD WINAPI free_all_blocks(void *context)
{
    struct contest *contest = *(struct contest **)context;

    WaitForSingleObject(contest->start, INFINITE);
    for (unsigned i = 0; i < CONTESTED_BLOCKS; i++) {
        HRESULT hr = IHostMalloc_Free(contest->heap, contest->blocks[i]);

        if (hr == S_OK)
            InterlockedIncrement(&contest->wins[i]);
        else if (hr != HOST_E_INVALIDOPERATION)
            InterlockedCompareExchange(&contest->wrong, hr, S_OK);
    }
    return 0;
}

static void of_8_threads_that_free_the_same_block_exactly_one_wins(void **state)
{
    static struct contest contest;
    const struct subject *subject = *state;
    struct contest *contexts[THREADS];
    struct threads threads;

    assert_hresult(
        IHostMemoryManager_CreateMalloc(subject->manager, MALLOC_THREADSAFE, &contest.heap), S_OK);
    contest.start = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_non_null(contest.start);
    for (unsigned i = 0; i < CONTESTED_BLOCKS; i++)
        assert_hresult(
            IHostMalloc_Alloc(contest.heap, 1 + i * 7, eTaskCritical, &contest.blocks[i]), S_OK);
    for (unsigned i = 0; i < THREADS; i++)
        contexts[i] = &contest;
    threads_start(&threads, THREADS, free_all_blocks, contexts, sizeof(contexts[0]));
    SetEvent(contest.start);
    threads_join(&threads);
    CloseHandle(contest.start);

    assert_hresult(contest.wrong, S_OK);
    for (unsigned i = 0; i < CONTESTED_BLOCKS; i++)
        assert_figure(contest.wins[i], 1);
    assert_figure(statistics_of(subject).RefusedFrees, (THREADS - 1) * CONTESTED_BLOCKS);
    trim(subject);
    assert_empty_books(subject);
    assert_figure(IHostMalloc_Release(contest.heap), 0);
}

/* ------------------------------------------------------------------------------------------------
 * Very many regions
 * --------------------------------------------------------------------------------------------- */

/* A 32-bit address space has no room for more. */
#ifdef _WIN64
#define CROWD 100000
#else
#define CROWD 5000
#endif

/*
 * Linux has 65,530 mappings for a process, and under Wine one ends where pages of another kind, or
 * a gap, begin. So the regions stand side by side, those that are committed in runs, and few are
 * shorter than their granule.
 */
static bool is_committed(unsigned number)
{
    return number / 100 % 10 == 3;
}

static SIZE_T crowd_size(unsigned number)
{
    return number % 50 ? GRANULE : (1 + number / 50 % 15) * PAGE;
}

static HRESULT CALLBACK mark_shown(void *context, const HOSTMEM_REGION *region)
{
    unsigned char *shown = context;

    if (region->Sequence == 0 || region->Sequence > CROWD)
        return E_ABORT;
    shown[region->Sequence - 1]++;
    return S_OK;
}

static void assert_found(const struct subject *subject, const void *address, const char *base,
                         unsigned number)
{
    HOSTMEM_REGION region;

    assert_hresult(IHostMemInspection_FindRegion(subject->inspection, address, &region), S_OK);
    assert_address(region.Base, base);
    assert_figure(region.Size, crowd_size(number));
    assert_figure(region.Committed, is_committed(number) ? crowd_size(number) : 0);
    assert_figure(region.Sequence, number + 1);
}

static void assert_not_in(const struct subject *subject, const void *address, const char *base)
{
    HOSTMEM_REGION region;
    HRESULT hr = IHostMemInspection_FindRegion(subject->inspection, address, &region);

    if (hr == S_OK)
        assert_true(region.Base != (const void *)base);
    else
        assert_hresult(hr, S_FALSE);
}

static void each_of_very_many_regions_is_found_shown_once_and_released(void **state)
{
    const struct subject *subject = *state;
    char **regions = calloc(CROWD, sizeof(*regions));
    unsigned char *shown = calloc(CROWD, 1);
    char *room = find_room(CROWD * GRANULE);
    ULONGLONG reserved = 0, committed = 0;
    HOSTMEM_STATISTICS statistics;

    assert_non_null(regions);
    assert_non_null(shown);
    for (unsigned i = 0; i < CROWD; i++) {
        regions[i] =
            subject_alloc_at(subject, room + i * GRANULE, crowd_size(i),
                             is_committed(i) ? RESERVE_COMMIT : MEM_RESERVE, PAGE_READWRITE);
        reserved += crowd_size(i);
        committed += is_committed(i) ? crowd_size(i) : 0;
    }
    statistics = statistics_of(subject);
    assert_figure(statistics.Regions.Now, CROWD);
    assert_figure(statistics.Reserved.Now, reserved);
    assert_figure(statistics.Committed.Now, committed);
    for (unsigned i = 0; i < CROWD; i++) {
        assert_found(subject, regions[i], regions[i], i);
        assert_found(subject, regions[i] + crowd_size(i) - 1, regions[i], i);
        assert_not_in(subject, regions[i] + crowd_size(i), regions[i]);
    }
    assert_hresult(IHostMemInspection_EnumRegions(subject->inspection, mark_shown, shown), S_OK);
    for (unsigned i = 0; i < CROWD; i++)
        assert_figure(shown[i], 1);
    assert_clean_audit(subject);
    for (unsigned i = 0; i < CROWD; i++)
        subject_release(subject, regions[(i * 7919ull) % CROWD]);
    for (unsigned i = 0; i < CROWD; i++)
        assert_not_in(subject, room + i * GRANULE, room + i * GRANULE);
    assert_empty_books(subject);
    free(shown);
    free(regions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(after_each_of_100000_random_requests_the_books_are_the_model_s),
        promise(after_100000_random_requests_of_8_threads_the_books_are_the_models_sum),
        promise(committed_is_exact_after_8_threads_fought_over_the_same_pages),
        promise(of_8_threads_that_release_what_others_use_exactly_one_wins),
        promise(every_release_that_wins_ends_exactly_one_reservation),
        promise(a_commit_that_races_with_the_making_of_its_region_is_in_the_books),
        promise(of_8_threads_that_free_the_same_block_exactly_one_wins),
        promise(each_of_very_many_regions_is_found_shown_once_and_released),
    };

    print_message("seed 0x%" PRIx64 "\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
