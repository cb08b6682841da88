/*
 * host.h: the stand-in's host: the control that it gave, the managers got from the control, and one
 * function for each call of the memory manager, which counts the call. Without a memory manager
 * Windows itself is asked, as a CLR does that is not hosted.
 *
 * The calls that reach the host take no lock and keep nothing: other threads may be suspended in
 * them.
 */
#ifndef STANDIN_HOST_H
#define STANDIN_HOST_H

#include <hostmem/clrhosting.h>

#include <stdbool.h>

/*
 * What SetHostControl does before the runtime has started: asks for the managers, memory first, and
 * keeps a reference to the control. E_UNEXPECTED if the memory manager makes no heap.
 */
HRESULT host_take(IHostControl *control);

/*
 * Whether blocks come from the host. Windows' own heap, which serves otherwise, takes a lock that a
 * frozen thread may hold.
 */
bool host_has_heap(void);

HRESULT host_alloc(void *address, SIZE_T size, DWORD type, DWORD protect,
                   EMemoryCriticalLevel level, void **memory);
HRESULT host_free(void *address, SIZE_T size, DWORD type);
HRESULT host_query(const void *address, MEMORY_BASIC_INFORMATION *information);
HRESULT host_protect(void *address, SIZE_T size, DWORD protect, DWORD *old);
HRESULT host_memory_load(DWORD *load, SIZE_T *available);

HRESULT host_malloc(SIZE_T size, EMemoryCriticalLevel level, void **block);
HRESULT host_debug_malloc(SIZE_T size, EMemoryCriticalLevel level, char *file, int line,
                          void **block);
HRESULT host_malloc_free(void *block);

/* These answer E_NOTIMPL if there is no memory manager. */
HRESULT host_needs_address_space(void *address, SIZE_T size);
HRESULT host_acquired_address_space(void *address, SIZE_T size);
HRESULT host_released_address_space(void *address);

#endif
