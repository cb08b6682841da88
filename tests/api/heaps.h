/*
 * heaps.h: for tests of heaps: managers with options, a heap's figures as the inspection tells
 * them, and frees that must be refused.
 */
#ifndef HOSTMEM_TESTS_API_HEAPS_H
#define HOSTMEM_TESTS_API_HEAPS_H

#include "foreign.h"

/* Blocks up to that size share slabs; larger ones are regions of their own. */
#define LARGEST_SMALL ((SIZE_T)32768)
#define SLAB GRANULE

/* A manager with these dwFlags. */
struct subject subject_with_flags(DWORD flags);

/* The figures of the heap with that number. Fails the test if there is no such heap. */
HOSTMEM_HEAP heap_figures_of(const struct subject *subject, DWORD number);

/* Checks that a heap's figures are as before, except for the peaks. */
#define assert_same_heap(about, before, after)                                                     \
    check_same_heap((before), (after), (about), __FILE__, __LINE__)
void check_same_heap(const HOSTMEM_HEAP *before, const HOSTMEM_HEAP *after, const char *about,
                     const char *file, int line);

/* The size class that serves such a request in the heap of that number; BlockSize is 0: none. */
HOSTMEM_SIZE_CLASS size_class_of(const struct subject *subject, DWORD number, SIZE_T request,
                                 BOOL tracked);

/* DebugAlloc; fails the test if there is no memory. */
void *debug_block(IHostMalloc *heap, SIZE_T size, const char *file, int line);

#define free_block(heap, block) assert_succeeds(IHostMalloc_Free((heap), (block)))

/*
 * Checks that Free of that address is refused for that reason, that it is counted under that reason
 * only, and that it changes nothing: no figure of the manager or of heap 1, none of the `extent`
 * bytes at the address, nothing that an audit finds.
 */
#define assert_refused(about, subject, heap, address, extent, why)                                 \
    check_refused((subject), (heap), (address), (extent), (why), (about), __FILE__, __LINE__)
void check_refused(const struct subject *subject, IHostMalloc *heap, void *address, SIZE_T extent,
                   HOSTMEM_REFUSAL why, const char *about, const char *file, int line);

/* Ends the manager's only heap. Fails if there is a leak or memory is left. */
void end_only_heap(const struct subject *subject, IHostMalloc *heap);

#endif
