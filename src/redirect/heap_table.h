/*
 * heap_table.h: which of Win32's heap handles stand for heaps of a manager's.
 *
 * A handle is a real heap's, so that everybody can use it; what a redirected module allocates from
 * it comes from the manager's heap in its stead. There is room for HEAP_TABLE_ENTRIES handles;
 * further ones are Win32's alone.
 */
#ifndef HOSTMEM_REDIRECT_HEAP_TABLE_H
#define HOSTMEM_REDIRECT_HEAP_TABLE_H

#include "hosting/host_malloc.h"

#define HEAP_TABLE_ENTRIES 64u

struct served_heap {
    struct host_malloc *host_malloc;
    DWORD options; /* what HeapCreate was told */
};

/* False: the handle does not stand for a heap of this manager's. */
bool heap_table_find(const struct manager *manager, HANDLE handle, struct served_heap *heap);

/* Makes a heap for a handle. False: no memory or no room, and the handle is Win32's alone. */
bool heap_table_add(struct manager *manager, HANDLE handle, DWORD options);

/* Ends the handle's heap, and frees what lives in it. Does nothing for other handles. */
void heap_table_remove(const struct manager *manager, HANDLE handle);

/* Makes a heap for the process's, if there is none yet. False: no memory or no room. */
bool heap_table_ensure_process_heap(struct manager *manager);

/*
 * Releases the heaps of a manager in which no block lives. Those with live blocks stay, and keep
 * their manager alive: a module may be using the blocks. No hook may be using the manager.
 */
void heap_table_let_go(const struct manager *manager);

#endif
