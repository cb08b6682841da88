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
    struct heap *heap;
};

/* Alloc and DebugAlloc, but for the common case; and Free. As the methods of the interface. */
HRESULT host_malloc_alloc(struct host_malloc *host_malloc, const struct heap_request *request,
                          void **memory);
HRESULT host_malloc_free(struct host_malloc *host_malloc, void *memory);

/* The same, also when the manager serves no more; the arguments must be what they should. */
HRESULT host_malloc_alloc_anyway(struct host_malloc *host_malloc,
                                 const struct heap_request *request, void **memory);
HRESULT host_malloc_free_anyway(struct host_malloc *host_malloc, void *memory);

/* Gives the memory of all heaps' empty slabs back. In bytes. Any thread at any time. */
size_t host_malloc_trim_all(struct manager *manager);

/* With one reference; NULL: no memory. */
IHostMalloc *host_malloc_create(struct manager *manager, bool executable);

#endif
