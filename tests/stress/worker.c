/*
 * worker.c: see worker.h.
 */
#include "worker.h"

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

static void use_slot(struct worker *worker, uint64_t random)
{
    struct caller *caller = &worker->caller;
    const unsigned i = (random >> 40) % SLOTS;
    void *block = worker->slots[i].block;
    SIZE_T size = worker->slots[i].size;

    if (block) {
        expect_mark(caller, "what stands in a block of a worker's own heap", block, size);
        call_free(caller, worker->heap, block);
        worker->slots[i].block = NULL;
        return;
    }
    size = random_size(random);
    block = random >> 62 == 0 ? call_debug_alloc(caller, worker->heap, size, (int)i)
                              : call_alloc(caller, worker->heap, size);
    if (block)
        mark(block, size);
    worker->slots[i].block = block;
    worker->slots[i].size = size;
}

static void share_block(struct worker *worker, uint64_t random)
{
    hand_over_block(worker->world, &worker->caller, random);
}

static void free_twice(struct worker *worker, uint64_t random)
{
    struct caller *caller = &worker->caller;
    void *block = call_alloc(caller, worker->heap, random_size(random));

    if (!block)
        return;
    call_free(caller, worker->heap, block);
    call_free_again(caller, worker->heap, block);
}

static void live_a_heap_s_life(struct worker *worker, uint64_t random)
{
    struct caller *caller = &worker->caller;
    IHostMalloc *heap = call_create_malloc(caller);
    void *blocks[6];

    if (!heap)
        return;
    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = call_alloc(caller, heap, (SIZE_T)(random >> i * 8 & 0xff) * (i + 1));
    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        call_free(caller, heap, blocks[i]);
    call_release_heap(caller, heap);
}

/* ------------------------------------------------------------------------------------------------
 * Pages
 * --------------------------------------------------------------------------------------------- */

static void live_a_region_s_life(struct worker *worker, uint64_t random)
{
    struct caller *caller = &worker->caller;
    const SIZE_T pages = 1 + random % 40;
    char *region = call_reserve(caller, NULL, pages * PAGE, random & 64 ? MEM_COMMIT : 0);

    if (!region)
        return;
    if (call_commit(caller, region, PAGE)) {
        call_reset(caller, region, PAGE);
        mark(region, PAGE);
        call_query(caller, region);
        expect_mark(caller, "what stands in a region of a worker's own", region, PAGE);
    }
    call_release_region(caller, region);
}

static void share_region(struct worker *worker, uint64_t random)
{
    hand_over_region(worker->world, &worker->caller, random);
}

static void share_arena(struct worker *worker, uint64_t random)
{
    use_shared_arena(worker->world, &worker->caller, random);
}

/* New pages are zero, and a second commit leaves their contents; then they are decommitted. */
static void use_arena(struct worker *worker, uint64_t random)
{
    struct caller *caller = &worker->caller;
    const SIZE_T size = (1 + random % 16) * PAGE;
    char *pages = worker->arena + random / 16 % (ARENA_PAGES - 16) * PAGE;

    if (!call_commit(caller, pages, size))
        return;
    expect(caller, "what stands in a fresh page", (unsigned char)pages[size - 1], 0);
    mark(pages, PAGE);
    expect(caller, "committing again", call_commit(caller, pages, size), TRUE);
    expect_mark(caller, "what stands in a page committed twice", pages, PAGE);
    expect(caller, "the protection before", call_protect(caller, pages, size, PAGE_READONLY),
           PAGE_READWRITE);
    expect(caller, "the state of a committed page", call_query(caller, pages).State, MEM_COMMIT);
    expect(caller, "what is committed in a worker's arena",
           call_find_region(caller, pages).Committed, size);
    call_decommit(caller, pages, size);
    expect(caller, "the state of a decommitted page", call_query(caller, pages).State, MEM_RESERVE);
}

static void use_contested(struct worker *worker, uint64_t random)
{
    struct caller *caller = &worker->caller;
    const SIZE_T size = (1 + random % CONTESTED_PAGES) * PAGE;

    if (!worker->contested_live) {
        if (call_reserve_contested(caller, worker->contested, CONTESTED_PAGES * PAGE))
            worker->contested_live = 1;
    } else if (random >> 60 == 0) {
        if (InterlockedExchange(&worker->contested_live, 0))
            call_release_region(caller, worker->contested);
    } else if (random & 64) {
        call_decommit_contested(caller, worker->contested, size);
    } else {
        call_commit_contested(caller, worker->contested, size);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Sections
 * --------------------------------------------------------------------------------------------- */

static void live_a_section(struct worker *worker, uint64_t random)
{
    live_a_section_s_life(&worker->caller, random);
}

static void share_view(struct worker *worker, uint64_t random)
{
    hand_over_view(worker->world, &worker->caller, random);
}

static void use_contested_view(struct worker *worker, uint64_t random)
{
    struct caller *caller = &worker->caller;

    if (!worker->contested_view_live) {
        if (call_map_view_contested(caller, worker->world->section, worker->contested_view,
                                    2 * GRANULE))
            worker->contested_view_live = 1;
    } else if (random >> 60 == 0) {
        if (InterlockedExchange(&worker->contested_view_live, 0))
            call_unmap_view(caller, worker->contested_view);
    } else {
        call_commit_in_view_contested(caller, worker->contested_view + random % 31 * PAGE, PAGE);
    }
}

/* ------------------------------------------------------------------------------------------------
 * The rest
 * --------------------------------------------------------------------------------------------- */

static void tell_of_mapping(struct worker *worker, uint64_t random)
{
    char *base = worker->contested + GRANULE; /* it only names the range; nothing is mapped */

    call_acquired_space(&worker->caller, base, (1 + random % 16) * GRANULE);
    expect(&worker->caller, "mapped ranges of that base",
           call_enum_mapped_ranges(&worker->caller, base), 1);
    call_released_space(&worker->caller, base);
}

static void ask_for_load(struct worker *worker, uint64_t random)
{
    (void)random;
    call_memory_load(&worker->caller);
    call_references(&worker->caller);
}

static void ask_for_space(struct worker *worker, uint64_t random)
{
    (void)random;
    call_needs_space(&worker->caller);
}

static void change_listener(struct worker *worker, uint64_t random)
{
    struct listener *listener = &worker->world->listeners[random % 2];

    call_register_callback(&worker->caller,
                           random & 6 ? &listener->ICLRMemoryNotificationCallback_iface : NULL);
}

static void look_around(struct worker *worker, uint64_t random)
{
    struct caller *caller = &worker->caller;

    switch (random >> 32 & 511) {
    case 0:
        call_enum_blocks(caller, 0, 1 + random % 256);
        break;
    case 1:
        call_enum_size_classes(caller, 1 + random % 4);
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        call_enum_regions(caller, NULL);
        break;
    default:
        call_enum_heaps(caller, 0);
        call_find_block(caller, worker->slots[random % SLOTS].block);
        call_release_foreign(caller, worker);
        call_statistics(caller);
        call_get_limits(caller);
        call_set_redirected_level(caller);
        break;
    }
}

static void audit_or_trim(struct worker *worker, uint64_t random)
{
    if (random >> 32 & 1)
        call_audit(&worker->caller);
    else
        call_trim(&worker->caller);
}

static void set_limits(struct worker *worker, uint64_t random)
{
    static const ULONGLONG limits[] = {0, 0, 64 << 20, 1 << 20, 256 << 10};

    call_set_limits(&worker->caller, limits[(random >> 32) % COUNT_OF(limits)]);
}

/*
 * Long calls have small weights, so that all methods get a share of the time. The methods that a
 * CLR calls get most of it.
 */
static const struct {
    void (*work)(struct worker *worker, uint64_t random);
    unsigned weight;
    unsigned times; /* in a row */
} works[] = {
    {use_slot, 300, 24},        {share_block, 100, 12},
    {free_twice, 30, 2},        {live_a_heap_s_life, 20, 1},
    {use_arena, 50, 1},         {share_arena, 60, 1},
    {use_contested, 100, 1},    {live_a_region_s_life, 20, 1},
    {share_region, 20, 1},      {ask_for_load, 100, 32},
    {change_listener, 60, 16},  {tell_of_mapping, 60, 8},
    {look_around, 100, 4},      {set_limits, 30, 8},
    {ask_for_space, 1, 1},      {audit_or_trim, 2, 1},
    {live_a_section, 8, 1},     {share_view, 3, 1},
    {use_contested_view, 8, 1},
};

static void work_for_a_while(struct worker *worker)
{
    static const EMemoryCriticalLevel levels[] = {eTaskCritical, eAppDomainCritical,
                                                  eProcessCritical, eProcessCritical};
    unsigned total = 0, at, i;

    for (i = 0; i < COUNT_OF(works); i++)
        total += works[i].weight;
    at = (unsigned)(next_random(&worker->random) >> 32) % total;
    for (i = 0; at >= works[i].weight; i++)
        at -= works[i].weight;
    worker->caller.level = levels[next_random(&worker->random) >> 56 & 3];
    for (unsigned time = 0; time < works[i].times; time++)
        works[i].work(worker, next_random(&worker->random));
}

static void give_back(struct worker *worker)
{
    struct caller *caller = &worker->caller;

    for (unsigned i = 0; i < SLOTS; i++)
        call_free(caller, worker->heap, worker->slots[i].block);
    call_release_heap(caller, worker->heap);
    call_release_region(caller, worker->arena);
    if (InterlockedExchange(&worker->contested_live, 0))
        call_release_region(caller, worker->contested);
    if (InterlockedExchange(&worker->contested_view_live, 0))
        call_unmap_view(caller, worker->contested_view);
}

DWORD WINAPI worker_run(void *context)
{
    struct worker *worker = context;

    while (!worker->world->stop)
        work_for_a_while(worker);
    give_back(worker);
    worker->finished = 1;
    return 0;
}

/* Far from where requests for memory anywhere are served. */
#ifdef _WIN64
#define FIRST_CONTESTED ((uintptr_t)(UINT64_C(1) << 44))
#else
#define FIRST_CONTESTED ((uintptr_t)0x50000000)
#endif

static void make(struct worker *worker, struct world *world, unsigned number, uint64_t seed)
{
    *worker = (struct worker){
        .world = world, .caller = world_caller(world, eTaskCritical), .number = number};
    worker->random = (seed + number) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    worker->heap = subject_heap(&world->subject);
    worker->arena = subject_alloc(&world->subject, ARENA_PAGES * PAGE, MEM_RESERVE, PAGE_READWRITE);
    worker->contested = (char *)(FIRST_CONTESTED + number * (uintptr_t)64 * GRANULE);
    worker->contested_view = worker->contested + 32 * GRANULE;
}

void workers_make(struct worker *workers, unsigned count, struct world *world, uint64_t seed)
{
    for (unsigned i = 0; i < count; i++)
        make(&workers[i], world, i, seed);
}
