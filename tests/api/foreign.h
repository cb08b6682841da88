/*
 * foreign.h: addresses that a manager has never handed out, of many kinds, and what a refused free
 * must leave in the books.
 */
#ifndef HOSTMEM_TESTS_API_FOREIGN_H
#define HOSTMEM_TESTS_API_FOREIGN_H

#include "support.h"

/* Memory with something in it; each fails the test if it cannot be had. */
void fill(void *memory, SIZE_T size);
void *filled_region(const struct subject *subject, SIZE_T size);
void *filled_block(IHostMalloc *heap, SIZE_T size);
void *filled_raw_memory(SIZE_T size);

/* A view of two granules of the paging file. */
#define VIEW_SIZE (2 * GRANULE)
void *filled_view(HANDLE *mapping);
void end_view(void *view, HANDLE mapping);

/* An address in the middle of a large hole. */
void *unmapped_address(void);

/* Addresses beyond what a program may have. */
extern const uintptr_t kernel_addresses[6];

/* Somewhere: anywhere at all, in the user's half, or around an address. */
#define WILD_POINTERS 20000
#define WILD_SEED UINT64_C(0x5eed0f0112233445)
uintptr_t wild_address(uint64_t *random, uintptr_t around);

/* The call of that method was refused, counted once, and the books are as they were. */
#define assert_counted_as_refused(about, subject, before, method)                                  \
    check_counted_as_refused((subject), (before), (method), (about), __FILE__, __LINE__)
void check_counted_as_refused(const struct subject *subject, const HOSTMEM_STATISTICS *before,
                              HOSTMEM_METHOD method, const char *about, const char *file, int line);

#endif
