/*
 * heap_space.c: see heap_space.h.
 */
#include "heap/heap_space.h"

#include "heap/heap_state.h"

/* How much there can be of everything at most. */
struct limits {
    uint32_t heaps;
    uint32_t slabs;
    uint32_t threads;
    uint32_t set_nodes; /* a heap with few slabs has three, and three for its large blocks if it has
                           any; one with many has one for each 1,024 of either */
    uint32_t histories; /* MiB */
    uint32_t names;     /* MiB of file names that DebugAlloc is passed */
};

#if UINTPTR_MAX > UINT32_MAX
/* Descriptors for 64 GiB of slabs. Histories are fewer where all is reserved from the start: those
 * of 19 million blocks. */
static const struct limits growing_limits = {1u << 14, 1u << 20, 1u << 20, 1u << 18, 4096, 64};
static const struct limits whole_limits = {1u << 14, 1u << 20, 1u << 20, 1u << 18, 1024, 64};
#else
/* Descriptors for all of the address space; fewer where all is reserved from the start. */
static const struct limits growing_limits = {1u << 12, 1u << 16, 1u << 14, 1u << 14, 256, 16};
static const struct limits whole_limits = {1u << 8, 1u << 14, 1u << 12, 1u << 11, 15, 1};
#endif

/* Heaps find the first descriptors by less than the others: those of 256 MiB, on x86 16 MiB. */
#define FIRST_SLABS (sizeof(void *) == 8 ? 1u << 12 : 1u << 8)

static bool init_blocks(struct heap_space *space, const struct limits *most,
                        struct book_space *books)
{
    return string_table_init(&space->file_names, (size_t)most->names << 20, books) &&
           pool_init(&space->heaps, sizeof(struct heap), most->heaps, books) &&
           pool_init_with(&space->slabs, sizeof(struct slab), most->slabs, FIRST_SLABS, books) &&
           history_pool_init(&space->histories, (size_t)most->histories << 20, books);
}

/* An index of many threads has some 0.36 nodes for each of them, one of few fewer. */
static bool init_indices(struct heap_space *space, const struct limits *most,
                         struct book_space *books)
{
    return pool_init(&space->threads, sizeof(struct thread_counters), most->threads, books) &&
           pool_init(&space->thread_nodes, sizeof(struct thread_node), most->threads / 2, books) &&
           pool_init(&space->set_nodes, sizeof(struct index_set_node), most->set_nodes, books);
}

static const struct limits *limits_in(const struct book_space *books)
{
    return book_space_grows(books) ? &growing_limits : &whole_limits;
}

uint32_t heap_space_most_heaps(const struct book_space *books)
{
    return limits_in(books)->heaps;
}

/* The secrets, and what HEAP_HARDEN stands for. */
static void harden(struct heap_space *space)
{
    struct heap_options *options = &space->options;
    bool hardened = (options->flags & HEAP_HARDEN) != 0;

    heap_secrets_make(&space->secrets, hardened, options->flags & HEAP_FILL_ON_FREE);
    if (!hardened)
        return;
    options->flags |= HEAP_DELAY_REUSE;
    if (options->guard_above > space->classes.small_limit)
        options->guard_above = space->classes.small_limit;
    atomic_store_explicit(&space->delayed.chance, heap_random(&space->secrets),
                          memory_order_relaxed);
}

bool heap_space_init(struct heap_space *space, struct pages *pages,
                     const struct heap_options *options)
{
    const struct limits *most = limits_in(pages->books);

    space->pages = pages;
    space->options = *options;
    size_classes_init(&space->classes, heap_has_margins(options));
    harden(space);
    options = &space->options;
    space->checked =
        heap_has_margins(options) || heap_fills_freed(options) || options->guard_above != SIZE_MAX;
    pages->keeps_looked_at = space->checked;
    return init_blocks(space, most, pages->books) && init_indices(space, most, pages->books);
}

void heap_space_destroy(struct heap_space *space)
{
    pool_destroy(&space->set_nodes);
    pool_destroy(&space->thread_nodes);
    pool_destroy(&space->threads);
    history_pool_destroy(&space->histories);
    pool_destroy(&space->slabs);
    pool_destroy(&space->heaps);
    string_table_destroy(&space->file_names);
}

/* ------------------------------------------------------------------------------------------------
 * What is a heap's
 * --------------------------------------------------------------------------------------------- */

static void add_to(struct heap *heap, struct index_set *set, uint32_t index)
{
    if (!index_set_add(set, &heap->space->set_nodes, index))
        atomic_store_explicit(&heap->sets_are_whole, false, memory_order_release);
}

/* all: the pool's limit, up to which all are walked if the sets are not whole. */
static uint32_t next_of(const struct heap *heap, const struct index_set *set, uint32_t from,
                        uint32_t all)
{
    if (atomic_load_explicit(&heap->sets_are_whole, memory_order_acquire))
        return index_set_next(set, &heap->space->set_nodes, from);
    return from <= all ? from : 0;
}

uint32_t heap_take_slab(struct heap *heap)
{
    uint32_t index = pool_take(&heap->space->slabs);

    if (index) {
        STORE_RELAXED(heap_slab(heap->space, index)->heap_item, (uint16_t)heap->index);
        add_to(heap, &heap->own_slabs, index);
    }
    return index;
}

void heap_give_slab(struct heap_space *space, struct slab *slab)
{
    struct heap *heap = pool_item(&space->heaps, LOAD_RELAXED(slab->heap_item));
    uint32_t index = heap_slab_index(space, slab);

    atomic_store_explicit(&slab->heap, 0, memory_order_relaxed);
    /* An enumeration may go on reading by the pointer, which therefore stays. */
    if (slab->history_capacity)
        history_pool_give(&space->histories, LOAD_RELAXED(slab->histories), slab->history_capacity);
    slab->history_capacity = 0;
    index_set_remove(&heap->own_slabs, &space->set_nodes, index);
    pool_give(&space->slabs, index);
}

void heap_add_region(struct heap *heap, uint32_t index)
{
    add_to(heap, &heap->own_regions, index);
}

void heap_remove_region(struct heap *heap, uint32_t index)
{
    index_set_remove(&heap->own_regions, &heap->space->set_nodes, index);
}

uint32_t heap_next_slab(const struct heap *heap, uint32_t from)
{
    return next_of(heap, &heap->own_slabs, from, pool_limit(&heap->space->slabs));
}

uint32_t heap_next_region(const struct heap *heap, uint32_t from)
{
    return next_of(heap, &heap->own_regions, from, region_table_limit(&heap->space->pages->table));
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
    return (uint32_t)key ? key : heap_space_key(space);
}
