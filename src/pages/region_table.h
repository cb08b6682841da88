/*
 * region_table.h: the address ledger: which region holds an address?
 *
 * Brings together the hash table of chunks and the pool of regions. Any address may be asked about;
 * its memory is never touched, and no system call is made.
 *
 * Protocol of owners. The thread that makes a region writes its owners, after Win32 has handed out
 * the address and before region_publish. Nobody writes them again until Win32 has handed out the
 * address again. A stale owner names a region that is not live, or that covers other addresses, and
 * is passed over.
 *
 * Protocol of rest. Where regions have places (places.h), a record does not go back to the pool
 * when its region is gone, but into the next slot of a ring, by an exchange, and the record that
 * was in the slot goes back to the pool instead. So each record is in one thread's hand, in one
 * slot, or in the pool, wherever threads stand still.
 */
#ifndef HOSTMEM_PAGES_REGION_TABLE_H
#define HOSTMEM_PAGES_REGION_TABLE_H

#include "pages/chunk_table.h"
#include "pages/region.h"

/* How many records rest, where they do. */
#define REGION_TABLE_RESTING 1024u

struct region_table {
    struct chunk_table chunks;
    struct pool regions;
    _Atomic uint32_t *resting; /* 0: none; NULL: records do not rest */
    _Atomic uint32_t rested;   /* how many have been sent to rest, ever */
};

bool region_table_init(struct region_table *table, struct metadata *metadata,
                       struct book_space *books);
void region_table_destroy(struct region_table *table);

/* The index of a FREE region for the caller to publish or to give back; 0: no memory. */
uint32_t region_table_take(struct region_table *table);
void region_table_give(struct region_table *table, uint32_t index);

/* From now on records rest. No other thread uses the table yet. False: no memory. */
bool region_table_begin_resting(struct region_table *table);

/*
 * Gives a record back that had a region, or whose place others have. If records rest, it is not
 * taken again before REGION_TABLE_RESTING others have been given back, or no other can be had.
 */
void region_table_rest(struct region_table *table, uint32_t index);
struct region *region_table_at(const struct region_table *table, uint32_t index);
uint32_t region_table_index(const struct region_table *table, const struct region *region);
uint32_t region_table_limit(const struct region_table *table);

/* The live region that holds the address, when it was looked at; NULL: none. */
struct region *region_table_find(const struct region_table *table, uintptr_t address);

/* True if a region that is live, or being made or released, holds the address. */
bool region_table_knows(const struct region_table *table, uintptr_t address);

/* True if a region that is live or being made holds the address. */
bool region_table_has(const struct region_table *table, uintptr_t address);

/* True if a region that is being released holds the address; *range is all of it. */
bool region_table_leaving(const struct region_table *table, uintptr_t address, struct range *range);

/* True if a region of this manager has ever been at the address. */
bool region_table_has_owned(const struct region_table *table, uintptr_t address);

/* True if the last region at the address, live or not, was a slab, or a block that began there. */
bool region_table_last_block(const struct region_table *table, uintptr_t address);

enum region_table_result {
    REGION_TABLE_OK,
    REGION_TABLE_NO_MEMORY,
    REGION_TABLE_CONTRADICTED /* the books have a live region there: Win32 cannot hand it out */
};

/* Writes the owners of [base, base + size), which Win32 has just handed to the caller. */
enum region_table_result region_table_own(struct region_table *table, uint32_t index,
                                          uintptr_t base, size_t size);

#endif
