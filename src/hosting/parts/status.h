/*
 * status.h: whether a manager serves its callers.
 *
 * Protocol. The word is a HOSTMEM_STATUS. It leaves HostMemStatusOpen once, by compare-and-swap,
 * and never changes again. It is read relaxed: a call that overlaps with the change may still be
 * served.
 */
#ifndef HOSTMEM_HOSTING_PARTS_STATUS_H
#define HOSTMEM_HOSTING_PARTS_STATUS_H

#include <hostmem/hostmem.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct status {
    _Atomic uint32_t word;
};

static inline HOSTMEM_STATUS status_read(const struct status *status)
{
    return (HOSTMEM_STATUS)atomic_load_explicit(&status->word, memory_order_relaxed);
}

static inline bool status_is_open(const struct status *status)
{
    return status_read(status) == HostMemStatusOpen;
}

/* True for the one call that ends HostMemStatusOpen. */
static inline bool status_latch(struct status *status, HOSTMEM_STATUS latched)
{
    uint32_t open = HostMemStatusOpen;

    return atomic_compare_exchange_strong_explicit(&status->word, &open, latched,
                                                   memory_order_seq_cst, memory_order_relaxed);
}

#endif
