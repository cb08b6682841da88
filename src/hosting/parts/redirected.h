/*
 * redirected.h: what a manager keeps for the modules that are redirected to it (redirect/).
 */
#ifndef HOSTMEM_HOSTING_PARTS_REDIRECTED_H
#define HOSTMEM_HOSTING_PARTS_REDIRECTED_H

#include <hostmem/hostmem.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct manager;

struct redirected {
    /* EMemoryCriticalLevel: SetRedirectedLevel. Relaxed: requests under way may use either. */
    _Atomic uint32_t level;

    _Atomic bool task_refused;  /* redirect/runtime/request_level.h */
    _Atomic uint32_t collector; /* redirect/runtime/collector.h */
    HOSTMEM_MODULE_CALLBACK module_callback;
    void *module_context;

    HOSTMEM_STARTED_CALLBACK started_callback; /* NULL: none */
    void *started_context;
    HOSTMEM_ENDING_CALLBACK ending_callback; /* NULL: none */
    void *ending_context;
    _Atomic uint32_t ending; /* redirect/hooks/ending_hooks.c */

    /* redirect/binding.c */
    bool is_held;
    _Atomic(struct manager *) next_known;
    struct manager *next_leaving;
};

static inline EMemoryCriticalLevel redirected_level(const struct redirected *redirected)
{
    return (EMemoryCriticalLevel)atomic_load_explicit(&redirected->level, memory_order_relaxed);
}

static inline void redirected_set_level(struct redirected *redirected, EMemoryCriticalLevel level)
{
    atomic_store_explicit(&redirected->level, (uint32_t)level, memory_order_relaxed);
}

#endif
