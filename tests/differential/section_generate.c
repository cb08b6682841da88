/*
 * section_generate.c: see section_generate.h.
 */
#include "section_generate.h"

static unsigned below(struct section_generator *generator, unsigned limit)
{
    return (unsigned)((next_random(&generator->random) >> 16) % limit);
}

static bool percent(struct section_generator *generator, unsigned chance)
{
    return below(generator, 100) < chance;
}

#define ONE_OF(generator, array) ((array)[below((generator), COUNT_OF(array))])

struct section_generator section_generate_from(uint64_t seed)
{
    struct section_generator generator = {(seed ^ seed >> 31) * UINT64_C(0x9e3779b97f4a7c15) | 1,
                                          false, false};

    for (int i = 0; i < 8; i++)
        next_random(&generator.random);
    generator.names = percent(&generator, 40);
    generator.ends = percent(&generator, 40);
    return generator;
}

/* ------------------------------------------------------------------------------------------------
 * Where and how much
 * --------------------------------------------------------------------------------------------- */

/* One time of four beside the figure. */
static ULONGLONG near_to(struct section_generator *generator, ULONGLONG figure)
{
    static const int steps[] = {1, -1, 0x1000, -0x1000, 0xfff, 0x1001, 0x10000, -0x10000};

    return percent(generator, 75) ? figure : figure + (ULONGLONG)(LONGLONG)ONE_OF(generator, steps);
}

/* A slot, for as long as there are such, that is taken or not. */
static unsigned random_handle(struct section_generator *generator,
                              const struct section_twins *twins, bool taken)
{
    unsigned slot = 0;

    if (taken && percent(generator, 3))
        return SECTION_HANDLES + below(generator, 2);
    for (int attempt = 0; attempt < 16; attempt++) {
        slot = below(generator, SECTION_HANDLES);
        if (!twins->theirs.handles[slot] == !taken)
            break;
    }
    return slot;
}

static unsigned random_view(struct section_generator *generator, const struct section_twins *twins,
                            bool taken)
{
    unsigned slot = 0;

    for (int attempt = 0; attempt < 16; attempt++) {
        slot = below(generator, SECTION_VIEWS);
        if (!twins->theirs.views[slot] == !taken)
            break;
    }
    return slot;
}

/* Mostly about the middle of the window, where a chunk begins. */
static uintptr_t random_offset(struct section_generator *generator)
{
    uintptr_t granule = percent(generator, 80)
                            ? SECTION_WINDOW / 2 / GRANULE - 12 + below(generator, 24)
                            : below(generator, (unsigned)(SECTION_WINDOW / GRANULE));

    return (uintptr_t)near_to(generator, granule * GRANULE) % SECTION_WINDOW;
}

static void aim_at_view(struct section_generator *generator, const struct section_twins *twins,
                        struct section_step *step)
{
    SIZE_T pages;

    step->place = SECTION_AT_VIEW;
    step->target = random_view(generator, twins, true);
    if (!twins->theirs.views[step->target]) { /* there is none */
        step->place = SECTION_AT_WINDOW;
        step->offset = random_offset(generator);
        return;
    }
    pages = twins->theirs.extents[step->target] / PAGE;
    step->offset = percent(generator, 20) ? 0 : below(generator, (unsigned)pages) * PAGE;
    step->offset += percent(generator, 15) ? below(generator, (unsigned)PAGE) : 0;
}

static void aim(struct section_generator *generator, const struct section_twins *twins,
                struct section_step *step)
{
    static const uintptr_t nowhere[] = {KERNEL_ADDRESS, UINTPTR_MAX - 0xfff, UINTPTR_MAX};

    if (percent(generator, 85)) {
        aim_at_view(generator, twins, step);
    } else if (percent(generator, 90)) {
        step->place = SECTION_AT_WINDOW;
        step->offset = random_offset(generator);
    } else {
        step->place = SECTION_NOWHERE;
        step->offset = ONE_OF(generator, nowhere);
    }
}

static ULONGLONG section_size(struct section_generator *generator)
{
    static const ULONGLONG sizes[] = {0,           1,           PAGE,         GRANULE - 1, GRANULE,
                                      GRANULE + 1, 4 * GRANULE, SECTION_HUGE, SECTION_HUGE};

    return percent(generator, 40) ? ONE_OF(generator, sizes) : (1 + below(generator, 24)) * GRANULE;
}

/* ------------------------------------------------------------------------------------------------
 * Steps
 * --------------------------------------------------------------------------------------------- */

static DWORD random_protection(struct section_generator *generator)
{
    static const DWORD protections[] = {PAGE_READWRITE,
                                        PAGE_READWRITE,
                                        PAGE_READWRITE,
                                        PAGE_EXECUTE_READWRITE,
                                        PAGE_READONLY,
                                        PAGE_EXECUTE_READ,
                                        PAGE_WRITECOPY,
                                        PAGE_NOACCESS,
                                        0,
                                        PAGE_READWRITE | PAGE_GUARD};

    return ONE_OF(generator, protections);
}

static void make(struct section_generator *generator, const struct section_twins *twins,
                 struct section_step *step)
{
    static const DWORD kinds[] = {
        SEC_RESERVE, SEC_RESERVE, SEC_RESERVE, SEC_RESERVE, SEC_COMMIT,
        0,           SEC_NOCACHE, SEC_IMAGE,   0x00100000,  SEC_COMMIT | SEC_RESERVE};

    step->kind = SECTION_MAKE;
    step->handle = random_handle(generator, twins, false);
    step->size = section_size(generator);
    step->protect =
        (percent(generator, 90) ? PAGE_EXECUTE_READWRITE : random_protection(generator)) |
        ONE_OF(generator, kinds);
    if (step->size == SECTION_HUGE)
        step->protect = PAGE_EXECUTE_READWRITE | SEC_RESERVE;
    step->name = generator->names ? below(generator, SECTION_NAMES + 1) : 0;
    if (step->name && percent(generator, 30)) {
        step->kind = SECTION_OPEN;
        step->protect = percent(generator, 80) ? FILE_MAP_ALL_ACCESS : FILE_MAP_READ;
    }
}

static void use_handle(struct section_generator *generator, const struct section_twins *twins,
                       struct section_step *step)
{
    static const DWORD options[] = {DUPLICATE_SAME_ACCESS, DUPLICATE_SAME_ACCESS, 0,
                                    DUPLICATE_CLOSE_SOURCE | DUPLICATE_SAME_ACCESS,
                                    DUPLICATE_CLOSE_SOURCE};
    unsigned chance = below(generator, 100);

    step->handle = random_handle(generator, twins, true);
    if (chance < 35) {
        step->kind = SECTION_CLOSE;
    } else if (chance < 43) {
        step->kind = SECTION_CLOSE_UNSEEN;
    } else if (chance < 55) {
        step->kind = SECTION_GUARD;
        step->type = percent(generator, 35);
    } else {
        step->kind = SECTION_DUPLICATE;
        step->target = random_handle(generator, twins, false) % SECTION_HANDLES;
        step->type = ONE_OF(generator, options);
        step->protect = percent(generator, 70) ? SECTION_ALL_ACCESS : SECTION_MAP_READ;
    }
}

static void map(struct section_generator *generator, const struct section_twins *twins,
                struct section_step *step)
{
    static const DWORD accesses[] = {FILE_MAP_WRITE, FILE_MAP_WRITE,
                                     FILE_MAP_WRITE, FILE_MAP_ALL_ACCESS | FILE_MAP_EXECUTE,
                                     FILE_MAP_READ,  FILE_MAP_READ | FILE_MAP_EXECUTE,
                                     FILE_MAP_COPY,  0};
    static const ULONGLONG starts[] = {0, 0, 0, GRANULE, 2 * GRANULE};
    static const ULONGLONG far_starts[] = {0, SECTION_HUGE / 2, SECTION_HUGE - 8 * GRANULE};
    ULONGLONG size;

    step->kind = SECTION_MAP;
    step->handle = random_handle(generator, twins, true);
    step->target = random_view(generator, twins, false);
    step->protect = ONE_OF(generator, accesses);
    size = step->handle < SECTION_HANDLES ? twins->theirs.sizes[step->handle] : 0;
    step->from = size == SECTION_HUGE ? ONE_OF(generator, far_starts) : ONE_OF(generator, starts);
    if (step->from >= size)
        step->from = 0;
    if (percent(generator, 8))
        step->from = near_to(generator, step->from);
    step->size = near_to(generator, (1 + below(generator, 8)) * GRANULE);
    if (percent(generator, 60) && size && size - step->from <= SECTION_MOST_VIEW)
        step->size = percent(generator, 50) ? 0 : size - step->from;
    step->place = SECTION_NOWHERE;
    if (percent(generator, 60)) {
        step->place = SECTION_AT_WINDOW;
        step->offset = random_offset(generator);
    }
}

/* Within the view, where the end is not to be reached: see section_books.h. */
static void stay_within(const struct section_twins *twins, struct section_step *step)
{
    const char *view = step->place == SECTION_AT_VIEW ? twins->theirs.views[step->target] : NULL;
    SIZE_T size = view ? twins->theirs.extents[step->target] : 0;

    if (view && step->offset + step->size > size - PAGE && step->offset + step->size <= size)
        step->size = step->offset < size - PAGE ? 1 : size + PAGE;
}

static void alloc(struct section_generator *generator, const struct section_twins *twins,
                  struct section_step *step)
{
    static const DWORD odd[] = {MEM_RESET,
                                MEM_RESERVE,
                                MEM_COMMIT | MEM_RESERVE,
                                MEM_COMMIT | MEM_TOP_DOWN,
                                0,
                                MEM_COMMIT | MEM_WRITE_WATCH};

    step->kind = SECTION_ALLOC;
    aim(generator, twins, step);
    step->size = percent(generator, 70) ? near_to(generator, (1 + below(generator, 6)) * PAGE)
                                        : near_to(generator, below(generator, 5) * GRANULE);
    step->type = percent(generator, 88) ? MEM_COMMIT : ONE_OF(generator, odd);
    step->protect = percent(generator, 85) ? (DWORD)PAGE_READWRITE : random_protection(generator);
    if (step->place == SECTION_AT_WINDOW && percent(generator, 60))
        step->type = percent(generator, 50) ? MEM_RESERVE : MEM_RESERVE | MEM_COMMIT;
    if (!generator->ends)
        stay_within(twins, step);
}

static void free_some(struct section_generator *generator, const struct section_twins *twins,
                      struct section_step *step)
{
    step->kind = SECTION_FREE;
    aim(generator, twins, step);
    step->type = percent(generator, 50) ? MEM_RELEASE : MEM_DECOMMIT;
    step->size = percent(generator, 50) ? 0 : near_to(generator, PAGE);
    if (step->type == MEM_RELEASE && percent(generator, 60)) {
        step->place = SECTION_AT_WINDOW;
        step->offset = random_offset(generator) / GRANULE * GRANULE;
        step->size = 0;
    }
}

static void touch(struct section_generator *generator, const struct section_twins *twins,
                  struct section_step *step)
{
    step->kind = percent(generator, 50) ? SECTION_PROTECT : SECTION_WRITE;
    aim(generator, twins, step);
    step->size = near_to(generator, (1 + below(generator, 3)) * PAGE);
    step->protect = random_protection(generator);
}

static void unmap(struct section_generator *generator, const struct section_twins *twins,
                  struct section_step *step)
{
    step->kind = SECTION_UNMAP;
    aim(generator, twins, step);
    if (step->place == SECTION_AT_VIEW && percent(generator, 75))
        step->offset = 0;
}

struct section_step section_generate(struct section_generator *generator,
                                     const struct section_twins *twins)
{
    struct section_step step = {.kind = SECTION_MAKE};
    unsigned chance = below(generator, 100);

    if (chance < 10)
        make(generator, twins, &step);
    else if (chance < 20)
        use_handle(generator, twins, &step);
    else if (chance < 37)
        map(generator, twins, &step);
    else if (chance < 72)
        alloc(generator, twins, &step);
    else if (chance < 77)
        free_some(generator, twins, &step);
    else if (chance < 92)
        touch(generator, twins, &step);
    else
        unmap(generator, twins, &step);
    return step;
}
