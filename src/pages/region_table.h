/*
 * region_table.h: the address ledger: whose is this address?
 *
 * Brings together the chunks' hash table and the pool of region records. Any address may be asked
 * about; it is never touched, and no system call is made.
 *
 * Protocol of owners. A region's owners are written by its publisher alone, between Win32's having
 * handed out the address and region_publish; from then on nobody writes them until Win32 has handed
 * out the address again. A stale owner names a record that is not live, or that covers other
 * addresses, and is passed over.
 */
#ifndef HOSTMEM_PAGES_REGION_TABLE_H
#define HOSTMEM_PAGES_REGION_TABLE_H

#include "pages/chunk_table.h"
#include "pages/region.h"

struct region_table {
    struct chunk_table chunks;
    struct pool regions;
};

bool region_table_init(struct region_table *table, struct metadata *metadata, struct gauge *gauge);
void region_table_destroy(struct region_table *table);

/* A free record for the caller to write and publish, or to give back; 0: no memory. */
uint32_t region_table_take(struct region_table *table);
void region_table_give(struct region_table *table, uint32_t index);
struct region *region_table_at(const struct region_table *table, uint32_t index);
uint32_t region_table_index(const struct region_table *table, const struct region *region);
uint32_t region_table_limit(const struct region_table *table);

/* The live region that holds the address, when it was looked at; NULL: none. */
struct region *region_table_find(const struct region_table *table, uintptr_t address);

/* True if a live region holds the address, or one that is being released. */
bool region_table_knows(const struct region_table *table, uintptr_t address);

/* True if a region of this manager has ever been at the address. */
bool region_table_has_owned(const struct region_table *table, uintptr_t address);

/* True if the last region at the address was a heap's block that began there. Wherever it is now.
 */
bool region_table_last_block(const struct region_table *table, uintptr_t address);

enum region_table_result {
    REGION_TABLE_OK,
    REGION_TABLE_NO_MEMORY,
    REGION_TABLE_CONTRADICTED /* a live region is in the books there: Win32 cannot have given it */
};

/* Writes the owners of [base, base + size), which Win32 has just handed to the caller. */
enum region_table_result region_table_own(struct region_table *table, uint32_t index,
                                          uintptr_t base, size_t size);

#endif
