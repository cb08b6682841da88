/*
 * request_level.c: see request_level.h.
 */
#include "redirect/runtime/request_level.h"

#include "os/os.h"

/* The collector reserves its heap in regions of at least this size; hardly anything else does. */
#define HEAP_REGION ((SIZE_T)8 << 20)

/*
 * A new segment of the heap starts with two committed pages. A collection that moves objects into
 * the segment commits what they need behind those two.
 */
#define SEGMENT_START ((uintptr_t)2 * OS_PAGE_SIZE)
#define MOST_MOVED ((SIZE_T)2 << 20)

EMemoryCriticalLevel request_level_of_block(const struct manager *manager)
{
    EMemoryCriticalLevel level = redirected_level(&manager->redirected);

    return level == eTaskCritical ? eAppDomainCritical : level;
}

/* The region that holds an address. False: it lies in none of the manager's. */
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
    if (redirected_level(&manager->redirected) == eTaskCritical &&
        is_growth_of_heap(manager, address, size, type))
        return eTaskCritical;
    return request_level_of_block(manager);
}

/* The budget refuses with ERROR_COMMITMENT_LIMIT (hosting/hresult.c). */
void request_level_note_result(struct manager *manager, EMemoryCriticalLevel level,
                               const void *memory, DWORD last_error)
{
    _Atomic bool *task_refused = &manager->redirected.task_refused;
    bool refused = !memory && last_error == ERROR_COMMITMENT_LIMIT;

    if (level == eTaskCritical && (memory || refused) &&
        atomic_load_explicit(task_refused, memory_order_relaxed) != refused)
        atomic_store_explicit(task_refused, refused, memory_order_relaxed);
}

bool request_level_task_is_refused(const struct manager *manager)
{
    return atomic_load_explicit(&manager->redirected.task_refused, memory_order_relaxed);
}
