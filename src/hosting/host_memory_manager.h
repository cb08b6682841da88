/*
 * host_memory_manager.h: the IHostMemoryManager interface of a manager.
 */
#ifndef HOSTMEM_HOSTING_HOST_MEMORY_MANAGER_H
#define HOSTMEM_HOSTING_HOST_MEMORY_MANAGER_H

#include "hosting/manager.h"

extern const IHostMemoryManagerVtbl host_memory_manager_vtbl;

/* The manager behind an interface pointer, which is read; NULL if it is not hostmem's. */
struct manager *manager_from_interface(IHostMemoryManager *iface);

/* IHostMemoryManager::VirtualAlloc, with a NUMA node (OS_ANY_NODE: none preferred). */
HRESULT host_memory_manager_alloc(struct manager *manager, void *address, SIZE_T size, DWORD type,
                                  DWORD protect, EMemoryCriticalLevel level, DWORD node,
                                  void **memory);

#endif
