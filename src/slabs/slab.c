/*
 * slab.c: see slab.h, where the protocol is.
 */
#include "slabs/slab.h"

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
        uint64_t kept = LOAD_RELAXED(slab->words[word]);

        if ((kept ^ view->key) != size_class_empty(view->size_class, word))
            return false;
    }
    return true;
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
