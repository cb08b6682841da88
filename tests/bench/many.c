/*
 * many.c: calls whose time must not depend on how much there is of something: each with few and
 * with many. Only hostmem has them; what counts is the ratio of two rows.
 */
#include "pattern.h"

#include <stdio.h>

#define GRANULE ((SIZE_T)0x10000)
#define MARGIN ((size_t)0x200) /* granules left free around the regions */
#define FIRST_RANGE ((SIZE_T)0x10000000)

enum many_call {
    CALL_MAKE_HEAP,    /* CreateMalloc and the heap's last Release, among regions */
    CALL_TRIM,         /* Trim of the manager, among regions */
    CALL_MAPPED_RANGE, /* ReleasedVirtualAddressSpace and AcquiredVirtualAddressSpace, of ranges */
    CALL_NAMED_BLOCK   /* DebugAlloc with one of so many file names, and Free */
};

struct many_parameters {
    enum many_call call;
    uint32_t count;
};

struct many {
    struct host host;
    const struct many_parameters *parameters;
    char *base; /* of regions, one behind the other */
    uint32_t count;
    uint32_t chance;
};

/* ------------------------------------------------------------------------------------------------
 * The calls
 * --------------------------------------------------------------------------------------------- */

static bool make_heap(struct many *many)
{
    IHostMalloc *heap;

    if (IHostMemoryManager_CreateMalloc(many->host.manager, MALLOC_THREADSAFE, &heap) != S_OK)
        return false;
    IHostMalloc_Release(heap);
    return true;
}

static bool trim(struct many *many)
{
    SIZE_T given;

    return SUCCEEDED(IHostMemInspection_Trim(many->host.inspection, &given));
}

static LPVOID range_at(uint32_t index)
{
    return (LPVOID)(FIRST_RANGE + index * GRANULE); // NOLINT(performance-no-int-to-ptr)
}

static bool add_range(const struct many *many, uint32_t index)
{
    return IHostMemoryManager_AcquiredVirtualAddressSpace(many->host.manager, range_at(index),
                                                          GRANULE) == S_OK;
}

static bool remove_range(const struct many *many, uint32_t index)
{
    return IHostMemoryManager_ReleasedVirtualAddressSpace(many->host.manager, range_at(index)) ==
           S_OK;
}

static bool renew_range(struct many *many)
{
    uint32_t index = next_chance(&many->chance) % many->count;

    return remove_range(many, index) && add_range(many, index);
}

static bool name_block(const struct many *many, uint32_t index)
{
    char name[24];
    void *block;

    snprintf(name, sizeof(name), "source-%u.cpp", (unsigned)index);
    return IHostMalloc_DebugAlloc(many->host.heap, 64, eTaskCritical, name, 1, &block) == S_OK &&
           IHostMalloc_Free(many->host.heap, block) == S_OK;
}

static bool name_any_block(struct many *many)
{
    return name_block(many, next_chance(&many->chance) % many->count);
}

static bool call(void *state, unsigned thread, uint64_t times)
{
    static bool (*const calls[])(struct many *) = {make_heap, trim, renew_range, name_any_block};
    struct many *many = state;

    (void)thread;
    while (times--) {
        if (!calls[many->parameters->call](many))
            return false;
    }
    return true;
}

static const work many_works[SIDES] = {NULL, NULL, NULL, call};

/* ------------------------------------------------------------------------------------------------
 * What there is many of
 * --------------------------------------------------------------------------------------------- */

/* Address space that is free now, with margins that stay so. */
static bool find_space(struct many *many, uint32_t count)
{
    char *base = VirtualAlloc(NULL, (count + 2 * MARGIN) * GRANULE, MEM_RESERVE, PAGE_NOACCESS);

    if (!base)
        return false;
    VirtualFree(base, 0, MEM_RELEASE);
    many->base = base + MARGIN * GRANULE;
    return true;
}

static bool add(struct many *many, uint32_t index)
{
    switch (many->parameters->call) {
    case CALL_MAPPED_RANGE:
        return add_range(many, index);
    case CALL_NAMED_BLOCK:
        return name_block(many, index);
    default:
        return host_pages(&many->host, many->base + index * GRANULE, GRANULE, MEM_RESERVE) != NULL;
    }
}

static bool remove_one(const struct many *many, uint32_t index)
{
    switch (many->parameters->call) {
    case CALL_MAPPED_RANGE:
        return remove_range(many, index);
    case CALL_NAMED_BLOCK:
        return true;
    default:
        return IHostMemoryManager_VirtualFree(many->host.manager, many->base + index * GRANULE, 0,
                                              MEM_RELEASE) == S_OK;
    }
}

static bool many_end(void *state)
{
    struct many *many = state;
    bool done = true;

    while (many->count)
        done = remove_one(many, --many->count) && done;
    done = host_close(&many->host) && done;
    free(many);
    return done;
}

static void *many_begin(const struct pattern *pattern, enum side side, bool quick)
{
    const struct many_parameters *parameters = pattern->parameters;
    uint32_t count = quick ? (parameters->count + 99) / 100 : parameters->count;
    struct many *many = calloc(1, sizeof(*many));

    (void)side;
    if (!many)
        return NULL;
    many->parameters = parameters;
    many->chance = 1;
    if (!host_open(&many->host, 0)) {
        free(many);
        return NULL;
    }
    if (find_space(many, count)) {
        while (many->count < count && add(many, many->count))
            many->count++;
        if (many->count == count)
            return many;
    }
    many_end(many);
    return NULL;
}

/* ------------------------------------------------------------------------------------------------
 * The patterns
 * --------------------------------------------------------------------------------------------- */

#define PATTERNS(name, call, many)                                                                 \
    {"many/" name "-among-1",                                                                      \
     1,                                                                                            \
     false,                                                                                        \
     many_works,                                                                                   \
     &(const struct many_parameters){call, 1},                                                     \
     many_begin,                                                                                   \
     many_end,                                                                                     \
     NULL},                                                                                        \
    {                                                                                              \
        "many/" name "-among-" #many, 1, false, many_works,                                        \
            &(const struct many_parameters){call, many}, many_begin, many_end, NULL                \
    }

const struct pattern many_patterns[] = {
    PATTERNS("heap", CALL_MAKE_HEAP, 65536),
    PATTERNS("trim", CALL_TRIM, 65536),
    PATTERNS("mapped-range", CALL_MAPPED_RANGE, 65536),
    PATTERNS("named-block", CALL_NAMED_BLOCK, 64000),
    {0},
};
