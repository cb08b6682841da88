/*
 * manager_parts.c: see manager_parts.h.
 */
#include "hosting/manager_parts.h"

#include "hosting/host_control.h"
#include "hosting/host_malloc.h"
#include "hosting/public_facts.h"

#define CONTROL_LIMIT ((uint32_t)1 << 12)

#define HEAP_FLAGS                                                                                 \
    (HOSTMEM_TRACK_BLOCKS | HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE |   \
     HOSTMEM_HARDEN)

_Static_assert(HOSTMEM_HARDEN == (int)HEAP_HARDEN, "one set of flags");
_Static_assert(HostMemDamageBefore == (int)HEAP_DAMAGE_BEFORE, "one order of kinds");

static void report_damage(void *context, const struct heap_block *block)
{
    const struct manager *manager = context;
    HOSTMEM_DAMAGE damage = {.Address = (void *)block->damage,
                             .FreedBy = block->freed_by,
                             .Kind = (DWORD)block->damage_kind};

    if (!manager->damage_callback)
        return;
    block_to_public(block, &damage.Block);
    manager->damage_callback(manager->damage_context, &damage);
}

HRESULT manager_make_parts(struct manager *manager, const HOSTMEM_OPTIONS *options)
{
    struct book_space *books = &manager->books;
    struct heap_options heap_options = {
        .flags = options->dwFlags & HEAP_FLAGS,
        .guard_above = options->GuardAbove ? options->GuardAbove : SIZE_MAX,
        .damaged = report_damage,
        .context = manager,
    };

    host_callbacks_init(&manager->host, &manager->pages.budget, options);
    if (!pages_init(&manager->pages, &manager->counters, books) ||
        !heap_space_init(&manager->heaps, &manager->pages, &heap_options) ||
        !mapped_init(&manager->mapped, &manager->counters, books) ||
        !pool_init(&manager->mallocs, sizeof(struct host_malloc), heap_space_most_heaps(books),
                   books) ||
        !pool_init(&manager->controls, sizeof(struct host_control), CONTROL_LIMIT, books) ||
        !pressure_notify_init(&manager->limits.notify, &manager->counters, &manager->status,
                              &manager->pages.budget.committed, &manager->host, manager, books) ||
        !emergency_init(&manager->emergency, options->EmergencyReservation))
        return E_OUTOFMEMORY;
    return limits_init(&manager->limits, &manager->pages.budget, options);
}
