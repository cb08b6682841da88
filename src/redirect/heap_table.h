/*
 * heap_table.h: which of Win32's heap handles stand for heaps of a manager.
 *
 * A handle is that of a Win32 heap, so that modules that are not redirected can use it. What a
 * redirected module allocates with it comes from the manager's heap. The table holds
 * HEAP_TABLE_ENTRIES handles; further handles are left to Win32.
 */
#ifndef HOSTMEM_REDIRECT_HEAP_TABLE_H
#define HOSTMEM_REDIRECT_HEAP_TABLE_H

#include "hosting/host_malloc.h"

#define HEAP_TABLE_ENTRIES 64u

struct served_heap {
    struct host_malloc *host_malloc;
    DWORD options; /* HeapCreate's flOptions */
};

/* False: the handle does not stand for a heap of this manager. */
bool heap_table_find(const struct manager *manager, HANDLE handle, struct served_heap *heap);

/*
 * Makes a heap for a handle. `module`: an address in the module whose heap it is (HOSTMEM_HEAP).
 * False: no memory or no room; the handle is left to Win32.
 */
bool heap_table_add(struct manager *manager, HANDLE handle, DWORD options, const void *module);

/* Ends the handle's heap and frees its blocks. Does nothing for a handle that stands for none. */
void heap_table_remove(const struct manager *manager, HANDLE handle);

/*
 * Makes a heap for a handle of a heap that there was before, unless the handle has one. Of several
 * threads only one at a time. False: no memory or no room.
 */
bool heap_table_ensure(struct manager *manager, HANDLE handle, const void *module);

/*
 * True if a heap of this manager has live blocks. If one is removed meanwhile, either may be said.
 */
bool heap_table_is_in_use(const struct manager *manager);

/* How many handles stand for heaps of this manager. Each holds a reference of it. */
unsigned heap_table_count(const struct manager *manager);

/*
 * Takes the heaps of a manager that have no live blocks out of the table. The caller gets them,
 * with their references, in `taken`, which has room for HEAP_TABLE_ENTRIES less what other calls
 * for other managers have taken. Returns how many. No hook may be using the manager. Heaps with
 * live blocks stay and keep their manager alive, because a module may be using the blocks.
 */
unsigned heap_table_take_unused(const struct manager *manager, struct host_malloc **taken);

#endif
