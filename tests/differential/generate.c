/*
 * generate.c: see generate.h.
 */
#include "generate.h"

/* ------------------------------------------------------------------------------------------------
 * Choices
 * --------------------------------------------------------------------------------------------- */

static unsigned below(struct generator *generator, unsigned limit)
{
    return (unsigned)((next_random(&generator->random) >> 16) % limit);
}

static bool percent(struct generator *generator, unsigned chance)
{
    return below(generator, 100) < chance;
}

#define ONE_OF(generator, array) ((array)[below((generator), COUNT_OF(array))])

/* Mixes the seed, so that similar seeds do not begin alike. */
struct generator generate_from(uint64_t seed)
{
    struct generator generator = {(seed ^ seed >> 31) * UINT64_C(0x9e3779b97f4a7c15) | 1};

    for (int i = 0; i < 8; i++)
        next_random(&generator.random);
    return generator;
}

/* ------------------------------------------------------------------------------------------------
 * Where
 * --------------------------------------------------------------------------------------------- */

/* Two times of five, beside the mark: by a byte, a page, a granule, or those less or more a byte.
 */
static uintptr_t near_to(struct generator *generator, uintptr_t mark)
{
    static const intptr_t steps[] = {
        1,      -1,      0x1000,   -0x1000, 0xfff,   -0xfff,  0x1001,   -0x1001, 0x2000, -0x2000,
        0x3000, 0x10000, -0x10000, 0xffff,  -0xffff, 0x10001, -0x10001, 0x20000, 0x7000,
    };

    if (percent(generator, 60))
        return mark;
    return mark + (uintptr_t)ONE_OF(generator, steps);
}

/* Where regions are made: mostly about the two chunk boundaries of the window. */
static uintptr_t random_granule(struct generator *generator)
{
    unsigned granules = (unsigned)(2 * WINDOW_MARGIN / GRANULE);

    if (percent(generator, 3))
        return below(generator, (unsigned)(WINDOW_SIZE / GRANULE)) * GRANULE;
    return below(generator, granules) * GRANULE + (percent(generator, 30) ? CHUNK : 0);
}

enum wanted {
    ANY,
    COMMITTED, /* somewhere */
    WATCHED,   /* likewise, and with write watch */
};

static bool is_wanted(const struct world_region *region, enum wanted wanted)
{
    return (wanted == ANY || region->committed) && (wanted != WATCHED || region->watched);
}

/* One that is wanted, if there are not too few. */
static const struct world_region *random_region(struct generator *generator,
                                                const struct world *world, enum wanted wanted)
{
    const struct world_region *region = NULL;

    for (int attempt = 0; attempt < 16; attempt++) {
        region = &world->regions[below(generator, world->region_count)];
        if (is_wanted(region, wanted))
            break;
    }
    return region;
}

static void aim_near(struct generator *generator, const struct world_region *region, uintptr_t mark,
                     struct step *step)
{
    uintptr_t offset = near_to(generator, mark);

    step->place = region->place;
    step->made = region->made;
    if (region->place == PLACE_MADE && offset >= region->size)
        offset = below(generator, (unsigned)region->size);
    step->offset = offset % WINDOW_SIZE;
}

/* Where a chunk begins in the region; its base, if none does. */
static uintptr_t chunk_in(struct generator *generator, const struct world_region *region)
{
    uintptr_t boundary = WINDOW_MARGIN + (percent(generator, 50) ? CHUNK : 0);

    return boundary - region->begin < region->size ? boundary : region->begin;
}

static void aim_at_region(struct generator *generator, const struct world *world, struct step *step)
{
    const struct world_region *region = random_region(generator, world, ANY);
    const uintptr_t marks[] = {region->begin,
                               region->begin,
                               region->begin + region->size,
                               region->begin +
                                   below(generator, (unsigned)(region->size / PAGE)) * PAGE,
                               region->begin + below(generator, 16) * PAGE,
                               chunk_in(generator, region)};

    aim_near(generator, region, ONE_OF(generator, marks), step);
}

/* A random page of the region, or the first page after it that is committed. */
static uintptr_t committed_page(struct generator *generator, const struct world *world,
                                const struct world_region *region)
{
    const struct step base = {.place = region->place, .made = region->made};
    const char *origin = world_address(&world->theirs, &base);
    uintptr_t offset = region->begin + below(generator, (unsigned)(region->size / PAGE)) * PAGE;
    MEMORY_BASIC_INFORMATION range;

    for (int run = 0; run < 8; run++) {
        if (!VirtualQuery(origin + offset, &range, sizeof(range)) || range.State == MEM_COMMIT)
            break;
        offset = (uintptr_t)range.BaseAddress + range.RegionSize - (uintptr_t)origin;
        if (offset >= region->begin + region->size)
            offset = region->begin;
    }
    return offset;
}

static void aim_at_committed(struct generator *generator, const struct world *world,
                             enum wanted wanted, struct step *step)
{
    const struct world_region *region = random_region(generator, world, wanted);

    aim_near(generator, region, committed_page(generator, world, region), step);
}

static void aim_at_window(struct generator *generator, struct step *step)
{
    static const uintptr_t boundaries[] = {WINDOW_MARGIN, WINDOW_MARGIN + CHUNK};
    uintptr_t mark =
        percent(generator, 15) ? ONE_OF(generator, boundaries) : random_granule(generator);

    step->place = PLACE_WINDOW;
    step->offset = near_to(generator, mark) % WINDOW_SIZE;
}

/* An address where there is no memory, and can be none. */
static void aim_at_nowhere(struct generator *generator, struct step *step)
{
    static const uintptr_t addresses[] = {
        0,
        0,
        0,
        0x1000,
        0xfff,
        0xffff,
        KERNEL_ADDRESS,
        KERNEL_ADDRESS + 1,
        UINTPTR_MAX,
        UINTPTR_MAX - 0xfff,
        UINTPTR_MAX - 0x1fff,
        UINTPTR_MAX - 0xffff,
    };

    step->place = PLACE_ANYWHERE;
    step->offset = ONE_OF(generator, addresses);
}

static void aim(struct generator *generator, const struct world *world, struct step *step)
{
    if (percent(generator, 2))
        aim_at_nowhere(generator, step);
    else if (percent(generator, 85))
        aim_at_region(generator, world, step);
    else
        aim_at_window(generator, step);
}

/* ------------------------------------------------------------------------------------------------
 * How much
 * --------------------------------------------------------------------------------------------- */

static SIZE_T small_size(struct generator *generator)
{
    static const SIZE_T sizes[] = {1,      0xfff,  0x1000, 0x1000, 0x1001,
                                   0x2000, 0x3000, 0x7000, 0x8001};

    return ONE_OF(generator, sizes);
}

static SIZE_T granules_size(struct generator *generator)
{
    SIZE_T granules = 1 + below(generator, percent(generator, 5) ? 48 : 6);

    return near_to(generator, granules * GRANULE);
}

/* More than there is, or than fits behind the address. */
static SIZE_T wrong_size(struct generator *generator)
{
    static const SIZE_T sizes[] = {0,
                                   0,
                                   WINDOW_SIZE,
                                   MORE_THAN_THERE_IS,
                                   SIZE_MAX,
                                   SIZE_MAX - 0xfff,
                                   SIZE_MAX - 0xffff,
                                   SIZE_MAX / 2 + 1,
                                   (SIZE_T)0 - 0x20000};

    return ONE_OF(generator, sizes);
}

/* As far as a boundary: the region's end, or where the next chunk begins. */
static SIZE_T size_up_to_mark(struct generator *generator, struct world *world,
                              const struct step *step)
{
    const struct world_region *region = world_find(world, step);
    uintptr_t mark = step->offset < WINDOW_MARGIN ? WINDOW_MARGIN : WINDOW_MARGIN + CHUNK;

    if (region && percent(generator, 80))
        mark = region->begin + region->size;
    mark = near_to(generator, mark);
    return mark > step->offset ? mark - step->offset : small_size(generator);
}

static SIZE_T random_size(struct generator *generator, struct world *world, const struct step *step)
{
    unsigned chance = below(generator, 100);

    if (chance < 45)
        return small_size(generator);
    if (chance < 70)
        return granules_size(generator);
    if (chance < 96 && step->place != PLACE_ANYWHERE)
        return size_up_to_mark(generator, world, step);
    return wrong_size(generator);
}

static SIZE_T region_size(struct generator *generator, struct world *world, const struct step *step)
{
    return percent(generator, 60) ? granules_size(generator) : random_size(generator, world, step);
}

/* ------------------------------------------------------------------------------------------------
 * What
 * --------------------------------------------------------------------------------------------- */

static DWORD random_bit(struct generator *generator)
{
    return (DWORD)1 << below(generator, 32);
}

static DWORD random_protection(struct generator *generator)
{
    static const DWORD valid[] = {
        PAGE_READWRITE, PAGE_READWRITE, PAGE_READWRITE,    PAGE_READWRITE,         PAGE_READONLY,
        PAGE_NOACCESS,  PAGE_EXECUTE,   PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE,
    };
    static const DWORD odd[] = {0,
                                3,
                                PAGE_READWRITE | PAGE_READONLY,
                                PAGE_WRITECOPY,
                                PAGE_EXECUTE_WRITECOPY,
                                PAGE_GUARD,
                                PAGE_GUARD | PAGE_NOACCESS,
                                PAGE_READWRITE | PAGE_NOCACHE,
                                PAGE_READWRITE | PAGE_WRITECOMBINE,
                                PAGE_READWRITE | PAGE_NOCACHE | PAGE_WRITECOMBINE,
                                0x40000000,
                                MAXDWORD};
    unsigned chance = below(generator, 100);

    if (chance < 8)
        return ONE_OF(generator, valid) | PAGE_GUARD;
    if (chance < 13)
        return ONE_OF(generator, odd);
    if (chance < 15)
        return ONE_OF(generator, valid) | random_bit(generator);
    return ONE_OF(generator, valid);
}

static DWORD region_type(struct generator *generator)
{
    DWORD type = MEM_RESERVE;

    if (percent(generator, 40))
        type |= MEM_COMMIT;
    if (percent(generator, 15))
        type |= MEM_WRITE_WATCH;
    if (percent(generator, 8))
        type |= MEM_TOP_DOWN;
    if (percent(generator, 3))
        type |= random_bit(generator);
    return type;
}

static DWORD type_inside(struct generator *generator)
{
    static const DWORD odd[] = {0,
                                MEM_RESET,
                                MEM_RESET,
                                MEM_RESET,
                                MEM_RESET_UNDO,
                                MEM_RESET | MEM_COMMIT,
                                MEM_RESET_UNDO | MEM_COMMIT,
                                MEM_RESET | MEM_RESET_UNDO,
                                MEM_COMMIT | MEM_TOP_DOWN,
                                MEM_COMMIT | MEM_WRITE_WATCH,
                                MEM_COMMIT | MEM_LARGE_PAGES,
                                MEM_COMMIT | MEM_PHYSICAL,
                                MEM_TOP_DOWN,
                                MEM_WRITE_WATCH,
                                MEM_DECOMMIT,
                                MEM_RELEASE,
                                MAXDWORD};

    if (percent(generator, 85))
        return MEM_COMMIT;
    if (percent(generator, 10))
        return MEM_COMMIT | random_bit(generator);
    return ONE_OF(generator, odd);
}

/* ------------------------------------------------------------------------------------------------
 * Steps
 * --------------------------------------------------------------------------------------------- */

static void make_region(struct generator *generator, struct world *world, struct step *step)
{
    step->type = region_type(generator);
    step->protect = random_protection(generator);
    if (percent(generator, 88)) {
        aim_at_window(generator, step);
        step->size = region_size(generator, world, step);
        return;
    }
    step->place = PLACE_ANYWHERE;
    step->made = below(generator, MADE);
    step->size =
        percent(generator, 90) ? granules_size(generator) : random_size(generator, world, step);
    if (percent(generator, 20))
        step->type = type_inside(generator);
    if (percent(generator, 3))
        aim_at_nowhere(generator, step);
}

/* A region that has a chunk to itself, and something on either side. */
static void make_wide_region(struct generator *generator, struct step *step)
{
    unsigned granules = (unsigned)(WINDOW_MARGIN / GRANULE) - 1;

    step->place = PLACE_WINDOW;
    step->offset = (1 + below(generator, granules)) * GRANULE;
    step->size = WINDOW_MARGIN + CHUNK - step->offset + below(generator, granules) * GRANULE;
    step->type = region_type(generator);
    step->protect = random_protection(generator);
}

/* There is room for a wide region while there is nothing else but the fences. */
static bool has_room(const struct world *world)
{
    return world->region_count == 2;
}

static void change_inside(struct generator *generator, struct world *world, struct step *step)
{
    aim(generator, world, step);
    step->made = step->place == PLACE_ANYWHERE ? below(generator, MADE) : step->made;
    step->size = random_size(generator, world, step);
    step->type = type_inside(generator);
    step->protect = random_protection(generator);
}

/* A region's base, and size 0: what a release should be. */
static void aim_at_base(struct generator *generator, const struct world *world, struct step *step)
{
    const struct world_region *region = random_region(generator, world, ANY);

    step->place = region->place;
    step->made = region->made;
    step->offset = region->begin;
    step->size = 0;
}

static void give_back(struct generator *generator, struct world *world, struct step *step)
{
    aim_at_base(generator, world, step);
    step->type = MEM_RELEASE;
    if (percent(generator, 75))
        return;
    aim(generator, world, step);
    step->size = percent(generator, 70) ? 0 : random_size(generator, world, step);
}

static void decommit(struct generator *generator, struct world *world, struct step *step)
{
    static const DWORD odd[] = {0,
                                MEM_RELEASE | MEM_DECOMMIT,
                                MEM_RELEASE | 1,
                                MEM_RELEASE | 2,
                                MEM_DECOMMIT | 2,
                                MEM_FREE,
                                MAXDWORD};

    aim(generator, world, step);
    step->size = percent(generator, 8) ? 0 : random_size(generator, world, step);
    step->type = MEM_DECOMMIT;
    if (percent(generator, 8))
        step->type = percent(generator, 80) ? ONE_OF(generator, odd) : random_bit(generator);
    if (percent(generator, 5))
        aim_at_base(generator, world, step);
}

/* Most of these are about memory that is committed. */
static void touch(struct generator *generator, struct world *world, struct step *step)
{
    bool watch = step->kind == STEP_GET_WATCH || step->kind == STEP_RESET_WATCH;

    if (percent(generator, 75))
        aim_at_committed(generator, world,
                         watch || (step->kind == STEP_WRITE && percent(generator, 50)) ? WATCHED
                                                                                       : COMMITTED,
                         step);
    else
        aim(generator, world, step);
    step->size = random_size(generator, world, step);
    step->protect = random_protection(generator);
    if (step->kind == STEP_GET_WATCH) {
        step->type = percent(generator, 5) ? random_bit(generator) : below(generator, 2);
        step->protect = percent(generator, 50) ? 64 : below(generator, 8);
    }
}

static enum step_kind random_kind(struct generator *generator)
{
    static const enum step_kind kinds[] = {
        STEP_PROTECT,   STEP_PROTECT,   STEP_PROTECT,     STEP_PROTECT, STEP_QUERY,
        STEP_QUERY,     STEP_WRITE,     STEP_WRITE,       STEP_WRITE,   STEP_GET_WATCH,
        STEP_GET_WATCH, STEP_GET_WATCH, STEP_RESET_WATCH,
    };

    return ONE_OF(generator, kinds);
}

/* Memory that the manager does not own is made, or given back. */
static void play_alien(struct generator *generator, struct world *world, struct step *step)
{
    if (percent(generator, 60)) {
        make_region(generator, world, step);
        step->kind = STEP_ALLOC_ALIEN;
    } else {
        decommit(generator, world, step);
        step->kind = STEP_FREE_ALIEN;
    }
}

/* Regions make room when there are many. */
static unsigned release_chance(const struct world *world)
{
    return world->region_count > 28 ? 16 : world->region_count > 14 ? 9 : 3;
}

struct step generate_step(struct generator *generator, struct world *world)
{
    struct step step = {.kind = STEP_ALLOC};
    unsigned chance = below(generator, 100);
    unsigned release = release_chance(world);

    if (has_room(world) && percent(generator, 25)) {
        make_wide_region(generator, &step);
    } else if (chance < 18) {
        make_region(generator, world, &step);
    } else if (chance < 18 + release) {
        step.kind = STEP_FREE;
        give_back(generator, world, &step);
    } else if (chance < 60) {
        change_inside(generator, world, &step);
    } else if (chance < 75) {
        step.kind = STEP_FREE;
        decommit(generator, world, &step);
    } else if (chance < 78) {
        play_alien(generator, world, &step);
    } else {
        step.kind = random_kind(generator);
        touch(generator, world, &step);
    }
    return step;
}

bool generate_last_step(const struct world *world, struct step *step)
{
    for (unsigned i = 0; i < world->region_count; i++) {
        const struct world_region *region = &world->regions[i];

        if (region->fence)
            continue;
        *step = (struct step){.kind = region->owned ? STEP_FREE : STEP_FREE_ALIEN,
                              .place = region->place,
                              .made = region->made,
                              .offset = region->begin,
                              .type = MEM_RELEASE};
        return true;
    }
    return false;
}
