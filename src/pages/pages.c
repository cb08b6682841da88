/*
 * pages.c: VirtualAlloc and VirtualFree over the ledger.
 *
 * Review note for invariant I4: what is called from here is os/ (one system call each), budget/,
 * record/ and the other files of pages/: atomics and arithmetic. tests/checks/ holds the objects
 * of all these to that.
 */
#include "pages/pages.h"

#include "os/os.h"

/* The most that will ever be spent on directories, owners and bits: address space, not memory. */
#define METADATA_LIMIT ((size_t)(sizeof(void *) == 8 ? 16384u : 2u) << 20)

struct range {
    uintptr_t begin;
    uintptr_t end;
};

bool pages_init(struct pages *pages, struct record *record)
{
    struct gauge *gauge = &record->metadata;

    pages->record = record;
    atomic_store_explicit(&pages->sequence, 0, memory_order_relaxed);
    if (!os_has_known_granularity())
        return false;
    if (metadata_init(&pages->metadata, METADATA_LIMIT, gauge) &&
        region_table_init(&pages->table, &pages->metadata, gauge))
        return true;
    pages_destroy(pages);
    return false;
}

void pages_destroy(struct pages *pages)
{
    region_table_destroy(&pages->table);
    metadata_destroy(&pages->metadata);
}

/* ------------------------------------------------------------------------------------------------
 * Ranges and charges
 * --------------------------------------------------------------------------------------------- */

static uintptr_t round_down(uintptr_t value, size_t unit)
{
    return value & ~(uintptr_t)(unit - 1);
}

/* The whole pages that hold [address, address + size). False: there is no such range. */
static bool page_range(uintptr_t address, size_t size, struct range *range)
{
    uintptr_t last = address + size - 1;

    if (size == 0 || last < address || last > UINTPTR_MAX - OS_PAGE_SIZE)
        return false;
    range->begin = round_down(address, OS_PAGE_SIZE);
    range->end = round_down(last, OS_PAGE_SIZE) + OS_PAGE_SIZE;
    return true;
}

static struct budget_charge committed_charge(size_t page_count)
{
    return (struct budget_charge){.committed = (uint64_t)page_count * OS_PAGE_SIZE};
}

/* Sets the bits of a range that is committed, and charges for those that were clear. */
static void book_commit(struct pages *pages, struct range range)
{
    size_t changed = committed_set(&pages->table.chunks, range.begin, range.end);

    budget_charge(&pages->budget, committed_charge(changed));
}

/* Clears the bits of a range that is not, and refunds those that were set. */
static void book_decommit(struct pages *pages, struct range range)
{
    size_t changed = committed_clear(&pages->table.chunks, range.begin, range.end);

    budget_refund(&pages->budget, committed_charge(changed));
}

/* ------------------------------------------------------------------------------------------------
 * The end of an operation on a region (protocol: region.h)
 * --------------------------------------------------------------------------------------------- */

/* Brings the bits of the range into line with what the system says. */
static void settle(struct pages *pages, const struct region_operation *operation,
                   struct range range)
{
    uintptr_t at = range.begin;

    while (at < range.end) {
        struct range run = {at, range.end};
        struct os_range system;
        bool known = os_query_range(at, &system);

        if (known && system.base + system.size < run.end)
            run.end = system.base + system.size;
        if (known && system.state == OS_MEM_COMMIT && system.allocation_base == operation->base)
            book_commit(pages, run);
        else
            book_decommit(pages, run);
        at = run.end;
    }
}

/* The system has refused to release what the books say is there: brings them back into line. */
static pages_result undo_release(struct pages *pages, const struct region_operation *operation,
                                 uint32_t error)
{
    struct os_range system;
    bool held =
        os_query_range(operation->base, &system) && system.allocation_base == operation->base;

    settle(pages, operation, (struct range){operation->base, operation->base + operation->size});
    region_restore(operation->region);
    return held ? error : PAGES_CONTRADICTED;
}

/* Gives a claimed region back to the system. The caller is the last on it. */
static pages_result finish_release(struct pages *pages, const struct region_operation *operation)
{
    struct budget_charge charge = {.reserved = operation->size};
    uint32_t error;

    /* The bits go first: once Win32 has the address back, they are its next owner's. */
    book_decommit(pages, (struct range){operation->base, operation->base + operation->size});
    error = os_free((void *)operation->base, 0, OS_MEM_RELEASE);
    if (error)
        return undo_release(pages, operation, error);
    budget_refund(&pages->budget, charge);
    gauge_subtract(&pages->record->regions, 1);
    region_retire(operation->region);
    region_table_give(&pages->table, region_table_index(&pages->table, operation->region));
    return PAGES_OK;
}

/* Ends an operation that may have changed the state of the pages of range. */
static pages_result end_operation(struct pages *pages, struct region_operation *operation,
                                  struct range range)
{
    bool last = false;

    if (!region_end_if_alone(operation, &last)) {
        uint64_t before;

        do {
            before = region_before_settling(operation);
            settle(pages, operation, range);
        } while (!region_end(operation, before, &last));
    }
    return last ? finish_release(pages, operation) : PAGES_OK;
}

/* ------------------------------------------------------------------------------------------------
 * VirtualAlloc that makes a region
 * --------------------------------------------------------------------------------------------- */

static bool makes_region(const struct pages_request *request)
{
    return (request->type & OS_MEM_RESERVE) ||
           ((request->type & OS_MEM_COMMIT) && !request->address);
}

/* What Win32 will make of the request: the size of the region, rounded as Win32 rounds. */
static size_t region_size(const struct pages_request *request)
{
    uintptr_t address = (uintptr_t)request->address;
    struct range range;

    if (!page_range(address, request->size, &range))
        return 0;
    return range.end - round_down(address, OS_GRANULE_SIZE);
}

static void write_facts(struct pages *pages, struct region *region,
                        const struct pages_request *request, uintptr_t base, size_t size)
{
    struct region_facts facts = {
        .base = base,
        .size = size,
        .allocation_type = request->type,
        .protect = request->protect,
        .critical_level = request->critical_level,
        .thread_id = os_thread_id(),
        .tick = os_tick_milliseconds(),
        .heap = request->heap,
        .line = request->line,
        .requested = request->requested,
        .file = request->file,
    };

    facts.sequence = atomic_fetch_add_explicit(&pages->sequence, 1, memory_order_relaxed) + 1;
    region_write(region, &facts);
}

/* Puts a region that the system has just made into the books, not yet published. */
static pages_result book_region(struct pages *pages, uint32_t index,
                                const struct pages_request *request, struct range range)
{
    bool commit = (request->type & OS_MEM_COMMIT) != 0;

    switch (region_table_own(&pages->table, index, range.begin, range.end - range.begin)) {
    case REGION_TABLE_NO_MEMORY:
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    case REGION_TABLE_CONTRADICTED:
        return PAGES_CONTRADICTED;
    case REGION_TABLE_OK:
        break;
    }
    if (commit && !committed_ensure(&pages->table.chunks, range.begin, range.end))
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    if (commit)
        committed_set(&pages->table.chunks, range.begin, range.end);
    write_facts(pages, region_table_at(&pages->table, index), request, range.begin,
                range.end - range.begin);
    return PAGES_OK;
}

/* Asks the system and books what it made; on failure the system has it back. */
static pages_result make_region(struct pages *pages, uint32_t index,
                                const struct pages_request *request, size_t size, void **memory)
{
    pages_result result = os_alloc(request->address, request->size, request->type, request->protect,
                                   request->node, memory);
    uintptr_t base = (uintptr_t)*memory;

    if (result)
        return result;
    result = size ? book_region(pages, index, request, (struct range){base, base + size})
                  : PAGES_CONTRADICTED; /* it cannot grant what has no size */
    if (result) {
        os_free(*memory, 0, OS_MEM_RELEASE);
        *memory = NULL;
    }
    return result;
}

static pages_result alloc_region(struct pages *pages, const struct pages_request *request,
                                 void **memory)
{
    size_t size = region_size(request);
    bool commit = (request->type & OS_MEM_COMMIT) != 0;
    struct budget_charge charge = {.reserved = size, .committed = commit ? size : 0};
    uint32_t index = region_table_take(&pages->table);
    pages_result result;

    if (!index)
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    result = make_region(pages, index, request, size, memory);
    if (result) {
        region_table_give(&pages->table, index);
        return result;
    }
    budget_charge(&pages->budget, charge);
    gauge_add(&pages->record->regions, 1);
    region_publish(region_table_at(&pages->table, index));
    return PAGES_OK;
}

/* ------------------------------------------------------------------------------------------------
 * VirtualAlloc inside a region
 * --------------------------------------------------------------------------------------------- */

static pages_result forward_alloc(const struct pages_request *request, void **memory)
{
    return os_alloc(request->address, request->size, request->type, request->protect, request->node,
                    memory);
}

/* Memory of someone else: the system's affair (I7), neither owned nor charged. */
static pages_result alloc_foreign(struct pages *pages, const struct pages_request *request,
                                  void **memory)
{
    pages_result result = forward_alloc(request, memory);

    if (!result && (request->type & OS_MEM_COMMIT))
        record_count(&pages->record->foreign_commits);
    return result;
}

static bool range_inside(const struct region_operation *operation, struct range range)
{
    return range.begin >= operation->base && range.end - operation->base <= operation->size;
}

static pages_result commit_in_region(struct pages *pages, const struct pages_request *request,
                                     struct range range, void **memory)
{
    pages_result result;

    if (!committed_ensure(&pages->table.chunks, range.begin, range.end))
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    result = forward_alloc(request, memory);
    if (!result)
        book_commit(pages, range);
    return result;
}

static pages_result alloc_in_region(struct pages *pages, const struct pages_request *request,
                                    struct region_operation *operation, void **memory)
{
    struct range none = {operation->base, operation->base};
    struct range range;
    pages_result result, ended;

    /* What Win32 refuses for its range, or does without changing what is committed. */
    if (!(request->type & OS_MEM_COMMIT) ||
        !page_range((uintptr_t)request->address, request->size, &range) ||
        !range_inside(operation, range)) {
        result = forward_alloc(request, memory);
        range = none;
    } else {
        result = commit_in_region(pages, request, range, memory);
    }
    ended = end_operation(pages, operation, range);
    return result ? result : ended;
}

static pages_result alloc_at_address(struct pages *pages, const struct pages_request *request,
                                     void **memory)
{
    uintptr_t address = (uintptr_t)request->address;
    struct region *region = region_table_find(&pages->table, address);
    struct region_operation operation;

    switch (region ? region_begin(region, address, &operation) : REGION_NOT_OWNED) {
    case REGION_BEGUN:
        return alloc_in_region(pages, request, &operation, memory);
    case REGION_CROWDED:
        return OS_ERROR_NO_SYSTEM_RESOURCES;
    default:
        return alloc_foreign(pages, request, memory);
    }
}

pages_result pages_alloc(struct pages *pages, const struct pages_request *request, void **memory)
{
    pages_result result;

    *memory = NULL;
    result = makes_region(request) ? alloc_region(pages, request, memory)
                                   : alloc_at_address(pages, request, memory);
    if (result)
        *memory = NULL;
    return result;
}

/* ------------------------------------------------------------------------------------------------
 * VirtualFree
 * --------------------------------------------------------------------------------------------- */

/*
 * A claimed region on which others are still at work: takes its pages away now; the last of them
 * gives the address space back.
 */
static pages_result release_under_way(struct pages *pages, struct region_operation *operation)
{
    struct range all = {operation->base, operation->base + operation->size};

    os_free((void *)operation->base, 0, OS_MEM_DECOMMIT);
    return end_operation(pages, operation, all);
}

static pages_result release_claimed(struct pages *pages, struct region_operation *operation)
{
    return operation->alone ? finish_release(pages, operation)
                            : release_under_way(pages, operation);
}

static pages_result release(struct pages *pages, struct region *region, uintptr_t address,
                            size_t size)
{
    uintptr_t page = round_down(address, OS_PAGE_SIZE); /* as Win32 does */
    struct region_operation operation;
    struct region_facts facts;

    /* A size is an error of an owner's, who alone is told so. */
    if (size) {
        bool owned = region_read(region, &facts) && facts.base == page && !facts.heap;

        return owned ? OS_ERROR_INVALID_PARAMETER : PAGES_FOREIGN;
    }
    if (!region_claim(region, page, 0, &operation))
        return PAGES_FOREIGN;
    return release_claimed(pages, &operation);
}

/* The pages that a decommit of (address, size) means; size 0 at the base means all. */
static bool decommit_range(const struct region_operation *operation, uintptr_t address, size_t size,
                           struct range *range)
{
    if (size == 0 && round_down(address, OS_PAGE_SIZE) == operation->base) {
        *range = (struct range){operation->base, operation->base + operation->size};
        return true;
    }
    return page_range(address, size, range) && range_inside(operation, *range);
}

static pages_result decommit(struct pages *pages, struct region *region, uintptr_t address,
                             size_t size)
{
    struct region_operation operation;
    struct range range;
    pages_result result, ended;

    switch (region_begin(region, address, &operation)) {
    case REGION_BEGUN:
        break;
    case REGION_CROWDED:
        return OS_ERROR_NO_SYSTEM_RESOURCES;
    default:
        return PAGES_FOREIGN;
    }
    if (decommit_range(&operation, address, size, &range)) {
        result = os_free((void *)address, size, OS_MEM_DECOMMIT);
        if (!result)
            book_decommit(pages, range);
    } else {
        result = PAGES_FOREIGN;
        range = (struct range){operation.base, operation.base};
    }
    ended = end_operation(pages, &operation, range);
    return result ? result : ended;
}

/* A type that is neither: an error of an owner's, who alone is told so. */
static pages_result free_of_unknown_type(const struct region *region, uintptr_t address)
{
    struct region_facts facts;
    bool owned = region_read(region, &facts) && !facts.heap && address - facts.base < facts.size;

    return owned ? OS_ERROR_INVALID_PARAMETER : PAGES_FOREIGN;
}

pages_result pages_free(struct pages *pages, void *address, size_t size, uint32_t type)
{
    struct region *region = region_table_find(&pages->table, (uintptr_t)address);

    if (!region)
        return PAGES_FOREIGN;
    switch (type) {
    case OS_MEM_RELEASE:
        return release(pages, region, (uintptr_t)address, size);
    case OS_MEM_DECOMMIT:
        return decommit(pages, region, (uintptr_t)address, size);
    default:
        return free_of_unknown_type(region, (uintptr_t)address);
    }
}

pages_result pages_release_block(struct pages *pages, void *base, uint32_t heap, size_t *requested)
{
    struct region *region = region_table_find(&pages->table, (uintptr_t)base);
    struct region_operation operation;

    if (!region || !region_claim(region, (uintptr_t)base, heap, &operation))
        return PAGES_FOREIGN;
    /* Claimed: nobody writes it before it is retired. */
    *requested = atomic_load_explicit(&region->requested, memory_order_relaxed);
    return release_claimed(pages, &operation);
}

/* ------------------------------------------------------------------------------------------------
 * Looking
 * --------------------------------------------------------------------------------------------- */

static size_t committed_bytes(const struct pages *pages, const struct region_facts *facts)
{
    return committed_count(&pages->table.chunks, facts->base, facts->base + facts->size) *
           OS_PAGE_SIZE;
}

bool pages_find(const struct pages *pages, const void *address, struct region_facts *facts,
                size_t *committed)
{
    const struct region *region = region_table_find(&pages->table, (uintptr_t)address);

    if (!region || !region_read(region, facts) || (uintptr_t)address - facts->base >= facts->size)
        return false;
    *committed = committed_bytes(pages, facts);
    return true;
}

bool pages_next(const struct pages *pages, uint32_t *cursor, struct region_facts *facts,
                size_t *committed)
{
    uint32_t limit = region_table_limit(&pages->table);

    while (*cursor < limit) {
        if (region_read(region_table_at(&pages->table, ++*cursor), facts)) {
            *committed = committed_bytes(pages, facts);
            return true;
        }
    }
    return false;
}
