/*
 * slab_memory.h: the 64 KiB of memory behind each slab: taking and releasing it, and the marks by
 * which an address leads to its slab.
 *
 * A slab's memory is a region of its own, marked REGION_IS_SLAB. In hardened heaps the region has a
 * guard page behind it, and nobody can have the rest of that granule.
 *
 * A mark is the index of the slab whose memory lies in that granule (chunk_table.h). It is written
 * (release) before a block of the slab can be handed out, and cleared before the memory is given
 * up. Readers load it with acquire, and check by slab_view that the slab is in use and holds the
 * address.
 */
#ifndef HOSTMEM_HEAP_SLAB_MEMORY_H
#define HOSTMEM_HEAP_SLAB_MEMORY_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* Memory for a slab, from the system. */
pages_result slab_memory_take(struct heap *heap, uint32_t critical_level, uintptr_t *base);

/*
 * Gives memory of the heap, which has or had that number, back to the system. Returns how many
 * bytes the system got.
 */
size_t slab_memory_give(struct heap *heap, uint32_t number, uintptr_t base);

/* The mark of the granule at base, made if need be; NULL: no memory for it. */
chunk_mark *slab_memory_mark(struct heap *heap, uintptr_t base);

/* The index of the slab whose memory holds the address; 0: there is none. */
uint32_t slab_memory_index_at(const struct heap_space *space, uintptr_t address);

/*
 * The same for a free: the slab, or NULL. Remembers the chunk in the thread's counters, which may
 * be the heap's shared ones.
 */
struct slab *heap_slab_of(const struct heap *heap, struct thread_counters *thread,
                          uintptr_t address);

#endif
