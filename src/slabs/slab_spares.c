/*
 * slab_spares.c: see slab_spares.h, where the protocol is.
 */
#include "slabs/slab_spares.h"

uintptr_t slab_spares_take(struct slab_spares *spares)
{
    for (uint32_t i = 0; i < SLAB_SPARES; i++) {
        uintptr_t base;

        if (!atomic_load_explicit(&spares->bases[i], memory_order_relaxed))
            continue;
        base = atomic_exchange_explicit(&spares->bases[i], 0, memory_order_acq_rel);
        if (base)
            return base;
    }
    return 0;
}

bool slab_spares_keep(struct slab_spares *spares, uintptr_t base)
{
    for (uint32_t i = 0; i < SLAB_SPARES; i++) {
        uintptr_t expected = 0;

        if (atomic_compare_exchange_strong_explicit(&spares->bases[i], &expected, base,
                                                    memory_order_acq_rel, memory_order_relaxed))
            return true;
    }
    return false;
}

uint32_t slab_spares_count(const struct slab_spares *spares)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < SLAB_SPARES; i++)
        count += atomic_load_explicit(&spares->bases[i], memory_order_relaxed) != 0;
    return count;
}
