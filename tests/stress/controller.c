/*
 * controller.c: see controller.h.
 */
#include "controller.h"

#include <limits.h>

/* ------------------------------------------------------------------------------------------------
 * Its own pages
 * --------------------------------------------------------------------------------------------- */

static SIZE_T committed_bytes(const struct controller *controller)
{
    SIZE_T pages = 0;

    for (unsigned i = 0; i < ARENA_PAGES; i++)
        pages += controller->committed[i];
    return pages * PAGE;
}

static void expect_arena(struct controller *controller, unsigned page)
{
    struct caller *caller = &controller->caller;
    char *at = controller->arena + page * PAGE;
    HOSTMEM_REGION region = call_find_region(caller, at);
    MEMORY_BASIC_INFORMATION range = call_query(caller, at);

    expect(caller, "Base of the arena", (uintptr_t)region.Base, (uintptr_t)controller->arena);
    expect(caller, "Size of the arena", region.Size, ARENA_PAGES * PAGE);
    expect(caller, "Committed in the arena", region.Committed, committed_bytes(controller));
    expect(caller, "VirtualQuery's state", range.State,
           controller->committed[page] ? MEM_COMMIT : MEM_RESERVE);
    if (controller->committed[page])
        expect_mark(caller, "what stands in the arena", at, PAGE);
}

static bool commit_some(struct controller *controller, unsigned page, unsigned count)
{
    struct caller *caller = &controller->caller;

    if (!call_commit(caller, controller->arena + page * PAGE, count * PAGE))
        return false;
    for (unsigned i = page; i < page + count; i++) {
        if (!controller->committed[i])
            mark(controller->arena + i * PAGE, PAGE);
        controller->committed[i] = true;
    }
    return true;
}

static void decommit_some(struct controller *controller, unsigned page, unsigned count)
{
    call_decommit(&controller->caller, controller->arena + page * PAGE, count * PAGE);
    for (unsigned i = page; i < page + count; i++)
        controller->committed[i] = false;
}

/* Commits, commits again, resets, protects, and decommits a part. */
static void use_arena(struct controller *controller)
{
    struct caller *caller = &controller->caller;
    const uint64_t random = next_random(&controller->random);
    const unsigned count = 2 + (unsigned)(random % 15);
    const unsigned page = (unsigned)(random / 16 % (ARENA_PAGES - 16));
    char *at = controller->arena + page * PAGE;

    if (!commit_some(controller, page, count))
        return;
    expect_arena(controller, page);
    commit_some(controller, page, count);
    expect_arena(controller, page + 1);
    call_reset(caller, at, PAGE);
    mark(at, PAGE);
    expect(caller, "the protection that was", call_protect(caller, at, count * PAGE, PAGE_READONLY),
           PAGE_READWRITE);
    expect(caller, "VirtualQuery's protection", call_query(caller, at).Protect, PAGE_READONLY);
    call_protect(caller, at, count * PAGE, PAGE_READWRITE);
    decommit_some(controller, page, 1 + (unsigned)(random / 4096 % count));
    expect_arena(controller, page);
}

static void use_fresh_region(struct controller *controller)
{
    struct caller *caller = &controller->caller;
    const SIZE_T size = (1 + next_random(&controller->random) % 40) * PAGE;
    char *region = call_reserve(caller, NULL, size, 0);
    HOSTMEM_REGION found;

    if (!region)
        return;
    found = call_find_region(caller, region + size - 1);
    expect(caller, "Base of a new region", (uintptr_t)found.Base, (uintptr_t)region);
    expect(caller, "Size of a new region", found.Size, size);
    expect(caller, "Committed in a new region", found.Committed, 0);
    expect(caller, "how often a new region is shown", call_enum_regions(caller, region), 1);
    call_commit(caller, region, PAGE);
    call_release_region(caller, region);
    expect(caller, "a released region is found still",
           call_find_region(caller, region).Sequence == found.Sequence, FALSE);
}

/*
 * Releases the very region that the frozen thread is using, and asks for its address. If the thread
 * is frozen in a call on the region, the address becomes free only when that call has ended.
 */
static void contest(struct controller *controller, struct worker *frozen)
{
    struct caller *caller = &controller->caller;

    if (!InterlockedExchange(&frozen->contested_live, 0))
        return;
    controller->contested_releases++;
    call_release_region(caller, frozen->contested);
    expect(caller, "Base of a contested region released",
           (uintptr_t)call_find_region(caller, frozen->contested).Base, 0);
    if (call_reserve_contested(caller, frozen->contested, CONTESTED_PAGES * PAGE))
        call_release_region(caller, frozen->contested);
}

/* The same of the view that the frozen thread is using. */
static void contest_view(struct controller *controller, struct worker *frozen)
{
    struct caller *caller = &controller->caller;

    if (!InterlockedExchange(&frozen->contested_view_live, 0))
        return;
    controller->contested_unmaps++;
    call_unmap_view(caller, frozen->contested_view);
    expect(caller, "Size of the section of a view that was unmapped",
           call_find_section(caller, frozen->contested_view).Size, 0);
    if (call_map_view_contested(caller, controller->world->section, frozen->contested_view,
                                2 * GRANULE))
        call_unmap_view(caller, frozen->contested_view);
}

/* ------------------------------------------------------------------------------------------------
 * Its own heap
 * --------------------------------------------------------------------------------------------- */

static void expect_heap(struct controller *controller)
{
    struct caller *caller = &controller->caller;
    HOSTMEM_HEAP heap = call_enum_heaps(caller, controller->heap_number);

    expect(caller, "the heap's number", heap.Number, controller->heap_number);
    expect(caller, "the heap's Blocks", heap.Blocks.Now, controller->blocks);
    expect(caller, "the heap's BlockBytes", heap.BlockBytes.Now, controller->block_bytes);
    expect(caller, "the heap's Allocations", heap.Allocations, controller->allocations);
    expect(caller, "the heap's Frees", heap.Frees, controller->frees);
    expect(caller, "blocks that the heap shows",
           call_enum_blocks(caller, controller->heap_number, UINT_MAX), controller->blocks);
}

/* On x86 the room for histories runs out, as hostmem.h says, and later blocks have none. */
#define HAS_ROOM_FOR_HISTORIES (sizeof(void *) == 8)

static void expect_block(struct controller *controller, unsigned i)
{
    struct caller *caller = &controller->caller;
    void *block = controller->kept[i].block;
    HOSTMEM_BLOCK found = call_find_block(caller, block);

    expect(caller, "Address of a block", (uintptr_t)found.Address, (uintptr_t)block);
    expect(caller, "Size of a block", found.Size, controller->kept[i].size);
    expect(caller, "Heap of a block", found.Heap, controller->heap_number);
    if (controller->kept[i].line && (found.Sequence || HAS_ROOM_FOR_HISTORIES))
        expect(caller, "Line of a block", (ULONGLONG)found.Line, controller->kept[i].line);
    expect_mark(caller, "what stands in a kept block", block, controller->kept[i].size);
}

static void free_kept(struct controller *controller, unsigned i)
{
    if (!controller->kept[i].block)
        return;
    expect_block(controller, i);
    call_free(&controller->caller, controller->heap, controller->kept[i].block);
    call_free_again(&controller->caller, controller->heap, controller->kept[i].block);
    controller->blocks--;
    controller->block_bytes -= controller->kept[i].size;
    controller->frees++;
    controller->kept[i].block = NULL;
}

static void keep_block(struct controller *controller, unsigned i, bool named)
{
    const SIZE_T size = random_size(next_random(&controller->random));
    const unsigned line = named ? i + 1 : 0;
    void *block = named ? call_debug_alloc(&controller->caller, controller->heap, size, (int)line)
                        : call_alloc(&controller->caller, controller->heap, size);

    if (!block)
        return;
    mark(block, size);
    controller->kept[i].block = block;
    controller->kept[i].size = size;
    controller->kept[i].line = line;
    controller->blocks++;
    controller->block_bytes += size;
    controller->allocations++;
    expect_block(controller, i);
}

static void use_heap(struct controller *controller)
{
    for (unsigned i = 0; i < 8; i++) {
        const unsigned at = (unsigned)(next_random(&controller->random) >> 32) % KEPT;

        free_kept(controller, at);
        keep_block(controller, at, i % 4 == 0);
    }
    expect_heap(controller);
}

static void live_a_heap_s_life(struct controller *controller)
{
    struct caller *caller = &controller->caller;
    IHostMalloc *heap = call_create_malloc(caller);
    void *small, *large;

    if (!heap)
        return;
    small = call_alloc(caller, heap, 100);
    large = call_debug_alloc(caller, heap, 50000, 3);
    expect(caller, "Size of a small block", call_find_block(caller, small).Size, 100);
    expect(caller, "Size of a large block", call_find_block(caller, large).Size, 50000);
    call_free(caller, heap, small);
    call_free(caller, heap, large);
    call_release_heap(caller, heap);
}

/* ------------------------------------------------------------------------------------------------
 * All of it
 * --------------------------------------------------------------------------------------------- */

static void use_what_is_shared(struct controller *controller)
{
    for (unsigned i = 0; i < 4; i++) {
        const uint64_t random = next_random(&controller->random);

        hand_over_block(controller->world, &controller->caller, random);
        use_shared_arena(controller->world, &controller->caller, random);
    }
    hand_over_region(controller->world, &controller->caller, next_random(&controller->random));
    hand_over_view(controller->world, &controller->caller, next_random(&controller->random));
}

static void tell_of_the_machine(struct controller *controller)
{
    struct caller *caller = &controller->caller;
    const uint64_t random = next_random(&controller->random);
    struct listener *listener = &controller->world->listeners[random % 2];
    char *base = controller->arena + GRANULE; /* it only names the range; nothing is mapped */

    call_memory_load(caller);
    call_register_callback(caller, &listener->ICLRMemoryNotificationCallback_iface);
    call_release_foreign(caller, controller);
    call_needs_space(caller);
    call_acquired_space(caller, base, GRANULE);
    expect(caller, "how often a mapped range is shown", call_enum_mapped_ranges(caller, base), 1);
    call_released_space(caller, base);
    expect(caller, "how often a released range is shown", call_enum_mapped_ranges(caller, base), 0);
    call_references(caller);
}

static void inspect(struct controller *controller, bool all)
{
    struct caller *caller = &controller->caller;

    call_audit(caller);
    call_enum_regions(caller, NULL);
    call_enum_size_classes(caller, all ? UINT_MAX : 1);
    call_trim(caller);
    call_set_limits(caller, next_random(&controller->random) % 4 ? 0 : 1 << 20);
    call_get_limits(caller);
    call_set_redirected_level(caller);
    call_statistics(caller);
}

/* With all other threads frozen, only the controller's own calls change the totals. */
static void expect_totals(struct controller *controller)
{
    struct caller *caller = &controller->caller;
    const HOSTMEM_STATISTICS before = call_statistics(caller);
    const SIZE_T size = (1 + next_random(&controller->random) % 16) * PAGE;
    void *region = call_reserve(caller, NULL, size, MEM_COMMIT);
    const HOSTMEM_STATISTICS with = call_statistics(caller);
    HOSTMEM_STATISTICS after;

    expect(caller, "Reserved with a region more", with.Reserved.Now, before.Reserved.Now + size);
    expect(caller, "Committed with a region more", with.Committed.Now, before.Committed.Now + size);
    expect(caller, "Regions with a region more", with.Regions.Now, before.Regions.Now + 1);
    expect(caller, "calls of VirtualAlloc", with.Methods[HostMemVirtualAlloc].Calls,
           before.Methods[HostMemVirtualAlloc].Calls + 1);
    call_release_region(caller, region);
    after = call_statistics(caller);
    expect(caller, "Reserved afterwards", after.Reserved.Now, before.Reserved.Now);
    expect(caller, "Committed afterwards", after.Committed.Now, before.Committed.Now);
    expect(caller, "Regions afterwards", after.Regions.Now, before.Regions.Now);
    expect(caller, "calls of VirtualFree", after.Methods[HostMemVirtualFree].Calls,
           before.Methods[HostMemVirtualFree].Calls + 1);
    controller->totals_compared++;
}

void controller_complete_everything(struct controller *controller, struct worker *frozen, bool all)
{
    contest(controller, frozen);
    contest_view(controller, frozen);
    use_arena(controller);
    use_fresh_region(controller);
    use_heap(controller);
    live_a_heap_s_life(controller);
    live_a_section_s_life(&controller->caller, next_random(&controller->random));
    use_what_is_shared(controller);
    tell_of_the_machine(controller);
    inspect(controller, all);
    if (all)
        expect_totals(controller);
}

/* ------------------------------------------------------------------------------------------------
 * Making and ending
 * --------------------------------------------------------------------------------------------- */

void controller_make(struct controller *controller, struct world *world, uint64_t seed)
{
    *controller = (struct controller){.world = world,
                                      .caller = world_caller(world, eProcessCritical),
                                      .random = seed | 1,
                                      .heap = subject_heap(&world->subject)};
    controller->arena =
        subject_alloc(&world->subject, ARENA_PAGES * PAGE, MEM_RESERVE, PAGE_READWRITE);
    keep_block(controller, 0, true);
    controller->heap_number = call_find_block(&controller->caller, controller->kept[0].block).Heap;
    controller->caller = world_caller(world, eProcessCritical);
}

void controller_end(struct controller *controller)
{
    for (unsigned i = 0; i < KEPT; i++)
        free_kept(controller, i);
    expect_heap(controller);
    call_release_heap(&controller->caller, controller->heap);
    call_release_region(&controller->caller, controller->arena);
}
