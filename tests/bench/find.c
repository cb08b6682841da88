/*
 * find.c: finding the region of an address: FindRegion of random addresses inside few and many
 * regions, and inside one that is large.
 *
 * There is nothing like it in Win32; VirtualQuery, which tells less, is a manager's other way to
 * find out. Neighbouring regions of 64 KiB are the worst that can be asked of the ledger: each
 * granule has an owner of its own.
 */
#include "pattern.h"

#include <stdio.h>

#define GRANULE ((SIZE_T)0x10000)
#define ADDRESSES 0x10000u /* that are asked about, in turn */

#ifdef _WIN64
#define MARGIN ((size_t)0x10000) /* granules left free: 4 GiB */
#else
#define MARGIN ((size_t)0x200) /* 32 MiB */
#endif

struct find_parameters {
    size_t count;
    SIZE_T granules; /* of each region */
};

struct find {
    struct host host; /* of both sides: Win32 is asked about the same regions */
    unsigned users;   /* sides that have begun and not ended */
    const char **addresses;
    char *base;   /* of the regions, one after the other */
    size_t count; /* how many there are */
    SIZE_T size;  /* of each */
};

static inline bool find(enum side side, void *state, unsigned thread, uint64_t times)
{
    const struct find *find = state;
    MEMORY_BASIC_INFORMATION information;
    HOSTMEM_REGION region;

    (void)thread;
    for (uint64_t i = 0; i < times; i++) {
        const char *address = find->addresses[i % ADDRESSES];

        if (side == SIDE_WIN32
                ? !VirtualQuery(address, &information, sizeof(information))
                : IHostMemInspection_FindRegion(find->host.inspection, address, &region) != S_OK)
            return false;
    }
    return true;
}
WORKS_OF_PAGES(find)

/* ------------------------------------------------------------------------------------------------
 * The regions
 * --------------------------------------------------------------------------------------------- */

/* A xorshift generator: the same addresses in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void choose_addresses(struct find *find)
{
    uint64_t state = 88172645463325252u;
    SIZE_T all = find->count * find->size;

    for (unsigned i = 0; all > 0 && i < ADDRESSES; i++)
        find->addresses[i] = find->base + next_random(&state) % all;
}

/*
 * Address space for the regions that is free now; NULL: there is not that much in one piece. The
 * margins on both sides are left free for whatever else in the process asks for address space
 * meanwhile: systems take the lowest or the highest address that fits.
 */
static char *free_space(SIZE_T size)
{
    char *base = VirtualAlloc(NULL, size + 2 * MARGIN * GRANULE, MEM_RESERVE, PAGE_NOACCESS);

    if (!base)
        return NULL;
    VirtualFree(base, 0, MEM_RELEASE);
    return base + MARGIN * GRANULE;
}

/*
 * Each region gets a given address: the system would take long to find free ones among a million.
 */
static bool make_regions(struct find *find, size_t count)
{
    find->base = free_space(count * find->size);
    if (!find->base)
        return false;
    for (find->count = 0; find->count < count; find->count++) {
        char *address = find->base + find->count * find->size;

        if (!host_pages(&find->host, address, find->size, MEM_RESERVE))
            return false;
    }
    choose_addresses(find);
    return true;
}

static bool find_destroy(struct find *find)
{
    bool done;

    for (size_t i = 0; i < find->count; i++)
        IHostMemoryManager_VirtualFree(find->host.manager, find->base + i * find->size, 0,
                                       MEM_RELEASE);
    done = host_close(&find->host);
    free((void *)find->addresses);
    free(find);
    return done;
}

static struct find *find_create(const struct find_parameters *parameters, bool quick)
{
    size_t count = quick ? (parameters->count + 999) / 1000 : parameters->count;
    struct find *find = calloc(1, sizeof(*find));

    if (!find || !host_open(&find->host, 0)) {
        free(find);
        return NULL;
    }
    find->size = parameters->granules * GRANULE;
    find->addresses = calloc(ADDRESSES, sizeof(*find->addresses));
    if (find->addresses && make_regions(find, count))
        return find;
    find_destroy(find);
    return NULL;
}

/* The regions are made by the first side that begins, and given back by the last that ends. */
static struct find *shared;

static void *find_begin(const struct pattern *pattern, enum side side, bool quick)
{
    (void)side;
    if (!shared)
        shared = find_create(pattern->parameters, quick);
    if (shared)
        shared->users++;
    return shared;
}

static bool find_end(void *state)
{
    struct find *find = state;

    if (--find->users > 0)
        return true;
    shared = NULL;
    return find_destroy(find);
}

/* ------------------------------------------------------------------------------------------------
 * The patterns
 * --------------------------------------------------------------------------------------------- */

static const struct find_parameters thousand = {1000, 1};
#ifdef _WIN64
static const struct find_parameters hundred_thousand = {100000, 1};
static const struct find_parameters million = {1000000, 1};
static const struct find_parameters large = {1, 0x400000};
#endif

#define PATTERN(name, parameters)                                                                  \
    {                                                                                              \
        name, 1, false, find_works, &(parameters), find_begin, find_end, NULL                      \
    }

const struct pattern find_patterns[] = {
    PATTERN("find/among-1000", thousand),
#ifdef _WIN64
    PATTERN("find/among-100000", hundred_thousand),
    PATTERN("find/among-1000000", million),
    PATTERN("find/inside-256GiB", large),
#endif
    {0},
};
