/*
 * host_malloc.h: the IHostMalloc face of a heap.
 */
#ifndef HOSTMEM_HOSTING_HOST_MALLOC_H
#define HOSTMEM_HOSTING_HOST_MALLOC_H

#include "hosting/manager.h"

struct host_malloc {
    struct pool_link link;
    _Atomic uint32_t references;
    IHostMalloc IHostMalloc_iface;
    struct manager *manager; /* referenced */
    uint32_t index;          /* in the manager's pool */
    struct heap heap;
};

/* With one reference; NULL: no memory. */
IHostMalloc *host_malloc_create(struct manager *manager, bool executable);

#endif
