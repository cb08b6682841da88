/*
 * request_level.c: see request_level.h.
 */
#include "redirect/request_level.h"

#include "os/os.h"

/* The collector reserves its heap in regions of at least that size, and hardly anything else. */
#define HEAP_REGION ((SIZE_T)8 << 20)

/*
 * A new segment of the heap starts with two committed pages; and a collection that moves objects
 * into it commits what they need behind those.
 */
#define SEGMENT_START ((uintptr_t)2 * OS_PAGE_SIZE)
#define MOST_MOVED ((SIZE_T)2 << 20)

EMemoryCriticalLevel request_level_of_block(const struct manager *manager)
{
    EMemoryCriticalLevel level = manager_redirected_level(manager);

    return level == eTaskCritical ? eAppDomainCritical : level;
}

/* The region that a request without MEM_RESERVE lies in. False: none of the manager's. */
static bool find_region(const struct manager *manager, const void *address,
                        struct region_facts *facts)
{
    const struct region *region = region_table_find(&manager->pages.table, (uintptr_t)address);

    return region && region_read(region, facts);
}

static bool is_growth_of_heap(const struct manager *manager, const void *address, SIZE_T size,
                              DWORD type)
{
    struct region_facts region;

    if ((type & MEM_RESERVE) || !find_region(manager, address, &region))
        return size >= HEAP_REGION;
    return region.size >= HEAP_REGION &&
           ((uintptr_t)address - region.base > SEGMENT_START || size > MOST_MOVED);
}

EMemoryCriticalLevel request_level_of_pages(const struct manager *manager, const void *address,
                                            SIZE_T size, DWORD type)
{
    if (manager_redirected_level(manager) == eTaskCritical &&
        is_growth_of_heap(manager, address, size, type))
        return eTaskCritical;
    return request_level_of_block(manager);
}

void request_level_note(struct manager *manager, EMemoryCriticalLevel level, const void *memory,
                        DWORD last_error)
{
    bool now = !memory && last_error == ERROR_COMMITMENT_LIMIT;

    if (level == eTaskCritical && (memory || now) &&
        atomic_load_explicit(&manager->collector_refused, memory_order_relaxed) != now)
        atomic_store_explicit(&manager->collector_refused, now, memory_order_relaxed);
}

bool collector_is_refused(const struct manager *manager)
{
    return atomic_load_explicit(&manager->collector_refused, memory_order_relaxed);
}
