/*
 * heap_space.c: see heap_space.h.
 */
#include "heap/heap_space.h"

#include "heap/heap_state.h"

#define ON_X64(x64, x86) (sizeof(void *) == 8 ? (uint32_t)(x64) : (uint32_t)(x86))

/* On x64 descriptors for 64 GiB of slabs, on x86 for all of the address space. */
#define HEAP_LIMIT ON_X64(1 << 14, 1 << 12)
#define SLAB_LIMIT ON_X64(1 << 20, 1 << 16)
#define THREAD_LIMIT ON_X64(1 << 20, 1 << 14)

/* The same where all of it is reserved from the start: on x86 address space is dear. */
#define WHOLE_HEAP_LIMIT ON_X64(1 << 14, 1 << 8)
#define WHOLE_SLAB_LIMIT ON_X64(1 << 20, 1 << 14)
#define WHOLE_THREAD_LIMIT ON_X64(1 << 20, 1 << 12)

/* Bytes of block histories. */
#define HISTORIES_LIMIT ((size_t)(sizeof(void *) == 8 ? 4096u : 256u) << 20)
#define WHOLE_HISTORIES_LIMIT ((size_t)(sizeof(void *) == 8 ? 4096u : 16u) << 20)

/* Heaps find the first descriptors by less than the others: those of 256 MiB, on x86 16 MiB. */
#define FIRST_SLABS ON_X64(1 << 12, 1 << 8)

bool heap_space_init(struct heap_space *space, struct pages *pages,
                     const struct heap_options *options)
{
    struct book_space *books = pages->books;
    bool grows = book_space_grows(books);

    space->pages = pages;
    space->options = *options;
    string_table_init(&space->file_names, &pages->metadata);
    size_classes_init(&space->classes);
    return pool_init(&space->heaps, sizeof(struct heap), grows ? HEAP_LIMIT : WHOLE_HEAP_LIMIT,
                     books) &&
           pool_init_with(&space->slabs, sizeof(struct slab), grows ? SLAB_LIMIT : WHOLE_SLAB_LIMIT,
                          FIRST_SLABS, books) &&
           metadata_init(&space->histories, grows ? HISTORIES_LIMIT : WHOLE_HISTORIES_LIMIT,
                         books) &&
           pool_init(&space->threads, sizeof(struct thread_counters),
                     grows ? THREAD_LIMIT : WHOLE_THREAD_LIMIT, books);
}

void heap_space_destroy(struct heap_space *space)
{
    pool_destroy(&space->threads);
    metadata_destroy(&space->histories);
    pool_destroy(&space->slabs);
    pool_destroy(&space->heaps);
}

void heap_give_slab(struct heap_space *space, struct slab *slab)
{
    atomic_store_explicit(&slab->heap, 0, memory_order_relaxed);
    pool_give(&space->slabs, heap_slab_index(space, slab));
}

/*
 * The numbers 1, 2, 3... scattered by splitmix64's finishing steps. These are one-to-one, so no key
 * comes twice.
 */
uint64_t heap_space_key(struct heap_space *space)
{
    uint64_t key = atomic_fetch_add_explicit(&space->key_number, 1, memory_order_relaxed) + 1;

    key = (key ^ (uintptr_t)space) * UINT64_C(0x9e3779b97f4a7c15);
    key = (key ^ key >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ key >> 27) * UINT64_C(0x94d049bb133111eb);
    key ^= key >> 31;
    return key ? key : heap_space_key(space);
}
