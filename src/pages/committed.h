/*
 * committed.h: which pages are committed, by the books: one bit for each page, in the chunks'
 * nodes.
 *
 * All functions take page-aligned addresses, begin <= end, and go a word at a time. Each bit
 * changes by one fetch-or or fetch-and, whose result shows whether it changed: two threads that set
 * the same bit learn which of them did, so charges made by these results add up exactly. The bits
 * order nothing: memory order is relaxed, and region.h orders them against other state.
 */
#ifndef HOSTMEM_PAGES_COMMITTED_H
#define HOSTMEM_PAGES_COMMITTED_H

#include "pages/chunk_table.h"

/* Makes room for the bits of [begin, end). False: no memory; what was made stays. */
bool committed_ensure(struct chunk_table *table, uintptr_t begin, uintptr_t end);

/* How many pages of [begin, end) are committed. */
size_t committed_count(const struct chunk_table *table, uintptr_t begin, uintptr_t end);

/* Set or clear the bits of [begin, end). Return how many changed. committed_ensure comes first. */
size_t committed_set(struct chunk_table *table, uintptr_t begin, uintptr_t end);
size_t committed_clear(struct chunk_table *table, uintptr_t begin, uintptr_t end);

/* Where the run of equal bits from begin on ends, at most end. *set: whether they are set. */
uintptr_t committed_run(const struct chunk_table *table, uintptr_t begin, uintptr_t end, bool *set);

#endif
