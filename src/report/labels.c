/*
 * labels.c: the tables of words.
 */
#include "report/labels.h"

static const char *const methods[HOSTMEM_METHODS] = {
    [HostMemCreateMalloc] = "CreateMalloc",
    [HostMemVirtualAlloc] = "VirtualAlloc",
    [HostMemVirtualFree] = "VirtualFree",
    [HostMemVirtualQuery] = "VirtualQuery",
    [HostMemVirtualProtect] = "VirtualProtect",
    [HostMemGetMemoryLoad] = "GetMemoryLoad",
    [HostMemRegisterMemoryNotificationCallback] = "RegisterMemoryNotificationCallback",
    [HostMemNeedsVirtualAddressSpace] = "NeedsVirtualAddressSpace",
    [HostMemAcquiredVirtualAddressSpace] = "AcquiredVirtualAddressSpace",
    [HostMemReleasedVirtualAddressSpace] = "ReleasedVirtualAddressSpace",
    [HostMemMallocAlloc] = "IHostMalloc::Alloc",
    [HostMemMallocDebugAlloc] = "IHostMalloc::DebugAlloc",
    [HostMemMallocFree] = "IHostMalloc::Free",
};

const char *label_of_method(HOSTMEM_METHOD method)
{
    return methods[method];
}

const char *label_of_refusal(HOSTMEM_REFUSAL refusal)
{
    static const char *const refusals[HOSTMEM_REFUSALS] = {
        [HostMemRefusedForeign] = "foreign",       [HostMemRefusedInterior] = "interior",
        [HostMemRefusedMisaligned] = "misaligned", [HostMemRefusedFreed] = "freed",
        [HostMemRefusedOtherHeap] = "other_heap",
    };

    return refusals[refusal];
}

const char *label_of_level(DWORD level)
{
    switch (level) {
    case eTaskCritical:
        return "task_critical";
    case eAppDomainCritical:
        return "app_domain_critical";
    default:
        return "process_critical";
    }
}

const char *label_of_pressure(DWORD pressure)
{
    switch (pressure) {
    case eMemoryAvailableLow:
        return "low";
    case eMemoryAvailableNeutral:
        return "neutral";
    default:
        return "high";
    }
}

const char *label_of_heap(DWORD kind)
{
    switch (kind) {
    case HostMemHeapOfProcess:
        return "process";
    case HostMemHeapOfModule:
        return "module";
    default:
        return "host";
    }
}

const char *label_of_status(DWORD status)
{
    switch (status) {
    case HostMemStatusOpen:
        return "open";
    case HostMemStatusBroken:
        return "broken";
    case HostMemStatusEnded:
        return "ended";
    default:
        return "closed";
    }
}

const char *label_of_ending(enum ending_kind kind)
{
    switch (kind) {
    case ENDING_RETURN:
        return "return from Main";
    case ENDING_EXIT_PROCESS:
        return "ExitProcess";
    case ENDING_TERMINATE_PROCESS:
        return "TerminateProcess";
    case ENDING_FAIL_FAST:
        return "RaiseFailFastException";
    case ENDING_UNHANDLED_EXCEPTION:
        return "unhandled exception";
    case ENDING_CONSOLE_CONTROL:
        return "console control event";
    case ENDING_PROCESS_DETACH:
        return "return or ExitProcess";
    case ENDING_UNSEEN:
        return "force, or a crash";
    }
    return "unknown";
}

const char *label_of_difference(HOSTMEM_DIFFERENCE_KIND kind)
{
    switch (kind) {
    case HostMemOnlyInBooks:
        return "committed in the books only";
    case HostMemOnlyInSystem:
        return "committed in the system only";
    case HostMemRegionMissing:
        return "region unknown to the system";
    case HostMemRegionLarger:
        return "region larger in the system";
    case HostMemReservedTotal:
        return "total of reserved bytes";
    case HostMemCommittedTotal:
        return "total of committed bytes";
    case HostMemRegionsTotal:
        return "number of regions";
    case HostMemBlocksTotal:
        return "number of heap blocks";
    case HostMemBlockBytesTotal:
        return "total of bytes in heap blocks";
    case HostMemReservedCharge:
        return "address space charged against the limit";
    case HostMemCommittedCharge:
        return "committed bytes charged against the limit";
    case HostMemSectionOnlyInBooks:
        return "section committed in the books only";
    case HostMemSectionOnlyInSystem:
        return "section committed in the system only";
    case HostMemViewMissing:
        return "view unknown to the system";
    case HostMemSectionsTotal:
        return "number of sections";
    case HostMemSectionBytesTotal:
        return "total of committed bytes in sections";
    case HostMemSectionViewsTotal:
        return "number of views of sections";
    }
    return "unknown difference";
}
