/*
 * slab.h: the descriptor of a slab, and the protocol by which its blocks change hands.
 *
 * A slab is 64 KiB of memory cut into blocks of one size class. Its descriptor lies elsewhere
 * (invariant I8), in a type-stable pool. Nothing is ever read from, or written to, the memory of a
 * block to know what it is.
 *
 * Words. Each holds the fields of some blocks (size_class.h). A field changes only by an atomic
 * operation on its word:
 *
 * - free -> live (slab_claim): who swaps has the block.
 * - live -> free (slab_try_change): of any number of threads that free it, the one that swaps.
 * - live -> live: the same with another request, when its owner makes the block another size.
 * - free -> pending, live -> pending: the same two swaps in tracked slabs. While a field is pending
 *   its block belongs to the thread that made it so, who writes the block's history and fills or
 *   checks its memory, and then makes it live or free by one fetch-xor (slab_settle).
 * - An empty word -> all ones (slab_retire), word by word. A slab all of whose words are so is the
 *   retirer's alone. If one is not empty, those before it are stored back, the first one last:
 *   nobody else changes a word that is all ones.
 *
 * Disguise. A descriptor is used again, for another slab, while a thread may stand between looking
 * at a word and swapping it. So every use has a key of its own, a number that looks random, and
 * words are kept XORed with it: what was read of a word in one use is never found in it in another,
 * and the swap fails. `key` is 0 while the descriptor is being set up, and when it is out of use.
 * Whoever looks reads the key first (acquire), then the other fields and the word, then the key
 * again: if it is the same, they belong together, because the key is made 0 before anything else
 * changes and gets its new value after. (Two keys whose difference happens to be that of two
 * plausible words would fool it: one chance in some 2^50, in a race that must be lost first.)
 *
 * Place. Where the descriptor is to be found by those who look for a free block (heap_slabs.c):
 *
 * - FAVOURED: in a slot of active slabs, or in the hand of a thread that is about to put it there.
 * - LISTED: on its class's stack of slabs with free blocks, or about to be pushed.
 * - PARKED: nowhere; it was found full.
 * - GONE: its memory has been given back. Whoever meets it next in its old place, on the stack or
 *   in the slot, gives the descriptor back to the pool; where it was PARKED, who made it GONE does.
 *
 * The moves: FAVOURED -> PARKED by who took it out of its slot. PARKED -> LISTED by the one freer,
 * parker or retirer that swaps, who then pushes it: when an eighth of its blocks is free, or all of
 * a word's (with less, finding them would cost more than they are worth), or when it could not be
 * retired. LISTED -> FAVOURED by who popped it. FAVOURED -> LISTED by who has it in hand and found
 * the slot filled by another. Any -> GONE by the retirer, by an exchange, when it has done with the
 * descriptor. The word carries the use's key above the state, so that no swap meant for one use of
 * a descriptor succeeds in another.
 *
 * Parking and then counting free blocks, freeing one and then looking whether it is parked: all
 * four accesses are sequentially consistent, so one of the two sees the other, and no slab with as
 * much room as that is forgotten. Two freers that count at once may count as one, which puts off
 * the listing, at most until a word is empty.
 */
#ifndef HOSTMEM_HEAP_SLAB_H
#define HOSTMEM_HEAP_SLAB_H

#include "heap/relaxed.h"
#include "heap/size_class.h"
#include "pages/pool.h"

enum slab_place {
    SLAB_ACTIVE = 1,
    SLAB_PARTIAL,
    SLAB_FULL,
    SLAB_GONE
};

#define SLAB_PLACE_MASK UINT64_C(7)

struct block_history;

struct slab {
    struct pool_link link;
    _Atomic uint32_t next; /* on the stack */
    _Atomic uint64_t key;
    _Atomic uint64_t place; /* enum slab_place | the key's upper bits */
    _Atomic(const struct size_class *) size_class;
    _Atomic uintptr_t base;
    _Atomic uint32_t heap;  /* number of the heap; 0: the descriptor is nobody's */
    _Atomic uint32_t hint;  /* the word where a free block was last seen */
    _Atomic uint32_t freed; /* blocks freed since it was parked; a rough count */
    _Atomic(struct block_history *)
        histories;             /* histories of its blocks; NULL: it has had none yet */
    uint32_t history_capacity; /* that the histories has room for: who sets the descriptor up writes
                                  it */
    _Alignas(64) _Atomic uint64_t words[SLAB_WORDS];
};

/* What was read of a descriptor, all of one use of it. */
struct slab_view {
    uint64_t key;
    uintptr_t base;
    const struct size_class *size_class;
    uint32_t heap;
};

/* A block of a slab: what a free or a look at an address has found. */
struct slab_block {
    uint32_t index;
    uint32_t field; /* its field's value, when it was looked at */
    uint64_t word;  /* of that word, as it is kept */
};

enum slab_answer {
    SLAB_LIVE,
    SLAB_FREED,     /* the start of a block that is not live */
    SLAB_INTERIOR,  /* inside a live block */
    SLAB_MISALIGNED /* the same, at an address that no block can have */
};

/* What heap_fast_path.h inlines, and all in it, whatever else calls it. */
#define SLAB_INLINE static inline __attribute__((always_inline))

SLAB_INLINE bool slab_view(const struct slab *slab, struct slab_view *view)
{
    view->key = atomic_load_explicit(&slab->key, memory_order_acquire);
    view->base = LOAD_RELAXED(slab->base);
    view->size_class = LOAD_RELAXED(slab->size_class);
    view->heap = LOAD_RELAXED(slab->heap);
    return view->key != 0;
}

/* True if what was read since the view was taken belongs to it. */
SLAB_INLINE bool slab_is_still(const struct slab *slab, uint64_t key)
{
    atomic_thread_fence(memory_order_acquire);
    return LOAD_RELAXED(slab->key) == key;
}

static inline enum slab_place slab_place_of(uint64_t place)
{
    return (enum slab_place)(place & SLAB_PLACE_MASK);
}

static inline uint64_t slab_place_word(uint64_t key, enum slab_place place)
{
    return (key & ~SLAB_PLACE_MASK) | place;
}

/* Changes the place of this use of the descriptor. False: it is not `from`. */
static inline bool slab_move(struct slab *slab, uint64_t key, enum slab_place from,
                             enum slab_place to)
{
    uint64_t expected = slab_place_word(key, from);

    return atomic_compare_exchange_strong_explicit(&slab->place, &expected,
                                                   slab_place_word(key, to), memory_order_seq_cst,
                                                   memory_order_seq_cst);
}

static inline uint32_t slab_field_of(const struct size_class *size_class, uint32_t requested)
{
    return requested - size_class->smallest + 1;
}

static inline uint32_t slab_requested(const struct size_class *size_class, uint32_t field)
{
    return field - 1 + size_class->smallest;
}

/* The value of a pending field, of tracked classes. */
static inline uint32_t slab_pending(const struct size_class *size_class)
{
    return (uint32_t)size_class_mask(size_class) - 1;
}

static inline bool slab_field_is_live(const struct size_class *size_class, uint32_t field)
{
    return field - 1 <= size_class->largest - size_class->smallest;
}

/*
 * Takes a free block of the slab, if it is the heap's and of the class, and has one in a word from
 * `from` on: its field becomes `field`. Returns its address and, in *index, its number; 0: there is
 * none.
 */
SLAB_INLINE uintptr_t slab_claim_from(struct slab *slab, uint32_t heap,
                                      const struct size_class *size_class, uint32_t field,
                                      uint32_t from, uint32_t *index)
{
    struct slab_view view;

    if (!slab_view(slab, &view) || view.heap != heap || view.size_class != size_class)
        return 0;
    for (uint32_t word = from; word < size_class->words; word++) {
        uint64_t kept = LOAD_RELAXED(slab->words[word]);
        uint64_t free_fields;

        while ((free_fields = size_class_free_fields(size_class, kept ^ view.key)) != 0) {
            uint32_t shift = (uint32_t)__builtin_ctzll(free_fields) - (size_class->field_bits - 1);

            if (!slab_is_still(slab, view.key))
                return 0;
            if (atomic_compare_exchange_weak_explicit(&slab->words[word], &kept,
                                                      kept ^ (uint64_t)field << shift,
                                                      memory_order_acq_rel, memory_order_relaxed)) {
                if (LOAD_RELAXED(slab->hint) != word)
                    atomic_store_explicit(&slab->hint, word, memory_order_relaxed);
                *index = size_class_block(size_class, word, shift);
                return view.base + (uintptr_t)*index * size_class->block_size;
            }
        }
    }
    return 0;
}

/* The same from where one was last seen on: it may miss some. */
SLAB_INLINE uintptr_t slab_claim(struct slab *slab, uint32_t heap,
                                 const struct size_class *size_class, uint32_t field,
                                 uint32_t *index)
{
    return slab_claim_from(slab, heap, size_class, field, LOAD_RELAXED(slab->hint), index);
}

/* What lies at an address of the slab; the view must be the slab's, and hold the address. */
SLAB_INLINE enum slab_answer slab_look(const struct slab *slab, const struct slab_view *view,
                                       uintptr_t address, struct slab_block *block)
{
    const struct size_class *size_class = view->size_class;
    uint32_t offset = (uint32_t)(address - view->base);
    uint32_t index = (uint32_t)((uint64_t)offset * size_class->per_block >> 32);
    uint32_t word = size_class_word(size_class, index);
    uint32_t shift = size_class_shift(size_class, index, word);

    if (index >= size_class->blocks)
        return SLAB_FREED; /* the rest of a slab that is no block */
    block->index = index;
    block->word = LOAD_RELAXED(slab->words[word]);
    block->field = (uint32_t)((block->word ^ view->key) >> shift & size_class_mask(size_class));
    if (!slab_is_still(slab, view->key) || !slab_field_is_live(size_class, block->field))
        return SLAB_FREED;
    if (index * size_class->block_size == offset)
        return SLAB_LIVE;
    return (address % BLOCK_ALIGNMENT) ? SLAB_MISALIGNED : SLAB_INTERIOR;
}

/* Makes a live block's field `field` (0: free), if its word still is as slab_look found it. */
SLAB_INLINE bool slab_try_change(struct slab *slab, const struct slab_view *view,
                                 const struct slab_block *block, uint32_t field)
{
    uint32_t word = size_class_word(view->size_class, block->index);
    uint32_t shift = size_class_shift(view->size_class, block->index, word);
    uint64_t kept = block->word;

    return atomic_compare_exchange_strong_explicit(&slab->words[word], &kept,
                                                   kept ^ (uint64_t)(block->field ^ field) << shift,
                                                   memory_order_seq_cst, memory_order_relaxed);
}

/*
 * The same, looking again as often as its word has changed. SLAB_LIVE: this thread did it, and
 * block->field is what it was.
 */
static inline enum slab_answer slab_change(struct slab *slab, const struct slab_view *view,
                                           uintptr_t address, struct slab_block *block,
                                           uint32_t field)
{
    enum slab_answer answer = SLAB_LIVE;

    while (answer == SLAB_LIVE && !slab_try_change(slab, view, block, field))
        answer = slab_look(slab, view, address, block);
    return answer;
}

/* The same for a block that is pending, and so nobody else's to change. */
void slab_settle(struct slab *slab, const struct slab_view *view, uint32_t index, uint32_t field);

/* How many blocks are free; 0 also when the view is of another use. */
uint32_t slab_room(const struct slab *slab, const struct slab_view *view);

/* True if no block is in use, when each word was looked at. */
bool slab_is_empty(const struct slab *slab, const struct slab_view *view);

/* Takes all blocks, so that the slab is the caller's alone. False: it is not empty. */
bool slab_retire(struct slab *slab, const struct slab_view *view);

/* Puts a descriptor, which is the caller's alone, into use. key: never used before; not 0. */
void slab_open(struct slab *slab, const struct slab_view *view, enum slab_place place);

/* Takes a descriptor, which is the caller's alone, out of use. */
void slab_close(struct slab *slab);

/* Reads the fields of a block by number. False: it is not live, or the view is of another use. */
bool slab_read(const struct slab *slab, const struct slab_view *view, uint32_t index,
               uint32_t *requested);

#endif
