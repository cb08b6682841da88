/*
 * slab.h: the descriptor of a slab, and the protocol by which its blocks change hands.
 *
 * A slab is 64 KiB of memory cut into blocks of one size class. Its descriptor lies elsewhere
 * (invariant I8), in a type-stable pool. A block's state is never read from, or written to, the
 * block's own memory.
 *
 * Words. Each word holds the fields of some blocks (size_class.h). A field changes only by an
 * atomic operation on its word:
 *
 * - free -> live (slab_claim): the thread that swaps has the block.
 * - live -> free (slab_try_change): of any number of threads that free it, the one that swaps wins.
 * - live -> live: the same, when the block's owner gives it another size.
 * - free -> pending, live -> pending: the same two swaps in tracked slabs. While a field is pending
 *   its block belongs to the thread that swapped. That thread writes the block's history, fills or
 *   checks its memory, and then makes the block live or free by one fetch-xor (slab_settle).
 * - An empty word -> all ones (slab_retire), word by word. When all words are so, the slab is the
 *   retiring thread's alone. If it finds a word that is not empty, it stores the words before it
 *   back, the first one last: nobody else changes a word that is all ones.
 *
 * Keys. A descriptor is used again, for another slab, while a thread may stand between looking at
 * a word and swapping it. So every use has a key of its own, a number that looks random, and words
 * are kept XORed with it. A value that was read of a word in one use is never found in it in
 * another, and the swap fails. `key` is 0 while the descriptor is being set up, and while it is out
 * of use. A reader loads the key first (acquire), then the other fields and the word, then the key
 * again: if it is the same, they belong together, because the key is set to 0 before anything else
 * changes and gets its new value after. A value for a swap is computed only from a word after whose
 * reading the key was the same; that holds also for a word which a failed swap has told. (Two keys
 * whose difference is that of two plausible words would defeat this: one chance in some 2^50, in a
 * race that must be lost first.)
 *
 * State. Where threads that look for a free block find the slab (heap_slabs.c, partial_slabs.h):
 *
 * - ACTIVE: in a slot of active slabs, or held by a thread that is about to put it there.
 * - PARTIAL: on its class's pile of partial slabs, or about to be pushed there.
 * - FULL: nowhere. No block was free when it left its slot.
 * - SCANT: on its class's pile of scant slabs, or about to be pushed there. Less than an eighth of
 *   its blocks is free: finding them would cost more than they are worth, as long as a new slab can
 *   be had.
 * - RIPE: on the pile of scant slabs as before, but an eighth of its blocks is free by now.
 * - GONE: retired, its memory given up. If it was FULL before, no thread will meet it, and the
 *   thread that made it GONE gives the descriptor back to the pool. If it was ACTIVE or on a pile,
 *   the thread that takes it out of its slot or off the pile does so.
 *
 * The transitions:
 *
 * - ACTIVE -> FULL by the thread that took it out of its slot.
 * - FULL -> SCANT by the one thread that swaps, which then pushes it. A thread tries when it has
 *   freed a block, or has just made the slab FULL and found a free block.
 * - FULL -> PARTIAL in the same way, if an eighth of the blocks is free or all of one word's are;
 *   and when a thread could not retire the slab.
 * - SCANT -> RIPE by the one thread that swaps, in the same case.
 * - PARTIAL, SCANT or RIPE -> ACTIVE by the thread that took it off its pile.
 * - ACTIVE -> PARTIAL by the thread that holds it, if another thread filled the slot first.
 * - any -> GONE by the retiring thread, by an exchange, when it has done with the descriptor.
 *
 * The word carries the use's key above the state, so that a swap meant for one use of a descriptor
 * never succeeds in another.
 *
 * No slab with that much room is forgotten. One thread makes the slab FULL and then counts its free
 * blocks; another frees a block and then looks whether the slab is FULL. All four accesses are
 * sequentially consistent, so one of the two sees the other. Two frees that count at once may count
 * as one, which puts PARTIAL and RIPE off, at most until all blocks of a word are free.
 *
 * Emptiness. Whoever makes a slab empty finds that out: the thread whose swap makes the last word
 * empty sees afterwards that all are (swaps are sequentially consistent). It need look only if the
 * word `witness`, in which a block was last seen, is empty. A slab that has been noted as empty
 * carries its use's tag in `idle`, and is not noted again until the tag is taken away
 * (heap/reuse/idle_slabs.h). Who takes the tag away looks at the words afterwards, for a thread
 * that made them empty while it was there.
 */
#ifndef HOSTMEM_SLABS_SLAB_H
#define HOSTMEM_SLABS_SLAB_H

#include "slabs/block_history.h"
#include "counters/relaxed.h"
#include "slabs/size_class.h"
#include "pages/memory/pool.h"

enum slab_state {
    SLAB_ACTIVE = 1,
    SLAB_PARTIAL,
    SLAB_FULL,
    SLAB_SCANT,
    SLAB_RIPE,
    SLAB_GONE
};

#define SLAB_STATE_MASK UINT64_C(7)

struct slab {
    struct pool_link link;
    _Atomic uint32_t next; /* on its pile; 0: the last */
    _Atomic uint64_t key;
    _Atomic uint64_t state; /* enum slab_state | the key's upper bits */
    _Atomic(const struct size_class *) size_class;
    _Atomic uintptr_t base;                    /* of its first block */
    _Atomic uint32_t heap;                     /* number of the heap; 0: the descriptor is free */
    _Atomic uint32_t idle;                     /* slab_tag while it is noted as empty; else not */
    _Atomic(struct block_history *) histories; /* of its blocks; NULL: it has had none yet */
    _Atomic uint16_t freed;                    /* free blocks, roughly, while FULL or SCANT */
    _Atomic uint8_t hint;                      /* the word where a free block was last seen */
    _Atomic uint8_t witness;                   /* the word in which a block in use was last seen */
    uint16_t history_capacity;                 /* how many are the slab's; written by its maker */
    _Atomic uint16_t heap_item;                /* index of the heap in its pool */
    _Alignas(64) _Atomic uint64_t words[SLAB_WORDS];
};

_Static_assert(sizeof(struct slab) == 64 + SLAB_WORDS * sizeof(uint64_t), "one line before them");

/* What was read of a descriptor. slab_is_still says whether all of it is of one use. */
struct slab_view {
    uint64_t key;
    uintptr_t base;
    const struct size_class *size_class;
    uint32_t heap;
};

/* A block of a slab: what a free or a look at an address has found. */
struct slab_block {
    uint32_t index;
    uint32_t field; /* its value when it was looked at */
    uint64_t word;  /* the word that holds it, as it is kept */
};

enum slab_answer {
    SLAB_LIVE,
    SLAB_FREED,     /* the start of a block that is not live */
    SLAB_INTERIOR,  /* inside a live block */
    SLAB_MISALIGNED /* the same, at an address at which no block can begin */
};

/* heap_fast_path.h is inlined with all that it calls, whatever the compiler thinks of the cost. */
#define SLAB_INLINE static inline __attribute__((always_inline))

/* False: the descriptor is not in use. */
SLAB_INLINE bool slab_view(const struct slab *slab, struct slab_view *view)
{
    view->key = atomic_load_explicit(&slab->key, memory_order_acquire);
    view->base = LOAD_RELAXED(slab->base);
    view->size_class = LOAD_RELAXED(slab->size_class);
    view->heap = LOAD_RELAXED(slab->heap);
    return view->key != 0;
}

/* True if the view, and what was read since it was taken, are of the use with that key. */
SLAB_INLINE bool slab_is_still(const struct slab *slab, uint64_t key)
{
    atomic_thread_fence(memory_order_acquire);
    return LOAD_RELAXED(slab->key) == key;
}

/* What `idle` holds in the use with that key: the half of it that is never 0 (heap_space_key). */
SLAB_INLINE uint32_t slab_tag(uint64_t key)
{
    return (uint32_t)key;
}

/* True if no block of that word is in use. */
SLAB_INLINE bool slab_word_is_empty(const struct slab *slab, const struct slab_view *view,
                                    uint32_t word)
{
    return (atomic_load_explicit(&slab->words[word], memory_order_seq_cst) ^ view->key) ==
           size_class_empty(view->size_class, word);
}

/* The same question, cheaper, and only a hint: false, the word may have blocks in use. */
SLAB_INLINE bool slab_word_is_surely_used(const struct slab *slab, const struct slab_view *view,
                                          uint32_t word)
{
    uint64_t fields = LOAD_RELAXED(slab->words[word]) ^ view->key;

    return fields && fields != view->size_class->tail;
}

static inline enum slab_state slab_state_of(uint64_t word)
{
    return (enum slab_state)(word & SLAB_STATE_MASK);
}

static inline uint64_t slab_state_word(uint64_t key, enum slab_state state)
{
    return (key & ~SLAB_STATE_MASK) | state;
}

/* Changes the state of this use of the descriptor. False: it is not `from`. */
static inline bool slab_change_state(struct slab *slab, uint64_t key, enum slab_state from,
                                     enum slab_state to)
{
    uint64_t expected = slab_state_word(key, from);

    return atomic_compare_exchange_strong_explicit(&slab->state, &expected,
                                                   slab_state_word(key, to), memory_order_seq_cst,
                                                   memory_order_seq_cst);
}

static inline uintptr_t slab_block_address(const struct slab_view *view, uint32_t index)
{
    return view->base + (uintptr_t)index * view->size_class->block_size;
}

/* Where the slab's memory begins. */
static inline uintptr_t slab_memory_begin(const struct slab_view *view)
{
    return view->base - view->size_class->margin;
}

/* Of a block of a tracked slab. */
static inline struct block_history *slab_history(const struct slab *slab, uint32_t index)
{
    return &LOAD_RELAXED(slab->histories)[index];
}

/* The field of a live block that was asked for with that many bytes, and back. */
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
 * Claims a free block of the slab: its field becomes `field`. Looks in the words from `from` on.
 * Returns the block's address and, in *index, its number. 0: no such block is free, or the slab is
 * not the heap's, or not of the class.
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
                    atomic_store_explicit(&slab->hint, (uint8_t)word, memory_order_relaxed);
                *index = size_class_block(size_class, word, shift);
                return view.base + (uintptr_t)*index * size_class->block_size;
            }
        }
    }
    return 0;
}

/* The same, from the word on where a free block was last seen. It may miss free blocks before. */
SLAB_INLINE uintptr_t slab_claim(struct slab *slab, uint32_t heap,
                                 const struct size_class *size_class, uint32_t field,
                                 uint32_t *index)
{
    return slab_claim_from(slab, heap, size_class, field, LOAD_RELAXED(slab->hint), index);
}

/* The same, of a free block that `random` chooses. */
uintptr_t slab_claim_random(struct slab *slab, uint32_t heap, const struct size_class *size_class,
                            uint32_t field, uint64_t random, uint32_t *index);

/* What lies at an address, which the view must hold. */
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

/* Makes a live block's field `field` (0: free). False: its word has changed since slab_look. */
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
 * The same, but looks again each time the word has changed. SLAB_LIVE: this thread changed it, and
 * block->field is the value before.
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

/* Makes a pending block's field `field`. Nobody else may change it, so no swap can fail. */
void slab_settle(struct slab *slab, const struct slab_view *view, uint32_t index, uint32_t field);

/* How many blocks are free; 0 also when the view is of an earlier use. */
uint32_t slab_room(const struct slab *slab, const struct slab_view *view);

/* True if each word had no block in use when it was looked at. */
bool slab_is_empty(const struct slab *slab, const struct slab_view *view);

/*
 * The same, at the cost of one word in most cases. With `pending`, blocks of a tracked slab that
 * are pending do not count as in use.
 */
bool slab_seems_empty(struct slab *slab, const struct slab_view *view, bool pending);

/* Notes the slab as empty. False: it has been noted. */
bool slab_note_idle(struct slab *slab, const struct slab_view *view);

/* Takes the note back. */
void slab_unnote_idle(struct slab *slab, const struct slab_view *view);

/*
 * Makes all live blocks free. Pending ones stay, and words that a retiring thread has claimed.
 * Changes nothing if the view is of an earlier use, which may also end meanwhile.
 */
void slab_clear(struct slab *slab, const struct slab_view *view);

/* Claims all blocks at once: the slab is then the caller's alone. False: it is not empty. */
bool slab_retire(struct slab *slab, const struct slab_view *view);

/* Puts a descriptor that is the caller's alone into use. view->key: from heap_space_key. */
void slab_open(struct slab *slab, const struct slab_view *view, enum slab_state state);

/* Takes a descriptor that is the caller's alone out of use. */
void slab_close(struct slab *slab);

/* What a block was asked for with. False: it is not live, or the view is of an earlier use. */
bool slab_read(const struct slab *slab, const struct slab_view *view, uint32_t index,
               uint32_t *requested);

#endif
