/*
 * heap.h: what is behind an IHostMalloc, without COM.
 *
 * Every block is a region of its own, taken through the page path and marked with its heap's
 * number: so a block is owned, counted, enumerated and audited like any region, a pointer that is
 * not the start of a live block of this heap is found out without reading it, and one of two frees
 * wins by the region's own protocol. Lock-free because pages/ is.
 */
#ifndef HOSTMEM_HEAP_HEAP_H
#define HOSTMEM_HEAP_HEAP_H

#include "heap/names.h"
#include "pages/pages.h"

struct heap {
    struct pages *pages;
    struct names *names;
    uint32_t number; /* 1 for the manager's first; never 0 */
    bool executable;
};

/* What is known about a live block. */
struct heap_block {
    uintptr_t address;
    size_t size;      /* asked for */
    const char *file; /* NULL: not told */
    uint32_t line;
    uint32_t heap;
    uint32_t thread_id;
    uint64_t sequence;
    uint64_t tick;
};

void heap_init(struct heap *heap, struct pages *pages, struct names *names, uint32_t number,
               bool executable);

/* file may be NULL. *memory is NULL on failure; a size of 0 gives a block of its own. */
pages_result heap_alloc(struct heap *heap, size_t size, uint32_t critical_level, const char *file,
                        uint32_t line, void **memory);

/* PAGES_FOREIGN: not the start of a live block of this heap; nothing was touched. NULL is fine. */
pages_result heap_free(struct heap *heap, void *memory);

/* Walks live blocks, of one heap or (0) of all: *cursor starts at 0. False: there are no more. */
bool heap_next(const struct pages *pages, uint32_t heap, uint32_t *cursor,
               struct heap_block *block);

/* Calls back for each block still live, counts it as leaked, and gives its memory back. */
typedef void heap_leak_callback(void *context, const struct heap_block *block);
void heap_destroy(struct heap *heap, heap_leak_callback *callback, void *context);

#endif
