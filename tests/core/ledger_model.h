/*
 * ledger_model.h: the reference model of the ledger, for test_pages_model, test_pages_model_threads
 * and fuzz_ledger. It is as simple as it can be: a sorted array of all allocations, the manager's
 * and others', with a byte for each page; the sums that are charged; and the addresses at which
 * regions have been.
 */
#ifndef HOSTMEM_TESTS_LEDGER_MODEL_H
#define HOSTMEM_TESTS_LEDGER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "budget/budget.h"

#define MODEL_REGIONS 64u
#define MODEL_GRAVES 128u

/*
 * A page's byte: MODEL_ABSENT is not committed, else one more than the byte that was written to the
 * page.
 */
#define MODEL_ABSENT 0
#define MODEL_ZERO 1

enum model_owner {
    OWNER_CALLER,
    OWNER_HEAP,
    OWNER_STRANGER
};

struct model_region {
    uintptr_t base;
    size_t pages;
    size_t committed; /* pages */
    enum model_owner owner;
    uint32_t heap;
    uintptr_t block;
    size_t requested;
    unsigned char *bytes;
};

/*
 * Where the manager had a region, or, not `certain`, may have had one after a request that failed.
 */
struct model_grave {
    uintptr_t base;
    size_t size;
    bool certain;
};

struct model {
    struct model_region regions[MODEL_REGIONS]; /* in the order of their bases */
    size_t count;
    struct model_grave graves[MODEL_GRAVES]; /* the last ones, in a ring */
    size_t grave_count;
    uint64_t own_regions; /* of the manager's; likewise in bytes: */
    uint64_t reserved;
    uint64_t committed;
    struct budget_limit reserved_limit;
    struct budget_limit committed_limit;
};

void model_begin(struct model *model);
void model_end(struct model *model);

uintptr_t model_end_of(const struct model_region *region);

/* The region that holds the address; NULL: none. */
struct model_region *model_at(struct model *model, uintptr_t address);
bool model_is_vacant(const struct model *model, uintptr_t begin, uintptr_t end);

/* A region of which nothing is committed. */
struct model_region *model_insert(struct model *model, uintptr_t base, size_t pages,
                                  enum model_owner owner);
void model_remove(struct model *model, struct model_region *region);

void model_set(struct model *model, struct model_region *region, size_t page, unsigned char byte);

/* How many pages of [first, last) are committed. */
size_t model_committed(const struct model_region *region, size_t first, size_t last);

/* The manager had that range, or, if not certain, may have it in its books. */
void model_bury(struct model *model, uintptr_t base, size_t size, bool certain);
const struct model_grave *model_grave(const struct model *model, size_t number);

enum model_past {
    PAST_NONE,
    PAST_PERHAPS,
    PAST_OWNED
};

/* Whether a region of the manager's is, or was, in the granule of the address. */
enum model_past model_past(const struct model *model, uintptr_t address);

/* Whether the limits allow that much more to be charged. */
bool model_allows(const struct model *model, uint64_t reserved, uint64_t committed, uint32_t level);

#endif
