/*
 * twin_world.c: see twin_world.h.
 */
#include "twin_world.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * Windows
 * --------------------------------------------------------------------------------------------- */

/*
 * Far from where the system, or what Wine runs on, puts things of its own meanwhile: threads'
 * stacks, tables, libraries, and what it finds a place for.
 */
#ifdef _WIN64
#define FIRST_CHUNK ((uintptr_t)(UINT64_C(1) << 44))
#else
#define FIRST_CHUNK ((uintptr_t)0x10000000)
#endif
#define CHUNKS_TO_TRY 16

static bool reserve(char *address, SIZE_T size)
{
    return VirtualAlloc(address, size, MEM_RESERVE, PAGE_NOACCESS) == address;
}

/*
 * On x86 Wine 8 may hand out address space that VirtualQuery calls taken, before and after: that is
 * no window.
 */
static bool is_free(char *window)
{
    MEMORY_BASIC_INFORMATION range;

    return VirtualQuery(window, &range, sizeof(range)) && range.State == MEM_FREE &&
           range.RegionSize >= WINDOW_SIZE && reserve(window, WINDOW_SIZE) &&
           VirtualFree(window, 0, MEM_RELEASE);
}

/* Every second chunk may be a window's whole one. */
static char *find_window(unsigned *number)
{
    while (*number < CHUNKS_TO_TRY) {
        uintptr_t chunk = FIRST_CHUNK + (uintptr_t)(*number * 2) * CHUNK;
        char *window = (char *)(chunk - WINDOW_MARGIN);

        ++*number;
        if (is_free(window))
            return window;
    }
    fail_msg("there is no free address space of %u MiB", (unsigned)(WINDOW_SIZE >> 20));
    return NULL;
}

/*
 * Reserves the first and last granule of the window, so that no other allocation touches what is
 * between.
 */
static void fence(struct world *world, uintptr_t offset)
{
    assert_true(reserve(world->ours.window + offset, GRANULE));
    assert_true(reserve(world->theirs.window + offset, GRANULE));
    world->regions[world->region_count++] = (struct world_region){
        .place = PLACE_WINDOW, .begin = offset, .size = GRANULE, .fence = true};
}

static void sweep(struct twin *twin)
{
    MEMORY_BASIC_INFORMATION range;

    for (char *at = twin->window; at < twin->window + WINDOW_SIZE;
         at = (char *)range.BaseAddress + range.RegionSize) {
        if (!VirtualQuery(at, &range, sizeof(range)))
            break;
        if (range.State != MEM_FREE)
            VirtualFree(range.AllocationBase, 0, MEM_RELEASE);
    }
    for (unsigned i = 0; i < MADE; i++) {
        if (twin->made[i])
            VirtualFree(twin->made[i], 0, MEM_RELEASE);
    }
}

/* ------------------------------------------------------------------------------------------------
 * A world
 * --------------------------------------------------------------------------------------------- */

static struct subject make_shipped(void)
{
    return subject_make(NULL);
}

const struct world_maker shipped_manager = {make_shipped, subject_end};

void world_open(struct world *world, const struct world_maker *maker)
{
    SYSTEM_INFO system;
    unsigned number = 0;

    memset(world, 0, sizeof(*world));
    GetSystemInfo(&system);
    world->last_address = (uintptr_t)system.lpMaximumApplicationAddress;
    world->reset = calloc(WINDOW_SIZE / PAGE / 8, 1);
    assert_non_null(world->reset);
    world->subject = maker->make();
    world->ours.manager = world->subject.manager;
    world->ours.window = find_window(&number);
    world->theirs.window = find_window(&number);
    fence(world, 0);
    fence(world, WINDOW_SIZE - GRANULE);
}

void world_close(struct world *world, const struct world_maker *maker)
{
    sweep(&world->ours);
    sweep(&world->theirs);
    maker->end(&world->subject);
    free(world->reset);
}

char *world_address(const struct twin *twin, const struct step *step)
{
    switch (step->place) {
    case PLACE_WINDOW:
        return twin->window + step->offset;
    case PLACE_MADE:
        return twin->made[step->made] + step->offset;
    default:
        return (char *)step->offset;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Regions
 * --------------------------------------------------------------------------------------------- */

struct world_region *world_find_at(struct world *world, enum step_place place, unsigned made,
                                   uintptr_t offset)
{
    for (unsigned i = 0; i < world->region_count; i++) {
        struct world_region *region = &world->regions[i];

        if (region->place == place && region->made == made && offset - region->begin < region->size)
            return region;
    }
    return NULL;
}

struct world_region *world_find(struct world *world, const struct step *step)
{
    return world_find_at(world, step->place, step->place == PLACE_MADE ? step->made : 0,
                         step->offset);
}

/* How far the allocation that begins there reaches. */
static SIZE_T extent(const char *base)
{
    MEMORY_BASIC_INFORMATION range;
    const char *at = base;

    while (VirtualQuery(at, &range, sizeof(range)) && range.State != MEM_FREE &&
           range.AllocationBase == base)
        at += range.RegionSize;
    return (SIZE_T)(at - base);
}

void world_add(struct world *world, const struct step *step, const char *memory)
{
    struct world_region *region = &world->regions[world->region_count++];
    bool in_window = step->place == PLACE_WINDOW;

    *region = (struct world_region){
        .place = in_window ? PLACE_WINDOW : PLACE_MADE,
        .made = in_window ? 0 : step->made,
        .begin = in_window ? (uintptr_t)(memory - world->theirs.window) : 0,
        .size = extent(memory),
        .owned = step->kind == STEP_ALLOC,
        .watched = (step->type & MEM_WRITE_WATCH) != 0,
    };
}

void world_remove(struct world *world, struct world_region *region)
{
    if (region->place == PLACE_MADE)
        world->ours.made[region->made] = world->theirs.made[region->made] = NULL;
    *region = world->regions[--world->region_count];
}

static void note_peak(ULONGLONG *peak, ULONGLONG now)
{
    if (*peak < now)
        *peak = now;
}

void world_sum(struct world *world)
{
    struct world_books *books = &world->books;

    books->reserved = books->committed = books->regions = 0;
    for (unsigned i = 0; i < world->region_count; i++) {
        if (world->regions[i].owned) {
            books->reserved += world->regions[i].size;
            books->committed += world->regions[i].committed;
            books->regions++;
        }
    }
    note_peak(&books->reserved_peak, books->reserved);
    note_peak(&books->committed_peak, books->committed);
    note_peak(&books->regions_peak, books->regions);
}

/* ------------------------------------------------------------------------------------------------
 * Pages whose contents the system may have dropped
 * --------------------------------------------------------------------------------------------- */

bool world_was_reset(const struct world *world, uintptr_t offset)
{
    return world->reset[offset / PAGE / 8] >> (offset / PAGE % 8) & 1;
}

void world_note_reset(struct world *world, uintptr_t offset, SIZE_T size)
{
    uintptr_t end = offset + size;

    for (uintptr_t page = offset / PAGE; page * PAGE < end && page < WINDOW_SIZE / PAGE; page++)
        world->reset[page / 8] |= (unsigned char)(1u << page % 8);
}

void world_note_write(struct world *world, uintptr_t offset)
{
    world->reset[offset / PAGE / 8] &= (unsigned char)~(1u << offset / PAGE % 8);
}
