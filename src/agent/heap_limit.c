/*
 * heap_limit.c: see heap_limit.h.
 *
 * `told` has a bit for each setting that is the agent's. It is set by the thread that loads a
 * runtime, and cleared by the thread that starts it; two runtimes that start at once in one process
 * are told the same.
 */
#include "agent/heap_limit.h"

#include "agent/agent_state.h"

enum {
    EXIT_CODE_TOO_SMALL = 245, /* EXIT_CODE_RUNTIME_FAILED */
    DIGITS = 16                /* of a figure in hexadecimal */
};

/*
 * A region of the collector's heap has 4 MiB, if nothing is set: of a small limit that is so much
 * that the collector runs out of regions while there is memory left. Smaller ones cost nothing that
 * could be measured.
 */
#define SMALL_REGION (UINT64_C(1) << 20)
#define SMALL_LIMIT (UINT64_C(256) << 20)

/* Before .NET 6 only the second name counts; for what NativeAOT has compiled only the first. */
#define BOTH(name)                                                                                 \
    {                                                                                              \
        L"DOTNET_" name, L"COMPlus_" name                                                          \
    }
#define NAMES 2

enum setting {
    HARD_LIMIT,
    REGION_SIZE,
    SETTINGS
};

static const wchar_t *const variables[SETTINGS][NAMES] = {
    [HARD_LIMIT] = BOTH(L"GCHeapHardLimit"),
    [REGION_SIZE] = BOTH(L"GCRegionSize"),
};

/* Whoever sets one of these has decided himself how large the collector's heap may be. */
static const wchar_t *const decisions[][NAMES] = {
    BOTH(L"GCHeapHardLimit"),           BOTH(L"GCHeapHardLimitPercent"),
    BOTH(L"GCHeapHardLimitSOH"),        BOTH(L"GCHeapHardLimitLOH"),
    BOTH(L"GCHeapHardLimitPOH"),        BOTH(L"GCHeapHardLimitSOHPercent"),
    BOTH(L"GCHeapHardLimitLOHPercent"), BOTH(L"GCHeapHardLimitPOHPercent"),
};

static atomic_uint told;

static bool is_set(const wchar_t *const names[NAMES])
{
    return GetEnvironmentVariableW(names[0], NULL, 0) || GetEnvironmentVariableW(names[1], NULL, 0);
}

static bool user_has_decided(void)
{
    for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
        if (is_set(decisions[i]))
            return true;
    }
    return false;
}

static void set(enum setting setting, const wchar_t *value)
{
    for (int i = 0; i < NAMES; i++)
        SetEnvironmentVariableW(variables[setting][i], value);
}

static void tell(enum setting setting, uint64_t figure)
{
    wchar_t digits[DIGITS + 1];

    for (int i = 0; i < DIGITS; i++)
        digits[i] = L"0123456789abcdef"[figure >> (4 * (DIGITS - 1 - i)) & 15];
    digits[DIGITS] = L'\0';
    set(setting, digits);
    atomic_fetch_or_explicit(&told, 1u << setting, memory_order_release);
}

static void tell_limit(uint64_t bytes)
{
    agent.board->heap_limit = bytes;
    tell(HARD_LIMIT, bytes);
    if (bytes < SMALL_LIMIT && !agent.board->orders.program_has_region_size &&
        !is_set(variables[REGION_SIZE]))
        tell(REGION_SIZE, SMALL_REGION);
}

/* A process that has made itself visible ends by nobody's decision but its own. */
static void end_too_small(uint64_t least)
{
    if (!agent.board->orders.started)
        return;
    atomic_store_explicit(&agent.board->least_limit, least, memory_order_release);
    TerminateProcess(GetCurrentProcess(), EXIT_CODE_TOO_SMALL);
}

void heap_limit_tell(HMODULE module, DWORD flags)
{
    ULONGLONG bytes;
    HRESULT result;

    if (agent.board->orders.program_has_heap_limit || (flags & HOSTMEM_REDIRECT_NO_STATUS) ||
        atomic_load_explicit(&told, memory_order_acquire) || user_has_decided())
        return;
    result = HostMemGetHeapHardLimit(agent.manager, module, flags & HOSTMEM_REDIRECT_HEAP, &bytes);
    if (result == S_OK)
        tell_limit(bytes);
    else if (result == HRESULT_FROM_WIN32(ERROR_COMMITMENT_LIMIT))
        end_too_small(bytes);
}

void CALLBACK heap_limit_take_back(void *context)
{
    unsigned settings = atomic_exchange_explicit(&told, 0, memory_order_acq_rel);

    (void)context;
    for (int i = 0; i < SETTINGS; i++) {
        if (settings & 1u << i)
            set((enum setting)i, NULL);
    }
}
