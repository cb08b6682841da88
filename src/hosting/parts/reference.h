/*
 * reference.h: the count of an object's references, and how an object stays whole while it ends.
 *
 * An object calls back while it ends: a callback's last Release, a leak. The callback may take and
 * give back references, or keep one.
 *
 * Protocol. The thread that takes the count to 0 ends the object, and is the only one that refers
 * to it. It sets the count to REFERENCES_ENDING. From then on AddRef and Release move the count
 * about that value, and none of them meets 0 again. When the callbacks have returned, a count above
 * that value says that a reference was kept: REFERENCES_ENDING is subtracted, and the object lives
 * on. Otherwise the count stays, and the object is destroyed; whatever it still calls back while
 * that goes on may refer to it, too, but keep nothing.
 * Adding is relaxed. Releasing is an acquire and a release: the thread that ends the object sees
 * what all others have done with it.
 */
#ifndef HOSTMEM_HOSTING_REFERENCE_H
#define HOSTMEM_HOSTING_REFERENCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define REFERENCES_ENDING UINT32_C(0x40000000)

/* Half of REFERENCES_ENDING: no object has as many references, and none that ends has fewer. */
#define REFERENCES_MOST (REFERENCES_ENDING / 2)

static inline uint32_t reference_add(_Atomic uint32_t *references)
{
    return atomic_fetch_add_explicit(references, 1, memory_order_relaxed) + 1;
}

/* What is left. If it is 0, the caller ends the object. */
static inline uint32_t reference_release(_Atomic uint32_t *references)
{
    return atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel) - 1;
}

/* Takes a reference, unless the object ends or has ended. */
static inline bool reference_try_add(_Atomic uint32_t *references)
{
    uint32_t count = atomic_load_explicit(references, memory_order_relaxed);

    while (count && count < REFERENCES_MOST) {
        if (atomic_compare_exchange_weak_explicit(references, &count, count + 1,
                                                  memory_order_acquire, memory_order_relaxed))
            return true;
    }
    return false;
}

/* The last reference is gone, and the object begins to end. */
static inline void reference_begin_end(_Atomic uint32_t *references)
{
    atomic_store_explicit(references, REFERENCES_ENDING, memory_order_relaxed);
}

/* The callbacks have returned. The references that were kept; 0: destroy the object. */
static inline uint32_t reference_kept(_Atomic uint32_t *references)
{
    uint32_t count = atomic_load_explicit(references, memory_order_relaxed);

    while (count > REFERENCES_ENDING) {
        if (atomic_compare_exchange_weak_explicit(references, &count, count - REFERENCES_ENDING,
                                                  memory_order_acq_rel, memory_order_relaxed))
            return count - REFERENCES_ENDING;
    }
    return 0;
}

#endif
