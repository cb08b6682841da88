/*
 * mscoree.h: a stand-in for CoreCLR's own, as far as hostmem's headers can tell: it still has the
 * two enumerations, and ICLRRuntimeHost2, but none of the memory manager's interfaces. Written for
 * headers.cmake; no program should be built with it.
 */
#ifndef HOSTMEM_CHECKS_CORECLR_MSCOREE_H
#define HOSTMEM_CHECKS_CORECLR_MSCOREE_H

#include <unknwn.h>

typedef enum EMemoryAvailableOfMidl {
    eMemoryAvailableLow = 1,
    eMemoryAvailableNeutral = 2,
    eMemoryAvailableHigh = 3
} EMemoryAvailable;

typedef enum EMemoryCriticalLevelOfMidl {
    eTaskCritical = 0,
    eAppDomainCritical = 1,
    eProcessCritical = 2
} EMemoryCriticalLevel;

typedef interface IHostControl IHostControl;
typedef interface ICLRRuntimeHost2 ICLRRuntimeHost2;

#define __IHostControl_INTERFACE_DEFINED__
#define __ICLRRuntimeHost2_INTERFACE_DEFINED__

#endif
