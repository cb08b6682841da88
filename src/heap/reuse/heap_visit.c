/*
 * heap_visit.c: see heap_visit.h, where the protocol is.
 */
#include "heap/reuse/heap_visit.h"

#include "heap/reuse/partial_slabs.h"

bool heap_visit(struct heap *heap)
{
    uint32_t visits = LOAD_RELAXED(heap->visits);

    while (visits) {
        if (atomic_compare_exchange_weak_explicit(&heap->visits, &visits, visits + 1,
                                                  memory_order_acquire, memory_order_relaxed))
            return true;
    }
    return false;
}

void heap_visit_end(struct heap *heap)
{
    if (atomic_fetch_sub_explicit(&heap->visits, 1, memory_order_acq_rel) != 1)
        return;
    partial_slabs_end(heap);
    index_set_close(&heap->own_slabs, &heap->space->set_nodes);
    index_set_close(&heap->own_regions, &heap->space->set_nodes);
    pool_give(&heap->space->heaps, heap->index);
}
