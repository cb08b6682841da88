/*
 * collector.c: see collector.h.
 */
#include "redirect/runtime/collector.h"

#include "hosting/errors/error_info.h"
#include "redirect/runtime/runtime_version.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)

#define IS_64_BIT (sizeof(void *) == 8)

/*
 * What a runtime commits beside its collector when it has started, and the smallest hard limit that
 * it starts with. tools/limits.sh measures both.
 */
struct needs {
    unsigned from; /* the first version, its first number */
    uint64_t beside;
    uint64_t beside_with_heaps; /* the same, with HOSTMEM_REDIRECT_HEAP */
    uint64_t least;
};

/* The latest first. */
static const struct needs needs_64[] = {
    {9, 3 * MIB, 12 * MIB, 4 * MIB},
    {7, 3 * MIB, 15 * MIB, 4 * MIB},
    {3, 2 * MIB, 12 * MIB, 1 * MIB},
};

/* Beyond that: code and types of the program itself, as a share of the limit. */
#define SHARE_FOR_GROWTH 64u

static enum collector_kind kind_of(unsigned major)
{
    if (major == RUNTIME_NONE)
        return COLLECTOR_NONE;
    return IS_64_BIT && major >= 7 ? COLLECTOR_BY_LIMIT : COLLECTOR_BY_STATUS;
}

void collector_note(struct manager *manager, HMODULE module)
{
    uint32_t kind = (uint32_t)kind_of(runtime_version_major(module));
    _Atomic uint32_t *noted = &manager->redirected.collector;
    uint32_t before = atomic_load_explicit(noted, memory_order_relaxed);

    while (before < kind && !atomic_compare_exchange_weak_explicit(
                                noted, &before, kind, memory_order_relaxed, memory_order_relaxed))
        ;
}

enum collector_kind collector_kind_of(const struct manager *manager)
{
    return (enum collector_kind)atomic_load_explicit(&manager->redirected.collector,
                                                     memory_order_relaxed);
}

/* NULL: that version's collector has no hard limit. */
static const struct needs *needs_of(unsigned major)
{
    for (size_t i = 0; IS_64_BIT && i < sizeof(needs_64) / sizeof(needs_64[0]); i++) {
        if (major >= needs_64[i].from)
            return &needs_64[i];
    }
    return NULL;
}

HRESULT collector_hard_limit(const struct manager *manager, HMODULE module, DWORD flags,
                             uint64_t *bytes)
{
    unsigned major = runtime_version_major(module);
    uint64_t limit = budget_bound(&manager->pages.budget.committed, BUDGET_TASK_CRITICAL);
    const struct needs *needs = needs_of(major);
    uint64_t beside;

    *bytes = 0;
    if (major == RUNTIME_NONE)
        return error_info_set(BAD_HARD_LIMIT_MODULE, (uintptr_t)module);
    if (limit == BUDGET_ENDLESS || !needs)
        return S_FALSE;
    beside = (flags & HOSTMEM_REDIRECT_HEAP ? needs->beside_with_heaps : needs->beside) +
             limit / SHARE_FOR_GROWTH;
    if (limit < beside + needs->least) {
        *bytes = (beside + needs->least) * SHARE_FOR_GROWTH / (SHARE_FOR_GROWTH - 1);
        return HRESULT_FROM_WIN32(ERROR_COMMITMENT_LIMIT);
    }
    *bytes = (limit - beside) & ~(4 * KIB - 1);
    return S_OK;
}
