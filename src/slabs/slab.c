/*
 * slab.c: see slab.h, where the protocol is.
 */
#include "slabs/slab.h"

/* Claims one of the word's free blocks. 0: none is free, or the slab is another by now. */
static uintptr_t claim_in_word(struct slab *slab, const struct slab_view *view, uint32_t word,
                               uint32_t field, uint32_t random, uint32_t *index)
{
    const struct size_class *size_class = view->size_class;
    uint64_t kept = LOAD_RELAXED(slab->words[word]);
    uint64_t free_fields;

    while ((free_fields = size_class_free_fields(size_class, kept ^ view->key)) != 0) {
        uint32_t skipped = random % (uint32_t)__builtin_popcountll(free_fields), shift;

        while (skipped--)
            free_fields &= free_fields - 1;
        shift = (uint32_t)__builtin_ctzll(free_fields) - (size_class->field_bits - 1);
        if (!slab_is_still(slab, view->key))
            return 0;
        if (atomic_compare_exchange_weak_explicit(&slab->words[word], &kept,
                                                  kept ^ (uint64_t)field << shift,
                                                  memory_order_acq_rel, memory_order_relaxed)) {
            *index = size_class_block(size_class, word, shift);
            return slab_block_address(view, *index);
        }
    }
    return 0;
}

uintptr_t slab_claim_random(struct slab *slab, uint32_t heap, const struct size_class *size_class,
                            uint32_t field, uint64_t random, uint32_t *index)
{
    uint32_t word = (uint32_t)random % size_class->words;
    uintptr_t address = 0;
    struct slab_view view;

    if (!slab_view(slab, &view) || view.heap != heap || view.size_class != size_class)
        return 0;
    for (uint32_t i = 0; i < size_class->words && !address; i++) {
        address = claim_in_word(slab, &view, word, field, (uint32_t)(random >> 32), index);
        if (++word == size_class->words)
            word = 0;
    }
    return address;
}

void slab_settle(struct slab *slab, const struct slab_view *view, uint32_t index, uint32_t field)
{
    uint32_t word = size_class_word(view->size_class, index);
    uint32_t shift = size_class_shift(view->size_class, index, word);
    uint64_t change = (uint64_t)(slab_pending(view->size_class) ^ field) << shift;

    atomic_fetch_xor_explicit(&slab->words[word], change, memory_order_seq_cst);
}

uint32_t slab_room(const struct slab *slab, const struct slab_view *view)
{
    uint32_t room = 0;

    for (uint32_t word = 0; word < view->size_class->words; word++) {
        uint64_t kept = atomic_load_explicit(&slab->words[word], memory_order_seq_cst);

        room += (uint32_t)__builtin_popcountll(
            size_class_free_fields(view->size_class, kept ^ view->key));
    }
    return slab_is_still(slab, view->key) ? room : 0;
}

bool slab_is_empty(const struct slab *slab, const struct slab_view *view)
{
    for (uint32_t word = 0; word < view->size_class->words; word++) {
        if (!slab_word_is_empty(slab, view, word))
            return false;
    }
    return true;
}

/* True if each block of the word is free or pending. */
static bool word_is_unused(const struct slab *slab, const struct slab_view *view, uint32_t word)
{
    const struct size_class *size_class = view->size_class;
    uint64_t fields = LOAD_RELAXED(slab->words[word]) ^ view->key;

    fields ^= size_class_empty(size_class, word);
    for (; fields; fields >>= size_class->field_bits) {
        uint32_t field = (uint32_t)(fields & size_class_mask(size_class));

        if (field && field != slab_pending(size_class))
            return false;
    }
    return true;
}

bool slab_seems_empty(struct slab *slab, const struct slab_view *view, bool pending)
{
    uint32_t words = view->size_class->words;
    uint32_t word = LOAD_RELAXED(slab->witness);

    pending = pending && view->size_class->tracked;
    if (word >= words)
        word = 0;
    for (uint32_t i = 0; i < words; i++) {
        bool empty =
            pending ? word_is_unused(slab, view, word) : slab_word_is_empty(slab, view, word);

        if (!empty) {
            if (i)
                STORE_RELAXED(slab->witness, (uint8_t)word);
            return false;
        }
        if (++word == words)
            word = 0;
    }
    return slab_is_still(slab, view->key);
}

bool slab_note_idle(struct slab *slab, const struct slab_view *view)
{
    uint32_t tag = slab_tag(view->key);
    uint32_t idle = atomic_load_explicit(&slab->idle, memory_order_seq_cst);

    return idle != tag && atomic_compare_exchange_strong_explicit(
                              &slab->idle, &idle, tag, memory_order_seq_cst, memory_order_seq_cst);
}

void slab_unnote_idle(struct slab *slab, const struct slab_view *view)
{
    uint32_t tag = slab_tag(view->key);

    atomic_compare_exchange_strong_explicit(&slab->idle, &tag, 0, memory_order_seq_cst,
                                            memory_order_seq_cst);
}

/* The word with its live fields 0. */
static uint64_t without_live(const struct size_class *size_class, uint64_t fields, uint64_t empty)
{
    uint64_t mask = size_class_mask(size_class);

    for (uint32_t i = 0; i < size_class->word_fields; i++) {
        uint32_t shift = i * size_class->field_bits;

        if (!(empty >> shift & mask) &&
            slab_field_is_live(size_class, (uint32_t)(fields >> shift & mask)))
            fields &= ~(mask << shift);
    }
    return fields;
}

void slab_clear(struct slab *slab, const struct slab_view *view)
{
    for (uint32_t word = 0; word < view->size_class->words; word++) {
        uint64_t empty = size_class_empty(view->size_class, word);
        uint64_t kept = LOAD_RELAXED(slab->words[word]);
        uint64_t cleared;

        do {
            if (!slab_is_still(slab, view->key))
                return; /* what was read may be a word of another use */
            cleared = without_live(view->size_class, kept ^ view->key, empty) ^ view->key;
        } while (cleared != kept && !atomic_compare_exchange_weak_explicit(
                                        &slab->words[word], &kept, cleared, memory_order_seq_cst,
                                        memory_order_relaxed));
    }
}

bool slab_retire(struct slab *slab, const struct slab_view *view)
{
    for (uint32_t word = 0; word < view->size_class->words; word++) {
        uint64_t kept = size_class_empty(view->size_class, word) ^ view->key;

        if (!atomic_compare_exchange_strong_explicit(&slab->words[word], &kept, ~view->key,
                                                     memory_order_acq_rel, memory_order_relaxed)) {
            /* Nobody changes a word that is all ones. */
            while (word--)
                atomic_store_explicit(&slab->words[word],
                                      size_class_empty(view->size_class, word) ^ view->key,
                                      memory_order_seq_cst);
            return false;
        }
    }
    return true;
}

void slab_open(struct slab *slab, const struct slab_view *view, enum slab_state state)
{
    slab_close(slab);
    atomic_store_explicit(&slab->base, view->base, memory_order_relaxed);
    atomic_store_explicit(&slab->size_class, view->size_class, memory_order_relaxed);
    atomic_store_explicit(&slab->heap, view->heap, memory_order_relaxed);
    atomic_store_explicit(&slab->state, slab_state_word(view->key, state), memory_order_relaxed);
    atomic_store_explicit(&slab->hint, 0, memory_order_relaxed);
    atomic_store_explicit(&slab->freed, 0, memory_order_relaxed);
    atomic_store_explicit(&slab->idle, 0, memory_order_relaxed);
    atomic_store_explicit(&slab->witness, 0, memory_order_relaxed);
    for (uint32_t word = 0; word < view->size_class->words; word++)
        atomic_store_explicit(&slab->words[word],
                              size_class_empty(view->size_class, word) ^ view->key,
                              memory_order_relaxed);
    atomic_store_explicit(&slab->key, view->key, memory_order_release);
}

void slab_close(struct slab *slab)
{
    atomic_store_explicit(&slab->key, 0, memory_order_relaxed);
    /* A thread that sees anything written from now on sees that the key is gone. */
    atomic_thread_fence(memory_order_release);
}

bool slab_read(const struct slab *slab, const struct slab_view *view, uint32_t index,
               uint32_t *requested)
{
    struct slab_block block;
    uintptr_t address = slab_block_address(view, index);

    if (slab_look(slab, view, address, &block) != SLAB_LIVE)
        return false;
    *requested = slab_requested(view->size_class, block.field);
    return true;
}
