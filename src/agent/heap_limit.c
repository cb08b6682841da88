/*
 * heap_limit.c: see heap_limit.h.
 *
 * `told` is set by the thread that loads a runtime, and cleared by the thread that starts it; two
 * runtimes that start at once in one process are told the same.
 */
#include "agent/heap_limit.h"

#include "agent/agent_state.h"

enum {
    EXIT_CODE_TOO_SMALL = 245, /* EXIT_CODE_RUNTIME_FAILED */
    DIGITS = 16                /* of a figure in hexadecimal */
};

/* Before .NET 6 only the second name counts; for what NativeAOT has compiled only the first. */
static const wchar_t *const variables[] = {L"DOTNET_GCHeapHardLimit", L"COMPlus_GCHeapHardLimit"};

/* Whoever sets one of these has decided himself how large the collector's heap may be. */
#define BOTH(name) L"DOTNET_" name, L"COMPlus_" name
static const wchar_t *const decisions[] = {
    BOTH(L"GCHeapHardLimit"),           BOTH(L"GCHeapHardLimitPercent"),
    BOTH(L"GCHeapHardLimitSOH"),        BOTH(L"GCHeapHardLimitLOH"),
    BOTH(L"GCHeapHardLimitPOH"),        BOTH(L"GCHeapHardLimitSOHPercent"),
    BOTH(L"GCHeapHardLimitLOHPercent"), BOTH(L"GCHeapHardLimitPOHPercent"),
};

static atomic_bool told; /* the variables are the agent's */

static bool user_has_decided(void)
{
    for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
        if (GetEnvironmentVariableW(decisions[i], NULL, 0))
            return true;
    }
    return false;
}

static void set_variables(const wchar_t *value)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        SetEnvironmentVariableW(variables[i], value);
}

static void tell(uint64_t bytes)
{
    wchar_t digits[DIGITS + 1];

    for (int i = 0; i < DIGITS; i++)
        digits[i] = L"0123456789abcdef"[bytes >> (4 * (DIGITS - 1 - i)) & 15];
    digits[DIGITS] = L'\0';
    set_variables(digits);
    agent.board->heap_limit = bytes;
    atomic_store_explicit(&told, true, memory_order_release);
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
    result =
        HostMemGetHeapHardLimit(agent.manager, module, flags & HOSTMEM_REDIRECT_HEAP, &bytes);
    if (result == S_OK)
        tell(bytes);
    else if (result == HRESULT_FROM_WIN32(ERROR_COMMITMENT_LIMIT))
        end_too_small(bytes);
}

void CALLBACK heap_limit_take_back(void *context)
{
    (void)context;
    if (atomic_exchange_explicit(&told, false, memory_order_acq_rel))
        set_variables(NULL);
}
