/*
 * calls.h: every method of a manager, its heaps and its inspection. The caller shows which method
 * it is in, and notes every wrong result.
 *
 * A caller belongs to one thread; others may read `method` and `calls` at any time. Nothing here
 * takes a lock, allocates or prints: a thread may be suspended anywhere in it while the thread that
 * suspended it goes through the same code. Complaints are asserted when the run is over.
 */
#ifndef HOSTMEM_TESTS_STRESS_CALLS_H
#define HOSTMEM_TESTS_STRESS_CALLS_H

#include "support.h"

enum method {
    NO_METHOD, /* between two calls */
    CALL_QUERY_INTERFACE,
    CALL_RELEASE_REFERENCE,
    CALL_CREATE_MALLOC,
    CALL_RESERVE,
    CALL_COMMIT,
    CALL_RESET,
    CALL_DECOMMIT,
    CALL_RELEASE_REGION,
    CALL_QUERY,
    CALL_PROTECT,
    CALL_MEMORY_LOAD,
    CALL_REGISTER_CALLBACK,
    CALL_NEEDS_SPACE,
    CALL_ACQUIRED_SPACE,
    CALL_RELEASED_SPACE,
    CALL_ALLOC,
    CALL_DEBUG_ALLOC,
    CALL_FREE,
    CALL_RELEASE_HEAP,
    CALL_STATISTICS,
    CALL_ENUM_REGIONS,
    CALL_ENUM_MAPPED_RANGES,
    CALL_ENUM_BLOCKS,
    CALL_ENUM_HEAPS,
    CALL_ENUM_SIZE_CLASSES,
    CALL_FIND_REGION,
    CALL_FIND_BLOCK,
    CALL_AUDIT,
    CALL_TRIM,
    CALL_SET_LIMITS,
    CALL_GET_LIMITS,
    CALL_SET_REDIRECTED_LEVEL,
    CALL_MAKE_SECTION, /* these six: as a redirected module calls them */
    CALL_DUPLICATE_HANDLE,
    CALL_CLOSE_HANDLE,
    CALL_MAP_VIEW,
    CALL_COMMIT_IN_VIEW,
    CALL_UNMAP_VIEW,
    CALL_ENUM_SECTIONS,
    CALL_FIND_SECTION,
    METHODS /* how many there are, and none */
};

extern const char *const method_names[METHODS];

/* A wrong result of a call, or a figure that is not what it must be. */
struct complaint {
    enum method method; /* of the call; NO_METHOD: a figure */
    const char *what;
    ULONGLONG actual, expected;
};

/* What a redirected module calls instead of Win32's functions. */
struct section_calls {
    __typeof__(CreateFileMappingW) *make;
    __typeof__(DuplicateHandle) *duplicate;
    __typeof__(CloseHandle) *close;
    __typeof__(MapViewOfFileEx) *map;
    __typeof__(UnmapViewOfFile) *unmap;
    __typeof__(VirtualAlloc) *alloc;
};

struct caller {
    IHostMemoryManager *manager;
    IHostMemInspection *inspection;
    const struct section_calls *sections;
    EMemoryCriticalLevel level; /* below eProcessCritical, limits may refuse it memory */
    volatile LONG method;       /* enum method: the one that the thread is in */
    volatile LONG calls;        /* begun */
    ULONGLONG completed[METHODS];
    ULONGLONG refused; /* by the limits */
    unsigned complaints;
    struct complaint first; /* of them */
};

/* Notes a complaint unless the figure is what it must be. */
void expect(struct caller *caller, const char *what, ULONGLONG actual, ULONGLONG expected);

/* ------------------------------------------------------------------------------------------------
 * The memory manager. All results but those named are noted as complaints.
 * --------------------------------------------------------------------------------------------- */

/* A reference by QueryInterface, and its Release. */
void call_references(struct caller *caller);

/* NULL: refused. */
void *call_reserve(struct caller *caller, void *address, SIZE_T size, DWORD type);
bool call_commit(struct caller *caller, void *address, SIZE_T size);
void call_reset(struct caller *caller, void *address, SIZE_T size);
void call_decommit(struct caller *caller, void *address, SIZE_T size);
void call_release_region(struct caller *caller, void *base);

/* Must be refused: the address is of foreign memory. */
void call_release_foreign(struct caller *caller, void *address);
MEMORY_BASIC_INFORMATION call_query(struct caller *caller, void *address);

/* Returns the protection that was. */
DWORD call_protect(struct caller *caller, void *address, SIZE_T size, DWORD protect);

/*
 * The same in a region that another thread may release meanwhile: an error because the address
 * belongs to no region is no complaint.
 */
bool call_reserve_contested(struct caller *caller, void *address, SIZE_T size);
void call_commit_contested(struct caller *caller, void *address, SIZE_T size);
void call_decommit_contested(struct caller *caller, void *address, SIZE_T size);

void call_memory_load(struct caller *caller);
void call_register_callback(struct caller *caller, ICLRMemoryNotificationCallback *callback);
void call_needs_space(struct caller *caller);
void call_acquired_space(struct caller *caller, void *base, SIZE_T size);
void call_released_space(struct caller *caller, void *base);

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

IHostMalloc *call_create_malloc(struct caller *caller);

/* NULL: refused. */
void *call_alloc(struct caller *caller, IHostMalloc *heap, SIZE_T size);
void *call_debug_alloc(struct caller *caller, IHostMalloc *heap, SIZE_T size, int line);
void call_free(struct caller *caller, IHostMalloc *heap, void *block);

/* A second Free of a block: must be refused. */
void call_free_again(struct caller *caller, IHostMalloc *heap, void *block);
void call_release_heap(struct caller *caller, IHostMalloc *heap);

/* ------------------------------------------------------------------------------------------------
 * Inspection
 * --------------------------------------------------------------------------------------------- */

HOSTMEM_STATISTICS call_statistics(struct caller *caller);

/* Base is NULL: it is in no region. */
HOSTMEM_REGION call_find_region(struct caller *caller, const void *address);

/* Address is NULL: it is in no block. */
HOSTMEM_BLOCK call_find_block(struct caller *caller, const void *address);

/* How many of the region, or the mapped range, of that base are shown; of all: base is NULL. */
unsigned call_enum_regions(struct caller *caller, const void *base);
unsigned call_enum_mapped_ranges(struct caller *caller, const void *base);

/* How many live blocks the heap of that number (0: any) shows; it ends after so many. */
unsigned call_enum_blocks(struct caller *caller, DWORD heap, unsigned most);

/* Ends after so many classes: each takes a walk over all slabs. */
void call_enum_size_classes(struct caller *caller, unsigned most);

/* The figures of the heap of that number; Number is 0: it is not shown. */
HOSTMEM_HEAP call_enum_heaps(struct caller *caller, DWORD number);

/* The audit must find no difference; regions that other threads are changing may count as busy. */
HOSTMEM_AUDIT call_audit(struct caller *caller);
void call_trim(struct caller *caller);

/* A task-critical limit on what is committed; 0: none. */
void call_set_limits(struct caller *caller, ULONGLONG limit);
void call_get_limits(struct caller *caller);
void call_set_redirected_level(struct caller *caller);

/* ------------------------------------------------------------------------------------------------
 * Sections of the paging file, of which pages are reserved. Limits may refuse any thread's.
 * --------------------------------------------------------------------------------------------- */

/* NULL: refused. */
HANDLE call_make_section(struct caller *caller, SIZE_T size);
HANDLE call_duplicate_handle(struct caller *caller, HANDLE handle);
void call_close_handle(struct caller *caller, HANDLE handle);
char *call_map_view(struct caller *caller, HANDLE section, SIZE_T offset, SIZE_T size);
bool call_commit_in_view(struct caller *caller, void *address, SIZE_T size);
void call_unmap_view(struct caller *caller, void *view);

/*
 * The same at an address where another thread may unmap the view meanwhile: an error because no
 * view is there, or one is there still, is no complaint.
 */
bool call_map_view_contested(struct caller *caller, HANDLE section, void *address, SIZE_T size);
void call_commit_in_view_contested(struct caller *caller, void *address, SIZE_T size);

/* How many sections are shown. */
unsigned call_enum_sections(struct caller *caller);

/* Size is 0: the address is in no view of a known section. */
HOSTMEM_SECTION call_find_section(struct caller *caller, const void *address);

#endif
