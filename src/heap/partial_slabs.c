/*
 * partial_slabs.c: see partial_slabs.h, where the protocol is.
 */
#include "heap/partial_slabs.h"

void partial_slabs_push(struct heap *heap, struct slab *slab, const struct size_class *size_class)
{
    _Atomic uint64_t *stack = &heap->stacks[size_class->index];
    uint64_t head = atomic_load_explicit(stack, memory_order_relaxed);
    uint64_t changed;

    do {
        atomic_store_explicit(&slab->next, (uint32_t)head, memory_order_relaxed);
        changed = ((head >> 32) + 1) << 32 | heap_slab_index(heap->space, slab);
    } while (!atomic_compare_exchange_weak_explicit(stack, &head, changed, memory_order_acq_rel,
                                                    memory_order_relaxed));
}

static struct slab *pop(struct heap *heap, const struct size_class *size_class)
{
    _Atomic uint64_t *stack = &heap->stacks[size_class->index];
    uint64_t head = atomic_load_explicit(stack, memory_order_acquire);

    while ((uint32_t)head) {
        struct slab *slab = heap_slab(heap->space, (uint32_t)head);
        uint64_t next = atomic_load_explicit(&slab->next, memory_order_relaxed);
        uint64_t changed = ((head >> 32) + 1) << 32 | next;

        if (atomic_compare_exchange_weak_explicit(stack, &head, changed, memory_order_acq_rel,
                                                  memory_order_acquire))
            return slab;
    }
    return NULL;
}

void partial_slabs_add(struct heap *heap, struct slab *slab, const struct slab_view *view)
{
    if (slab_change_state(slab, view->key, SLAB_FULL, SLAB_PARTIAL))
        partial_slabs_push(heap, slab, view->size_class);
}

struct slab *partial_slabs_take(struct heap *heap, const struct size_class *size_class)
{
    struct slab *slab;

    while ((slab = pop(heap, size_class)) != NULL) {
        uint64_t state = atomic_load_explicit(&slab->state, memory_order_acquire);

        if (slab_state_of(state) == SLAB_PARTIAL &&
            slab_change_state(slab, state, SLAB_PARTIAL, SLAB_ACTIVE))
            return slab;
        heap_give_slab(heap->space, slab); /* GONE: no other thread can reach it any more */
    }
    return NULL;
}

/* Empties the stack. The slabs, linked by `next`, are this thread's alone. */
static struct slab *pop_all(struct heap *heap, uint32_t class_index)
{
    _Atomic uint64_t *stack = &heap->stacks[class_index];
    uint64_t head = atomic_load_explicit(stack, memory_order_acquire);

    while ((uint32_t)head &&
           !atomic_compare_exchange_weak_explicit(stack, &head, ((head >> 32) + 1) << 32,
                                                  memory_order_acq_rel, memory_order_acquire))
        ;
    return (uint32_t)head ? heap_slab(heap->space, (uint32_t)head) : NULL;
}

void partial_slabs_drain(struct heap *heap)
{
    for (uint32_t index = 0; index < CLASS_COUNT; index++) {
        struct slab *slab = pop_all(heap, index);

        while (slab) {
            uint32_t next = LOAD_RELAXED(slab->next);
            uint64_t state = atomic_load_explicit(&slab->state, memory_order_acquire);

            if (slab_state_of(state) == SLAB_GONE)
                heap_give_slab(heap->space, slab);
            else
                partial_slabs_push(heap, slab, &heap->classes[index]);
            slab = next ? heap_slab(heap->space, next) : NULL;
        }
    }
}
