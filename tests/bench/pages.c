/*
 * pages.c: pages by Win32 and pages by the manager. What the manager adds is its ledger: the
 * difference to Win32 is the price of ownership and exact books.
 */
#include "pattern.h"

#define KIB ((SIZE_T)1024)
#define MIB (KIB * KIB)
#define LIMIT (256ull << 20) /* of the pattern near a limit */
#define LEFT (MIB / 2)       /* below it */

#ifdef _WIN64
#define LARGE_REGION ((SIZE_T)256 << 30)
#else
#define LARGE_REGION ((SIZE_T)256 << 20)
#endif

struct page_parameters {
    SIZE_T size;   /* of a request */
    SIZE_T region; /* that all threads commit in; 0: each has one of the request's size */
    bool near_limit;
    unsigned shared; /* of so many operations one is on pages that all threads share; 0: none */
};

struct page_state {
    enum side side;
    SIZE_T size;
    struct host host; /* of hostmem's side */
    void *ballast;    /* committed until little is left below the limit */
    unsigned regions;
    char *bases[MOST_THREADS];   /* of the regions */
    char *targets[MOST_THREADS]; /* each thread's */
    char *common;                /* of all threads: their own pages lie elsewhere */
    unsigned shared;             /* as in page_parameters */
};

static inline void *pages_alloc(enum side side, const struct page_state *state, void *address,
                                SIZE_T size, DWORD type)
{
    if (side == SIDE_WIN32)
        return VirtualAlloc(address, size, type, PAGE_READWRITE);
    return host_pages(&state->host, address, size, type);
}

static inline bool pages_free(enum side side, const struct page_state *state, void *address,
                              SIZE_T size, DWORD type)
{
    if (side == SIDE_WIN32)
        return VirtualFree(address, size, type);
    return IHostMemoryManager_VirtualFree(state->host.manager, address, size, type) == S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * The works
 * --------------------------------------------------------------------------------------------- */

static inline bool reserve(enum side side, void *context, unsigned thread, uint64_t times)
{
    const struct page_state *state = context;

    (void)thread;
    while (times--) {
        void *memory = pages_alloc(side, state, NULL, state->size, MEM_RESERVE | MEM_COMMIT);

        if (!memory || !pages_free(side, state, memory, 0, MEM_RELEASE))
            return false;
    }
    return true;
}
WORKS_OF_PAGES(reserve)

static inline bool commit(enum side side, void *context, unsigned thread, uint64_t times)
{
    const struct page_state *state = context;
    void *target = state->targets[thread];

    while (times--) {
        if (!pages_alloc(side, state, target, state->size, MEM_COMMIT) ||
            !pages_free(side, state, target, state->size, MEM_DECOMMIT))
            return false;
    }
    return true;
}
WORKS_OF_PAGES(commit)

static inline bool commit_some_shared(enum side side, void *context, unsigned thread,
                                      uint64_t times)
{
    const struct page_state *state = context;

    while (times--) {
        void *target = times % state->shared ? state->targets[thread] : state->common;

        if (!pages_alloc(side, state, target, state->size, MEM_COMMIT) ||
            !pages_free(side, state, target, state->size, MEM_DECOMMIT))
            return false;
    }
    return true;
}
WORKS_OF_PAGES(commit_some_shared)

static inline bool query(enum side side, void *context, unsigned thread, uint64_t times)
{
    const struct page_state *state = context;
    void *target = state->targets[thread];
    MEMORY_BASIC_INFORMATION information;
    SIZE_T written;

    while (times--) {
        if (side == SIDE_WIN32
                ? !VirtualQuery(target, &information, sizeof(information))
                : IHostMemoryManager_VirtualQuery(state->host.manager, target, &information,
                                                  sizeof(information), &written) != S_OK)
            return false;
    }
    return true;
}
WORKS_OF_PAGES(query)

/* ------------------------------------------------------------------------------------------------
 * What they work on
 * --------------------------------------------------------------------------------------------- */

static bool make_regions(struct page_state *state, const struct page_parameters *parameters,
                         unsigned threads)
{
    SIZE_T size = parameters->region ? parameters->region : parameters->size;
    unsigned count = parameters->region ? 1 : threads;

    for (unsigned i = 0; i < count; i++) {
        state->bases[i] = pages_alloc(state->side, state, NULL, size, MEM_RESERVE);
        if (!state->bases[i])
            return false;
        state->regions++;
    }
    for (unsigned i = 0; i < threads; i++)
        state->targets[i] =
            parameters->region ? state->bases[0] + i * (size / threads) : state->bases[i];
    state->common = state->targets[0] + size / threads / 2;
    return true;
}

/* False: it went wrong. */
static bool commit_ballast(struct page_state *state)
{
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};
    SIZE_T size;

    IHostMemInspection_GetStatistics(state->host.inspection, &statistics);
    size = (SIZE_T)(LIMIT - statistics.Committed.Now - LEFT);
    state->ballast = host_pages(&state->host, NULL, size, MEM_RESERVE | MEM_COMMIT);
    return state->ballast != NULL;
}

static bool pages_end(void *context)
{
    struct page_state *state = context;
    bool done = true;

    for (unsigned i = 0; i < state->regions; i++)
        done = pages_free(state->side, state, state->bases[i], 0, MEM_RELEASE) && done;
    if (state->ballast)
        done = pages_free(state->side, state, state->ballast, 0, MEM_RELEASE) && done;
    if (state->side != SIDE_WIN32)
        done = host_close(&state->host) && done;
    free(state);
    return done;
}

static void *pages_begin(const struct pattern *pattern, enum side side, bool quick)
{
    const struct page_parameters *parameters = pattern->parameters;
    struct page_state *state = calloc(1, sizeof(*state));
    bool limited = parameters->near_limit && side != SIDE_WIN32;

    (void)quick;
    if (!state)
        return NULL;
    state->side = side;
    state->size = parameters->size;
    state->shared = parameters->shared;
    if (side != SIDE_WIN32 && !host_open(&state->host, limited ? LIMIT : 0)) {
        free(state);
        return NULL;
    }
    if (make_regions(state, parameters, pattern->threads) && (!limited || commit_ballast(state)))
        return state;
    pages_end(state);
    return NULL;
}

/* ------------------------------------------------------------------------------------------------
 * The patterns
 * --------------------------------------------------------------------------------------------- */

static const struct page_parameters kib_64 = {64 * KIB, 0, false, 0};
static const struct page_parameters mib_1 = {MIB, 0, false, 0};
static const struct page_parameters mib_64 = {64 * MIB, 0, false, 0};
static const struct page_parameters kib_64_large = {64 * KIB, LARGE_REGION, false, 0};
static const struct page_parameters kib_64_shared = {64 * KIB, LARGE_REGION, false, 16};
static const struct page_parameters mib_1_large = {MIB, LARGE_REGION, false, 0};
static const struct page_parameters kib_64_limit = {64 * KIB, 0, true, 0};

#define PATTERN(name, threads, works, parameters)                                                  \
    {                                                                                              \
        name, threads, false, works, &(parameters), pages_begin, pages_end, NULL                   \
    }
#define UP_TO_8_THREADS(name, works, parameters)                                                   \
    PATTERN(name, 1, works, parameters), PATTERN(name, 2, works, parameters),                      \
        PATTERN(name, 4, works, parameters), PATTERN(name, 8, works, parameters)

const struct pattern page_patterns[] = {
    UP_TO_8_THREADS("pages/reserve-64KiB", reserve_works, kib_64),
    UP_TO_8_THREADS("pages/reserve-1MiB", reserve_works, mib_1),
    UP_TO_8_THREADS("pages/reserve-64MiB", reserve_works, mib_64),
    UP_TO_8_THREADS("pages/commit-64KiB", commit_works, kib_64),
    UP_TO_8_THREADS("pages/commit-1MiB", commit_works, mib_1),
#ifdef _WIN64
    UP_TO_8_THREADS("pages/commit-64MiB", commit_works, mib_64),
    UP_TO_8_THREADS("pages/commit-64KiB-in-256GiB", commit_works, kib_64_large),
    UP_TO_8_THREADS("pages/commit-1MiB-in-256GiB", commit_works, mib_1_large),
    PATTERN("pages/commit-64KiB-in-256GiB-shared", 2, commit_some_shared_works, kib_64_shared),
    PATTERN("pages/commit-64KiB-in-256GiB-shared", 4, commit_some_shared_works, kib_64_shared),
    PATTERN("pages/commit-64KiB-in-256GiB-shared", 8, commit_some_shared_works, kib_64_shared),
#else
    PATTERN("pages/commit-64MiB", 1, commit_works, mib_64),
    UP_TO_8_THREADS("pages/commit-64KiB-in-256MiB", commit_works, kib_64_large),
    UP_TO_8_THREADS("pages/commit-1MiB-in-256MiB", commit_works, mib_1_large),
    PATTERN("pages/commit-64KiB-in-256MiB-shared", 2, commit_some_shared_works, kib_64_shared),
    PATTERN("pages/commit-64KiB-in-256MiB-shared", 4, commit_some_shared_works, kib_64_shared),
    PATTERN("pages/commit-64KiB-in-256MiB-shared", 8, commit_some_shared_works, kib_64_shared),
#endif
    PATTERN("pages/commit-64KiB-near-limit", 1, commit_works, kib_64_limit),
    PATTERN("pages/query", 1, query_works, kib_64),
    PATTERN("pages/query", 2, query_works, kib_64),
    {0},
};
