/*
 * side.c: see side.h.
 */
#include "side.h"

#include <stdio.h>

const char *side_name(enum side side)
{
    static const char *const names[SIDES] = {"win32", "msvcrt", "mimalloc", "hostmem"};

    return names[side];
}

bool side_is_here(enum side side)
{
#ifdef HOSTMEM_BENCH_MIMALLOC
    (void)side;
    return true;
#else
    return side != SIDE_MIMALLOC;
#endif
}

bool host_open(struct host *host, ULONGLONG commit_limit)
{
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = commit_limit}};
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = &limits};

    *host = (struct host){NULL};
    if (HostMemCreateManager(&options, &host->manager) != S_OK)
        return false;
    if (IHostMemoryManager_QueryInterface(host->manager, &IID_IHostMemInspection,
                                          (void **)&host->inspection) == S_OK &&
        IHostMemoryManager_CreateMalloc(host->manager, MALLOC_THREADSAFE, &host->heap) == S_OK)
        return true;
    if (host->inspection)
        IHostMemInspection_Release(host->inspection);
    IHostMemoryManager_Release(host->manager);
    return false;
}

bool host_close(struct host *host)
{
    HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};
    bool exact;

    IHostMalloc_Release(host->heap);
    exact = IHostMemInspection_Audit(host->inspection, &audit, NULL, NULL) == S_OK &&
            audit.Regions == 0;
    if (!exact)
        fputs("The audit finds differences, or regions that should be gone.\n", stderr);
    IHostMemInspection_Release(host->inspection);
    IHostMemoryManager_Release(host->manager);
    return exact;
}
