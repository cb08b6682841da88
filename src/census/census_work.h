/*
 * census_work.h: what a census knows while it is taken: which private allocations are whose, by the
 * address at which each begins.
 */
#ifndef HOSTMEM_CENSUS_CENSUS_WORK_H
#define HOSTMEM_CENSUS_CENSUS_WORK_H

#include "board/page_owner.h"

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CENSUS_ALLOCATIONS = 8192, /* a power of two */
    CENSUS_HEAPS = 512,        /* further ones are known as parts of the first */
    CENSUS_SCRATCH = 0x1000,
    CENSUS_PAGE = 0x1000,
    CENSUS_PAGES = 16 /* a power of two */
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
    uint32_t known_count;
    uintptr_t known[CENSUS_ALLOCATIONS];      /* base addresses, hashed; 0: free */
    uint8_t known_owners[CENSUS_ALLOCATIONS]; /* enum page_owner */
    uintptr_t heaps[CENSUS_HEAPS];
    uint32_t heap_count;
    struct census_page pages[CENSUS_PAGES];
    _Alignas(8) char scratch[CENSUS_SCRATCH]; /* of one function at a time: stacks may be short */
};

/* The allocation that begins there: bytes of address space. */
uintptr_t census_size(HANDLE process, uintptr_t base);

/* Copies memory of the process. False: not all of it can be read, or a part is a guard page. */
bool census_read(struct census_work *work, uintptr_t address, void *to, size_t size);

/* The base of the private allocation that holds the address; 0: there is none. */
uintptr_t census_allocation(const struct census_work *work, uintptr_t address);

/* Whose the allocation is that begins there; the first word counts. False: no room is left. */
bool census_know(struct census_work *work, uintptr_t base, enum page_owner owner);

/* PAGE_OWNER_UNKNOWN: nobody has said. */
enum page_owner census_owner(const struct census_work *work, uintptr_t base);

#endif
