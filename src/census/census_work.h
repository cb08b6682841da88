/*
 * census_work.h: what a census knows while it is taken: the private allocations that are not in the
 * books, in the order of their addresses, and whose each is found to be.
 */
#ifndef HOSTMEM_CENSUS_CENSUS_WORK_H
#define HOSTMEM_CENSUS_CENSUS_WORK_H

#include "board/page_owner.h"

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CENSUS_ALLOCATIONS = 8192,
    CENSUS_HEAPS = 512,
    CENSUS_PAGE = 0x1000,
    CENSUS_PAGES = 16, /* that were read and are kept; a power of two */
    CENSUS_SCRATCH = 0x1000
};

struct census_allocation {
    uintptr_t base, end;
    uint32_t committed; /* pages */
    uint8_t owner;      /* enum page_owner; PAGE_OWNER_UNKNOWN: nobody has said */
    bool is_plain;      /* its first page is committed, and reading it changes nothing */
};

/* A page of the process that was read. */
struct census_page {
    uintptr_t address;
    bool is_there;
    _Alignas(8) char bytes[CENSUS_PAGE];
};

struct census_work {
    HANDLE process;
    uint64_t threads;
    bool is_cut; /* a table was full */
    struct census_allocation allocations[CENSUS_ALLOCATIONS];
    size_t allocation_count;
    uintptr_t heaps[CENSUS_HEAPS];
    uint32_t heap_count;
    struct census_page pages[CENSUS_PAGES];
    _Alignas(8) char scratch[CENSUS_SCRATCH]; /* of one function at a time: stacks may be short */
};

/*
 * The next allocation: they are told in order. NULL: no room is left. What its pages are is added
 * by census_add_pages.
 */
struct census_allocation *census_add(struct census_work *work, uintptr_t base);
void census_add_pages(struct census_allocation *allocation, const MEMORY_BASIC_INFORMATION *pages);

/* The allocation that holds the address; NULL: there is none. */
struct census_allocation *census_find(struct census_work *work, uintptr_t address);

/* The allocation that begins there; NULL: none does. */
struct census_allocation *census_find_base(struct census_work *work, uintptr_t base);

/* Whose it is; NULL is nobody's. The first word counts. */
void census_know(struct census_allocation *allocation, enum page_owner owner);

/* Copies memory of such an allocation. False: it is not in one, or not all of it can be read. */
bool census_read(struct census_work *work, uintptr_t address, void *to, size_t size);

#endif
