/*
 * foreign.h: addresses of many kinds that a manager has never handed out, and the check of the
 * books after a free of such an address was refused.
 */
#ifndef HOSTMEM_TESTS_API_FOREIGN_H
#define HOSTMEM_TESTS_API_FOREIGN_H

#include "support.h"

/* Memory filled with a pattern. Each of these functions fails the test if there is no memory. */
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

/*
 * A random address: anywhere, in the half of the address space that programs have, or near
 * `around`.
 */
#define WILD_POINTERS 20000
#define WILD_SEED UINT64_C(0x5eed0f0112233445)
uintptr_t wild_address(uint64_t *random, uintptr_t around);

/*
 * Checks that the call of that method was refused and counted once, and that the books are as
 * before.
 */
#define assert_counted_as_refused(about, subject, before, method)                                  \
    check_counted_as_refused((subject), (before), (method), (about), __FILE__, __LINE__)
void check_counted_as_refused(const struct subject *subject, const HOSTMEM_STATISTICS *before,
                              HOSTMEM_METHOD method, const char *about, const char *file, int line);

#endif
