/*
 * chunk_table.c: see chunk_table.h, where the protocol is.
 */
#include "pages/chunk_table.h"

#define FIRST_CAPACITY (sizeof(void *) == 8 ? 4096u : 128u)
#define GROWTH 8u

/* A 57-bit address space (the most that x64 has) is 2^31 chunks; a 32-bit one is 64. */
#define CHUNK_LIMIT (sizeof(void *) == 8 ? (uint32_t)1 << 22 : 64u)

static uint64_t entry_key(uintptr_t number)
{
    return (uint64_t)number + 1;
}

/* Fibonacci hashing: it spreads neighbouring chunks. */
static uint32_t window_of(const struct chunk_directory *directory, uint64_t key)
{
    return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (directory->capacity - 1);
}

static struct chunk_directory *make_directory(struct chunk_table *table, uint32_t capacity)
{
    size_t entries = (size_t)capacity + CHUNK_WINDOW - 1;
    struct chunk_directory *directory = metadata_take(
        table->metadata, sizeof(struct chunk_directory) + entries * sizeof(directory_entry));

    if (directory)
        directory->capacity = capacity;
    return directory;
}

bool chunk_table_init(struct chunk_table *table, struct metadata *metadata,
                      struct book_space *books)
{
    struct chunk_directory *first;

    table->metadata = metadata;
    first = make_directory(table, FIRST_CAPACITY);
    if (!first)
        return false;
    atomic_store_explicit(&table->first, first, memory_order_relaxed);
    return pool_init(&table->chunks, sizeof(struct chunk), CHUNK_LIMIT, books);
}

void chunk_table_destroy(struct chunk_table *table)
{
    pool_destroy(&table->chunks);
}

/*
 * Looks for the key in one directory: the node index if it is there. Otherwise 0, and *empty is the
 * first empty entry of its window, or NULL: the window is full, and the next directory is to be
 * looked at.
 */
static uint32_t search_window(struct chunk_directory *directory, uint64_t key,
                              directory_entry **empty)
{
    directory_entry *window = &directory->entries[window_of(directory, key)];

    *empty = NULL;
    for (uint32_t i = 0; i < CHUNK_WINDOW; i++) {
        uint64_t entry = atomic_load_explicit(&window[i], memory_order_acquire);

        if (entry >> 32 == key)
            return (uint32_t)entry;
        if (entry == 0) {
            *empty = &window[i];
            return 0;
        }
    }
    return 0;
}

struct chunk *chunk_table_find(const struct chunk_table *table, uintptr_t number)
{
    uint64_t key = entry_key(number);
    struct chunk_directory *directory = atomic_load_explicit(&table->first, memory_order_acquire);

    while (directory) {
        directory_entry *empty;
        uint32_t index = search_window(directory, key, &empty);

        if (index)
            return pool_item(&table->chunks, index);
        if (empty)
            return NULL;
        directory = atomic_load_explicit(&directory->next, memory_order_acquire);
    }
    return NULL;
}

static struct chunk_directory *next_directory(struct chunk_table *table,
                                              struct chunk_directory *directory)
{
    struct chunk_directory *next = atomic_load_explicit(&directory->next, memory_order_acquire);
    struct chunk_directory *made;

    if (next)
        return next;
    made = make_directory(table, directory->capacity * GROWTH);
    if (!made)
        return NULL;
    if (atomic_compare_exchange_strong_explicit(&directory->next, &next, made, memory_order_acq_rel,
                                                memory_order_acquire))
        return made;
    return next; /* another thread was first; `made` stays unused */
}

/* Puts (key, index) in and returns index, or returns the index that is there; 0: no memory. */
static uint32_t insert(struct chunk_table *table, uint64_t key, uint32_t index)
{
    struct chunk_directory *directory = atomic_load_explicit(&table->first, memory_order_acquire);

    while (directory) {
        directory_entry *empty;
        uint32_t found = search_window(directory, key, &empty);

        if (found)
            return found;
        if (empty) {
            uint64_t expected = 0;

            if (atomic_compare_exchange_strong_explicit(empty, &expected, key << 32 | index,
                                                        memory_order_acq_rel, memory_order_acquire))
                return index;
        } else {
            directory = next_directory(table, directory);
        }
    }
    return 0;
}

struct chunk *chunk_table_ensure(struct chunk_table *table, uintptr_t number)
{
    struct chunk *chunk = chunk_table_find(table, number);
    uint32_t made, index;

    if (chunk)
        return chunk;
    made = pool_take(&table->chunks);
    if (!made)
        return NULL;
    index = insert(table, entry_key(number), made);
    if (index != made)
        pool_give(&table->chunks, made); /* no other thread has seen it, and it is still all zero */
    return index ? pool_item(&table->chunks, index) : NULL;
}

bool chunk_ensure_owners(struct chunk_table *table, struct chunk *chunk)
{
    chunk_owner *expected = atomic_load_explicit(&chunk->owners, memory_order_acquire);
    chunk_owner *made;

    if (expected)
        return true;
    made = metadata_take(table->metadata, CHUNK_GRANULES * sizeof(chunk_owner));
    if (!made)
        return false;
    atomic_compare_exchange_strong_explicit(&chunk->owners, &expected, made, memory_order_acq_rel,
                                            memory_order_acquire);
    return true;
}

bool chunk_ensure_pages(struct chunk_table *table, struct chunk *chunk)
{
    struct chunk_pages *expected = atomic_load_explicit(&chunk->pages, memory_order_acquire);
    struct chunk_pages *made;

    if (expected)
        return true;
    made = metadata_take(table->metadata, sizeof(*made));
    if (!made)
        return false;
    atomic_compare_exchange_strong_explicit(&chunk->pages, &expected, made, memory_order_acq_rel,
                                            memory_order_acquire);
    return true;
}

bool chunk_ensure_marks(struct chunk_table *table, struct chunk *chunk)
{
    chunk_mark *expected = atomic_load_explicit(&chunk->marks, memory_order_acquire);
    chunk_mark *made;

    if (expected)
        return true;
    made = metadata_take(table->metadata, CHUNK_GRANULES * sizeof(chunk_mark));
    if (!made)
        return false;
    atomic_compare_exchange_strong_explicit(&chunk->marks, &expected, made, memory_order_acq_rel,
                                            memory_order_acquire);
    return true;
}

bool chunk_ensure_views(struct chunk_table *table, struct chunk *chunk)
{
    chunk_owner *expected = atomic_load_explicit(&chunk->views, memory_order_acquire);
    chunk_owner *made;

    if (expected)
        return true;
    made = metadata_take(table->metadata, CHUNK_GRANULES * sizeof(chunk_owner));
    if (!made)
        return false;
    atomic_compare_exchange_strong_explicit(&chunk->views, &expected, made, memory_order_acq_rel,
                                            memory_order_acquire);
    return true;
}

chunk_mark *chunk_table_marks(const struct chunk_table *table, uintptr_t number)
{
    struct chunk *chunk = chunk_table_find(table, number);

    return chunk ? atomic_load_explicit(&chunk->marks, memory_order_acquire) : NULL;
}
