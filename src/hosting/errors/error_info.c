/*
 * error_info.c: HostMemGetErrorInfo; see error_info.h.
 */
#include "hosting/errors/error_info.h"

#include <hostmem/hostmem.h>

#include <stdatomic.h>

/* A slot's number, plus 1. 0: not taken yet. */
#define NO_SLOT UINT32_MAX

static _Atomic uint32_t argument_slot, value_slot;

static const struct words {
    const char *function;
    const char *argument;
    const char *sentence;
} all_words[BAD_ARGUMENTS] = {
#define MANAGER "IHostMemoryManager::"
#define INSPECTION "IHostMemInspection::"
#define SIZE_SENTENCE "is not the size of the structure in this version of hostmem.h"
    [BAD_OPTIONS_SIZE] = {"HostMemCreateManager", "HOSTMEM_OPTIONS.cbSize", SIZE_SENTENCE},
    [BAD_OPTIONS_FLAGS] = {"HostMemCreateManager", "HOSTMEM_OPTIONS.dwFlags",
                           "has flags that this version does not know: Value"},
    [BAD_BOOKS_SIZE_ALONE] = {"HostMemCreateManager", "HOSTMEM_OPTIONS.cbBooks",
                              "must be 0 where pBooks is NULL"},
    [BAD_BOOKS] = {"HostMemCreateManager", "HOSTMEM_OPTIONS.pBooks",
                   "is not the start of one view of cbBooks bytes, at least HostMemGetBooksSize()"},
    [BAD_BOOKS_TAKEN] = {"HostMemCreateManager", "HOSTMEM_OPTIONS.pBooks",
                         "cannot be written, or holds books already"},
    [BAD_LIMITS_SIZE] = {"SetLimits, GetLimits or HostMemCreateManager", "HOSTMEM_LIMITS.cbSize",
                         SIZE_SENTENCE},
    [BAD_LIMITS_UNUSED] = {"SetLimits or HostMemCreateManager", "HOSTMEM_LIMITS.Unused",
                           "must be 0"},
    [BAD_LOW_PERCENT] = {"SetLimits or HostMemCreateManager", "HOSTMEM_LIMITS.LowPercent",
                         "must not be above 100"},
    [BAD_HIGH_PERCENT] = {"SetLimits or HostMemCreateManager", "HOSTMEM_LIMITS.HighPercent",
                          "must be below LowPercent; 0 stands for the default of either"},
    [BAD_CONTROL_MANAGER] = {"HostMemCreateHostControl", "pManager",
                             "was not made by HostMemCreateManager of this module"},
    [BAD_REDIRECT_MANAGER] = {"HostMemRedirectModule", "pManager",
                              "was not made by HostMemCreateManager of this module"},
    [BAD_REDIRECT_NO_MODULE] = {"HostMemRedirectModule", "hModule", "is NULL"},
    [BAD_REDIRECT_MODULE] = {"HostMemRedirectModule", "hModule",
                             "is not a module that is loaded in this process"},
    [BAD_REDIRECT_OWN_MODULE] = {"HostMemRedirectModule", "hModule",
                                 "is a module that the redirection itself relies on"},
    [BAD_REDIRECT_FLAGS] = {"HostMemRedirectModule", "dwFlags",
                            "has flags that this version does not know: Value"},
    [BAD_REDIRECT_LIBRARIES] = {"HostMemRedirectModule", "dwFlags",
                                "has HOSTMEM_REDIRECT_LIBRARIES without _HEAP and _FOLLOW"},
    [BAD_FOLLOW_MODULE] = {"HostMemFollowModule", "hModule", "is NULL"},
    [BAD_HARD_LIMIT_MANAGER] = {"HostMemGetHeapHardLimit", "pManager", "is no manager of hostmem"},
    [BAD_HARD_LIMIT_MODULE] = {"HostMemGetHeapHardLimit", "hModule", "is no .NET runtime"},
    [BAD_HARD_LIMIT_FLAGS] = {"HostMemGetHeapHardLimit", "dwFlags", "has flags that are not known"},
    [BAD_REDIRECTION] = {"HostMemRemoveRedirection", "pRedirection",
                         "is no redirection, or has been removed before"},
    [BAD_STATISTICS_SIZE] = {INSPECTION "GetStatistics", "HOSTMEM_STATISTICS.cbSize",
                             SIZE_SENTENCE},
    [BAD_AUDIT_SIZE] = {INSPECTION "Audit", "HOSTMEM_AUDIT.cbSize", SIZE_SENTENCE},
    [BAD_REDIRECTED_LEVEL] = {INSPECTION "SetRedirectedLevel", "level",
                              "is none of EMemoryCriticalLevel"},
    [BAD_MALLOC_TYPE] = {MANAGER "CreateMalloc", "dwMallocType",
                         "has flags other than MALLOC_THREADSAFE and MALLOC_EXECUTABLE: Value"},
    [BAD_ALLOC_LEVEL] = {MANAGER "VirtualAlloc", "eCriticalLevel",
                         "is none of EMemoryCriticalLevel"},
    [BAD_BLOCK_LEVEL] = {"IHostMalloc::Alloc or DebugAlloc", "eCriticalLevel",
                         "is none of EMemoryCriticalLevel"},
    [BAD_ALLOC_SIZE] = {MANAGER "VirtualAlloc", "dwSize", "is 0"},
    [BAD_ALLOC_TYPE] = {MANAGER "VirtualAlloc", "flAllocationType",
                        "has none of MEM_COMMIT, MEM_RESERVE, MEM_RESET and MEM_RESET_UNDO"},
    [BAD_ALLOC_PROTECT] = {MANAGER "VirtualAlloc", "flProtect",
                           "is not one of Win32's page protections"},
    [BAD_ALLOC] = {MANAGER "VirtualAlloc", "flAllocationType",
                   "does not go with the other arguments: Win32 refuses them together"},
    [BAD_FREE_TYPE] = {MANAGER "VirtualFree", "dwFreeType",
                       "must be either MEM_DECOMMIT or MEM_RELEASE"},
    [BAD_FREE_SIZE] = {MANAGER "VirtualFree", "dwSize", "must be 0 with MEM_RELEASE"},
    [BAD_FREE] = {MANAGER "VirtualFree", "lpAddress", "is refused by Win32"},
    [BAD_QUERY] = {MANAGER "VirtualQuery", "lpAddress", "is beyond what Win32 answers for"},
    [BAD_PROTECT] = {MANAGER "VirtualProtect", "flNewProtect",
                     "is not one of Win32's page protections, or does not go with these pages"},
    [BAD_PROTECT_RANGE] = {MANAGER "VirtualProtect", "dwSize", "is refused by Win32"},
    [BAD_RANGE_ADDRESS] = {MANAGER "AcquiredVirtualAddressSpace", "startAddress", "is NULL"},
    [BAD_RANGE_SIZE] = {MANAGER "AcquiredVirtualAddressSpace", "size",
                        "is 0, or leads beyond the address space"},
};

/* ------------------------------------------------------------------------------------------------
 * The slots
 * --------------------------------------------------------------------------------------------- */

static void take_slot(_Atomic uint32_t *slot)
{
    uint32_t none = 0;
    DWORD taken;

    if (atomic_load_explicit(slot, memory_order_relaxed))
        return;
    taken = TlsAlloc();
    if (taken >= TLS_MINIMUM_AVAILABLE && taken != TLS_OUT_OF_INDEXES)
        TlsFree(taken);
    if (!atomic_compare_exchange_strong_explicit(
            slot, &none, taken < TLS_MINIMUM_AVAILABLE ? taken + 1 : NO_SLOT, memory_order_relaxed,
            memory_order_relaxed) &&
        taken < TLS_MINIMUM_AVAILABLE)
        TlsFree(taken);
}

static void give_slot(_Atomic uint32_t *slot)
{
    uint32_t taken = atomic_exchange_explicit(slot, 0, memory_order_relaxed);

    if (taken && taken != NO_SLOT)
        TlsFree(taken - 1);
}

void error_info_prepare(void)
{
    DWORD last_error = GetLastError();

    take_slot(&argument_slot);
    take_slot(&value_slot);
    SetLastError(last_error);
}

void error_info_end(void)
{
    give_slot(&argument_slot);
    give_slot(&value_slot);
}

static void write(_Atomic uint32_t *slot, uintptr_t value)
{
    uint32_t taken = atomic_load_explicit(slot, memory_order_relaxed);

    if (taken && taken != NO_SLOT)
        TlsSetValue(taken - 1, (void *)value);
}

static uintptr_t read(_Atomic uint32_t *slot)
{
    uint32_t taken = atomic_load_explicit(slot, memory_order_relaxed);

    return taken && taken != NO_SLOT ? (uintptr_t)TlsGetValue(taken - 1) : 0;
}

/* ------------------------------------------------------------------------------------------------
 * Keeping and telling
 * --------------------------------------------------------------------------------------------- */

HRESULT error_info_set(enum bad_argument argument, uintptr_t value)
{
    DWORD last_error = GetLastError();

    write(&argument_slot, argument);
    write(&value_slot, value);
    SetLastError(last_error);
    return E_INVALIDARG;
}

HRESULT STDMETHODCALLTYPE HostMemGetErrorInfo(HOSTMEM_ERROR_INFO *pInfo)
{
    DWORD last_error = GetLastError();
    uintptr_t argument, value;

    if (!pInfo)
        return E_POINTER;
    if (pInfo->cbSize != sizeof(*pInfo))
        return E_INVALIDARG;
    argument = read(&argument_slot);
    value = read(&value_slot);
    SetLastError(last_error); /* TlsGetValue changes it */
    *pInfo = (HOSTMEM_ERROR_INFO){.cbSize = sizeof(*pInfo)};
    if (argument == BAD_NOTHING || argument >= BAD_ARGUMENTS)
        return S_FALSE;
    pInfo->pszFunction = all_words[argument].function;
    pInfo->pszArgument = all_words[argument].argument;
    pInfo->pszSentence = all_words[argument].sentence;
    pInfo->Value = value;
    return S_OK;
}
