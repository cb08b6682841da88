/*
 * bench_find.c: whose is this address? FindRegion of random addresses inside few and many regions.
 *
 * There is nothing like it in Win32; VirtualQuery, which tells less, is a manager's other way to
 * find out. Neighbouring regions of 64 KiB are the worst that can be asked of the ledger: each
 * granule has an owner of its own.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#define GRANULE ((SIZE_T)0x10000)
#define ADDRESSES 0x10000u /* that are asked about, in turn */

#ifdef _WIN64
#define MARGIN ((size_t)0x10000) /* granules left free: 4 GiB */
#else
#define MARGIN ((size_t)0x200) /* 32 MiB */
#endif

struct find {
    IHostMemInspection *inspection;
    const char **addresses;
    char *base;   /* of the regions, one after the other */
    size_t count; /* how many there are */
};

static bool win32_find(void *context, unsigned thread, uint64_t times)
{
    const struct find *find = context;
    MEMORY_BASIC_INFORMATION information;

    (void)thread;
    for (uint64_t i = 0; i < times; i++) {
        if (!VirtualQuery(find->addresses[i % ADDRESSES], &information, sizeof(information)))
            return false;
    }
    return true;
}

static bool hostmem_find(void *context, unsigned thread, uint64_t times)
{
    const struct find *find = context;
    HOSTMEM_REGION region;

    (void)thread;
    for (uint64_t i = 0; i < times; i++) {
        if (IHostMemInspection_FindRegion(find->inspection, find->addresses[i % ADDRESSES],
                                          &region) != S_OK)
            return false;
    }
    return true;
}

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

    for (unsigned i = 0; i < ADDRESSES; i++)
        find->addresses[i] = find->base + next_random(&state) % (find->count * GRANULE);
}

/*
 * Address space for the regions that is free now; NULL: there is not that much in one piece. On
 * both sides of it as much is left free as anybody else in the process may ask for meanwhile:
 * systems take the lowest or the highest address that fits.
 */
static char *free_space(size_t count)
{
    char *base = VirtualAlloc(NULL, (count + 2 * MARGIN) * GRANULE, MEM_RESERVE, PAGE_NOACCESS);

    if (!base)
        return NULL;
    VirtualFree(base, 0, MEM_RELEASE);
    return base + MARGIN * GRANULE;
}

/* At addresses that are told: looking for free ones among a million would take the system long. */
static bool make_regions(IHostMemoryManager *manager, struct find *find, size_t count)
{
    find->base = free_space(count);
    if (!find->base)
        return false;
    for (find->count = 0; find->count < count; find->count++) {
        void *memory;

        if (IHostMemoryManager_VirtualAlloc(manager, find->base + find->count * GRANULE, GRANULE,
                                            MEM_RESERVE, PAGE_READWRITE, eTaskCritical,
                                            &memory) != S_OK)
            return false;
    }
    return true;
}

static void release_regions(IHostMemoryManager *manager, const struct find *find)
{
    for (size_t i = 0; i < find->count; i++)
        IHostMemoryManager_VirtualFree(manager, find->base + i * GRANULE, 0, MEM_RELEASE);
}

static bool find_among(const struct bench *bench, struct find *find, size_t count)
{
    char name[64];
    struct comparison comparison = {name, win32_find, hostmem_find, find, 1};
    bool done = make_regions(bench->manager, find, count);

    snprintf(name, sizeof(name), "VirtualQuery : FindRegion, %u regions", (unsigned)count);
    if (done) {
        choose_addresses(find);
        done = bench_compare(bench, &comparison);
    } else {
        fprintf(stderr, "There is no room for %u regions.\n", (unsigned)count);
    }
    release_regions(bench->manager, find);
    return done;
}

bool bench_find(const struct bench *bench)
{
#ifdef _WIN64
    static const size_t counts[] = {1000, 100000, 1000000};
#else
    static const size_t counts[] = {1000, 4000};
#endif
    size_t most = bench->quick ? 1 : sizeof(counts) / sizeof(counts[0]);
    struct find find = {.inspection = bench->inspection};
    bool done;

    find.addresses = calloc(ADDRESSES, sizeof(*find.addresses));
    done = find.addresses != NULL;
    if (!done)
        fputs("There is no memory to begin with.\n", stderr);
    for (size_t i = 0; done && i < most; i++)
        done = find_among(bench, &find, counts[i]);
    free(find.addresses);
    return done;
}
