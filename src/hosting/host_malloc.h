/*
 * host_malloc.h: the IHostMalloc object in front of a heap.
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

/* IHostMalloc's Alloc and DebugAlloc (by the request), and Free, without the fast path. */
HRESULT host_malloc_alloc(struct host_malloc *host_malloc, const struct heap_request *request,
                          void **memory);
HRESULT host_malloc_free(struct host_malloc *host_malloc, void *memory);

/* The same also after Close. The arguments are not checked: memory is not NULL, and so on. */
HRESULT host_malloc_alloc_anyway(struct host_malloc *host_malloc,
                                 const struct heap_request *request, void **memory);
HRESULT host_malloc_free_anyway(struct host_malloc *host_malloc, void *memory);

/*
 * Gives back what all heaps hold without use. *bytes: how many were committed. True: something went
 * back, be it address space alone. Any thread, any time.
 */
bool host_malloc_trim_all(struct manager *manager, size_t *bytes);

/* A new object with one reference; NULL: no memory. */
IHostMalloc *host_malloc_create(struct manager *manager, bool executable);

#endif
