/*
 * shared_world.c: see shared_world.h.
 */
#include "shared_world.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * The callback
 * --------------------------------------------------------------------------------------------- */

static struct listener *
impl_from_ICLRMemoryNotificationCallback(ICLRMemoryNotificationCallback *iface)
{
    return CONTAINING_RECORD(iface, struct listener, ICLRMemoryNotificationCallback_iface);
}

static HRESULT WINAPI listener_QueryInterface(ICLRMemoryNotificationCallback *iface, REFIID riid,
                                              void **object)
{
    (void)iface;
    (void)riid;
    *object = NULL;
    return E_NOINTERFACE;
}

static ULONG WINAPI listener_AddRef(ICLRMemoryNotificationCallback *iface)
{
    return InterlockedIncrement(&impl_from_ICLRMemoryNotificationCallback(iface)->references);
}

static ULONG WINAPI listener_Release(ICLRMemoryNotificationCallback *iface)
{
    return InterlockedDecrement(&impl_from_ICLRMemoryNotificationCallback(iface)->references);
}

static HRESULT WINAPI listener_OnMemoryNotification(ICLRMemoryNotificationCallback *iface,
                                                    EMemoryAvailable available)
{
    struct listener *listener = impl_from_ICLRMemoryNotificationCallback(iface);
    DWORD load;
    SIZE_T bytes;

    (void)available;
    InterlockedIncrement(&listener->told);
    return IHostMemoryManager_GetMemoryLoad(listener->manager, &load, &bytes);
}

static const ICLRMemoryNotificationCallbackVtbl listener_vtbl = {
    listener_QueryInterface,
    listener_AddRef,
    listener_Release,
    listener_OnMemoryNotification,
};

/* ------------------------------------------------------------------------------------------------
 * Making and ending
 * --------------------------------------------------------------------------------------------- */

void world_make(struct world *world, DWORD heap_flags)
{
    HOSTMEM_OPTIONS options = {
        .cbSize = sizeof(options), .dwFlags = heap_flags, .EmergencyReservation = 16 * GRANULE};

    *world = (struct world){.subject = subject_make(&options), .heap_flags = heap_flags};
    world->heap = subject_heap(&world->subject);
    world->arena = subject_alloc(&world->subject, ARENA_PAGES * PAGE, MEM_RESERVE, PAGE_READWRITE);
    shared_sections_make(world);
    for (unsigned i = 0; i < COUNT_OF(world->listeners); i++) {
        world->listeners[i].ICLRMemoryNotificationCallback_iface.lpVtbl = &listener_vtbl;
        world->listeners[i].manager = world->subject.manager;
    }
}

struct caller world_caller(const struct world *world, EMemoryCriticalLevel level)
{
    return (struct caller){.manager = world->subject.manager,
                           .inspection = world->subject.inspection,
                           .sections = &world->section_calls,
                           .level = level};
}

static void give_back_handovers(struct world *world)
{
    for (unsigned i = 0; i < HANDOVERS; i++) {
        if (world->regions[i])
            subject_release(&world->subject, world->regions[i]);
        assert_hresult(IHostMalloc_Free(world->heap, world->blocks[i]), S_OK);
    }
}

void world_end(struct world *world)
{
    HOSTMEM_STATISTICS statistics;

    assert_clean_audit(&world->subject);
    give_back_handovers(world);
    subject_release(&world->subject, world->arena);
    assert_figure(IHostMalloc_Release(world->heap), 0);
    shared_sections_end(world); /* a manager that holds memory would outlive its redirection */
    assert_empty_books(&world->subject);
    statistics = statistics_of(&world->subject);
    assert_figure(statistics.Heaps.Now, 0);
    assert_figure(statistics.LeakedBlocks, 0);
    assert_figure(statistics.DamagedBlocks, 0);
    subject_end(&world->subject);
    for (unsigned i = 0; i < COUNT_OF(world->listeners); i++)
        assert_figure(world->listeners[i].references, 0);
}

/* ------------------------------------------------------------------------------------------------
 * What is shared
 * --------------------------------------------------------------------------------------------- */

#define MARK ((uintptr_t)0x5eedf00d)

void mark(void *memory, SIZE_T size)
{
    const uintptr_t words = (uintptr_t)memory ^ MARK;

    if (size >= LEAST_MARKED)
        memcpy(memory, &words, sizeof(words));
}

void expect_mark(struct caller *caller, const char *what, const void *memory, SIZE_T size)
{
    uintptr_t words;

    if (size < LEAST_MARKED)
        return;
    memcpy(&words, memory, sizeof(words));
    expect(caller, what, words, (uintptr_t)memory ^ MARK);
}

void hand_over_region(struct world *world, struct caller *caller, uint64_t random)
{
    void *region = call_reserve(caller, NULL, PAGE * (1 + random % 16), MEM_COMMIT);
    void *other;

    if (region)
        mark(region, PAGE);
    other = InterlockedExchangePointer(&world->regions[random / 16 % HANDOVERS], region);
    if (!other)
        return;
    expect_mark(caller, "what stands in a region handed over", other, PAGE);
    call_release_region(caller, other);
}

void hand_over_block(struct world *world, struct caller *caller, uint64_t random)
{
    const SIZE_T size = LEAST_MARKED + random_size(random);
    void *block = random >> 60 == 0 ? call_debug_alloc(caller, world->heap, size, 7)
                                    : call_alloc(caller, world->heap, size);
    void *other;

    if (block)
        mark(block, size);
    other = InterlockedExchangePointer(&world->blocks[(random >> 40) % HANDOVERS], block);
    if (other)
        expect_mark(caller, "what stands in a block handed over", other, LEAST_MARKED);
    call_free(caller, world->heap, other);
}

void use_shared_arena(struct world *world, struct caller *caller, uint64_t random)
{
    const SIZE_T pages = 1 + random % 12;
    char *at = world->arena + random / 16 % (ARENA_PAGES - 12) * PAGE;

    switch (random >> 32 & 3) {
    case 0:
        call_decommit(caller, at, pages * PAGE);
        break;
    case 1:
        expect(caller, "AllocationBase in the arena that all share",
               (uintptr_t)call_query(caller, at).AllocationBase, (uintptr_t)world->arena);
        break;
    default:
        call_commit(caller, at, pages * PAGE);
        break;
    }
}

SIZE_T random_size(uint64_t random)
{
    static const SIZE_T limits[] = {16, 64, 64, 64, 200, 200, 500, 1500};
    const SIZE_T number = (SIZE_T)(random >> 16 & 0xffffff);

    switch (random & 0xff) {
    case 0:
        return 40000 + number % 60000;
    case 1:
        return number % 32000;
    case 2:
    case 3:
        return number % 9000;
    default:
        return number % limits[random / 4 % COUNT_OF(limits)];
    }
}
