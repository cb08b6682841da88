/*
 * chunk_table.h: the hash table of the address space's chunks.
 *
 * The address space is cut into chunks of 64 MiB. A chunk in which a region has ever been has one
 * node here, found by hashing its number, and keeps it: nodes and table entries are never removed,
 * so there are no tombstones, no reclamation and no ABA. A node holds
 *   - `whole`: the region that covers the whole chunk, if one does;
 *   - `owners`: else, made on first need, for each 64 KiB granule the region that lies in it
 *     (Windows never lets two regions share a granule);
 *   - `pages`: made on first need, one bit for each page that is committed in an owned region, and
 *     for each granule a word that counts the operations on its pages (activity.h);
 *   - `marks`: made on first need, a number for each granule, by which the user of a region finds
 *     its own data by address (a heap its slabs). The number means nothing here: its writer clears
 *     it before the region is released, and readers check what it leads them to;
 *   - `whole_view` and `views`: the same as the first two, for views of sections (sections/view.h).
 * Owners are indices of regions and may be stale: the region says whether it is live and what it
 * covers (region.h), so nobody ever has to clear an owner. The same holds for views.
 *
 * Protocol. An entry goes from empty to (chunk number, node index) by one compare-and-swap and
 * never changes again. A chunk's entry can only be in the window of WINDOW entries that its hash
 * selects, in the first table of the chain whose window had room when it was inserted: a window
 * that is found full without the chunk stays full without it for ever. So all threads that insert a
 * chunk agree on the place whatever their timing, and each chunk has one node. A new table is
 * linked behind the last one by compare-and-swap.
 *
 * Promise: lookups and insertions are lock-free and make no system call but to commit metadata.
 */
#ifndef HOSTMEM_PAGES_CHUNK_TABLE_H
#define HOSTMEM_PAGES_CHUNK_TABLE_H

#include "os/os.h"
#include "pages/memory/metadata.h"
#include "pages/memory/pool.h"

#define CHUNK_SIZE ((size_t)64 << 20)
#define CHUNK_GRANULES (CHUNK_SIZE / OS_GRANULE_SIZE)
#define CHUNK_PAGES (CHUNK_SIZE / OS_PAGE_SIZE)

/* A word of committed bits: as wide as one atomic operation of the processor. */
typedef size_t chunk_bits;
#define CHUNK_BITS_PER_WORD (8 * sizeof(chunk_bits))
#define CHUNK_WORDS (CHUNK_PAGES / CHUNK_BITS_PER_WORD)

typedef _Atomic uint32_t chunk_owner;
typedef _Atomic chunk_bits chunk_word;
typedef _Atomic uint32_t chunk_mark;
typedef _Atomic uint64_t chunk_activity;

/* What is known about a chunk's pages. */
struct chunk_pages {
    chunk_activity activity[CHUNK_GRANULES];
    chunk_word committed[CHUNK_WORDS];
};

struct chunk {
    struct pool_link link;
    chunk_owner whole;
    _Atomic(chunk_owner *) owners;       /* CHUNK_GRANULES of them, or NULL */
    _Atomic(struct chunk_pages *) pages; /* or NULL */
    _Atomic(chunk_mark *) marks;         /* CHUNK_GRANULES of them, or NULL */
    _Atomic(chunk_owner *) views;        /* likewise */
    chunk_owner whole_view;
};

/* How many entries a chunk's may be in, from the one on that its hash selects. */
#define CHUNK_WINDOW 16u

/* 0: empty; else chunk number + 1 in the upper half, node index in the lower one. */
typedef _Atomic uint64_t directory_entry;

struct chunk_directory {
    uint32_t capacity; /* a power of two */
    _Atomic(struct chunk_directory *) next;
    directory_entry entries[]; /* capacity + CHUNK_WINDOW - 1: windows do not wrap */
};

struct chunk_table {
    struct metadata *metadata;
    struct pool chunks;
    _Atomic(struct chunk_directory *) first;
};

bool chunk_table_init(struct chunk_table *table, struct metadata *metadata,
                      struct book_space *books);
void chunk_table_destroy(struct chunk_table *table);

static inline uintptr_t chunk_number(uintptr_t address)
{
    return address / CHUNK_SIZE;
}

/* The chunk's node; NULL when no region has ever been in it. */
struct chunk *chunk_table_find(const struct chunk_table *table, uintptr_t number);

/* The same, made when there is none; NULL only when there is no memory for it. */
struct chunk *chunk_table_ensure(struct chunk_table *table, uintptr_t number);

/* Make the node's arrays on first need. False: no memory. */
bool chunk_ensure_owners(struct chunk_table *table, struct chunk *chunk);
bool chunk_ensure_pages(struct chunk_table *table, struct chunk *chunk);
bool chunk_ensure_marks(struct chunk_table *table, struct chunk *chunk);
bool chunk_ensure_views(struct chunk_table *table, struct chunk *chunk);

/* The part of a range of addresses that lies in one chunk. */
struct chunk_part {
    struct chunk *chunk; /* NULL: no region has ever been in it */
    size_t first, last;  /* pages within the chunk, last exclusive */
    uintptr_t next;      /* where the next part begins */
};

/* The first part of [begin, end), which is not empty and begins and ends with a page. */
static inline struct chunk_part chunk_table_part(const struct chunk_table *table, uintptr_t begin,
                                                 uintptr_t end)
{
    uintptr_t number = chunk_number(begin);
    uintptr_t chunk_begin = number * CHUNK_SIZE;
    uintptr_t left = end - chunk_begin;

    if (left > CHUNK_SIZE)
        left = CHUNK_SIZE;
    return (struct chunk_part){
        .chunk = chunk_table_find(table, number),
        .first = (begin - chunk_begin) / OS_PAGE_SIZE,
        .last = left / OS_PAGE_SIZE,
        .next = chunk_begin + left,
    };
}

/* What is known about the pages of a chunk; NULL: none has ever been committed. */
static inline struct chunk_pages *chunk_pages_of(const struct chunk *chunk)
{
    return chunk ? atomic_load_explicit(&chunk->pages, memory_order_acquire) : NULL;
}

/* The marks of a chunk's granules; NULL: there are none. Once there, they stay. */
chunk_mark *chunk_table_marks(const struct chunk_table *table, uintptr_t number);

#endif
