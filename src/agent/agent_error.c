/*
 * agent_error.c: see agent_error.h.
 *
 * What HostMemCreateManager and HostMemRedirectModule refuse, they keep themselves, for each
 * thread. What the agent refuses before it calls them is kept here, of the last call of
 * HostMemAgentStart. `thread` is whose call that was, or 0. It is written last, with release.
 */
#include "agent/agent_error.h"

#include <stdatomic.h>

static struct {
    _Atomic DWORD thread;
    _Atomic(const char *) argument;
    _Atomic(const char *) sentence;
    _Atomic ULONGLONG value;
} last;

static HRESULT refuse(const char *argument, const char *sentence, ULONGLONG value)
{
    atomic_store_explicit(&last.argument, argument, memory_order_relaxed);
    atomic_store_explicit(&last.sentence, sentence, memory_order_relaxed);
    atomic_store_explicit(&last.value, value, memory_order_relaxed);
    atomic_store_explicit(&last.thread, GetCurrentThreadId(), memory_order_release);
    return E_INVALIDARG;
}

HRESULT agent_error_check(const HOSTMEM_AGENT_OPTIONS *options, const HOSTMEM_OPTIONS *manager)
{
    static const char is_the_agents[] = "must be NULL or 0: it is the agent's";
    static const char is_of_another_size[] =
        "is not the size of the structure in this version of the headers";

    if (options->cbSize != sizeof(*options))
        return refuse("HOSTMEM_AGENT_OPTIONS.cbSize", is_of_another_size, options->cbSize);
    if (manager->cbSize != sizeof(*manager))
        return refuse("HOSTMEM_OPTIONS.cbSize", is_of_another_size, manager->cbSize);
    if (manager->pBooks)
        return refuse("HOSTMEM_OPTIONS.pBooks", is_the_agents, (uintptr_t)manager->pBooks);
    if (manager->cbBooks)
        return refuse("HOSTMEM_OPTIONS.cbBooks", is_the_agents, manager->cbBooks);
    if (manager->pfnModule)
        return refuse("HOSTMEM_OPTIONS.pfnModule", is_the_agents, 1);
    if (manager->pfnDamage)
        return refuse("HOSTMEM_OPTIONS.pfnDamage", is_the_agents, 1);
    if (manager->pfnEnding)
        return refuse("HOSTMEM_OPTIONS.pfnEnding", is_the_agents, 1);
    if (manager->pfnStarted)
        return refuse("HOSTMEM_OPTIONS.pfnStarted", is_the_agents, 1);
    atomic_store_explicit(&last.thread, 0, memory_order_release);
    return S_OK;
}

HRESULT STDMETHODCALLTYPE HostMemAgentGetErrorInfo(HOSTMEM_ERROR_INFO *pInfo)
{
    if (!pInfo || pInfo->cbSize != sizeof(*pInfo) ||
        atomic_load_explicit(&last.thread, memory_order_acquire) != GetCurrentThreadId())
        return HostMemGetErrorInfo(pInfo);
    *pInfo = (HOSTMEM_ERROR_INFO){
        .cbSize = sizeof(*pInfo),
        .pszFunction = "HostMemAgentStart",
        .pszArgument = atomic_load_explicit(&last.argument, memory_order_relaxed),
        .pszSentence = atomic_load_explicit(&last.sentence, memory_order_relaxed),
        .Value = atomic_load_explicit(&last.value, memory_order_relaxed),
    };
    return S_OK;
}
