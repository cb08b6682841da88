/*
 * relaxed.h: loads and stores of atomic fields that order nothing: figures, hints, and fields that
 * another access of the same protocol orders.
 */
#ifndef HOSTMEM_COUNTERS_RELAXED_H
#define HOSTMEM_COUNTERS_RELAXED_H

#include <stdatomic.h>

#define LOAD_RELAXED(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define STORE_RELAXED(field, value) atomic_store_explicit(&(field), value, memory_order_relaxed)

#endif
