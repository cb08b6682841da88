/*
 * pages_alloc.c: pages_alloc (pages.h), which is VirtualAlloc: making regions, and committing pages
 * in them.
 */
#include "pages/foreign.h"
#include "pages/request_facts.h"

#include "os/os.h"
#include "pages/sections/view_commit.h"

/* ------------------------------------------------------------------------------------------------
 * Making a region
 * --------------------------------------------------------------------------------------------- */

/* Without an address, Win32 reserves even for MEM_COMMIT alone. */
static bool makes_region(const struct pages_request *request)
{
    return (request->type & OS_MEM_RESERVE) || !request->address;
}

/* With MEM_COMMIT and MEM_RESET at once Windows refuses and Wine resets: neither commits. */
static bool commits(const struct pages_request *request)
{
    return (request->type & OS_MEM_COMMIT) && !(request->type & (OS_MEM_RESET | OS_MEM_RESET_UNDO));
}

/* No system has that much address space for a process. */
#define NEVER_GRANTED (UINT64_C(1) << 48)

/*
 * The size of the region that Win32 will make, rounded as Win32 rounds. 0: it will refuse, and
 * nothing is charged. Were it charged, unlimited requests for nearly 2^64 bytes would overflow the
 * sum of charges, and let other requests beyond their limits until Win32 has refused these.
 */
static size_t region_size(const struct pages_request *request)
{
    uintptr_t address = (uintptr_t)request->address;
    uint64_t size = request->size;
    struct range range;

    if (size >= NEVER_GRANTED || !range_of_pages(address, request->size, &range))
        return 0;
    return range.end - range_round_down(address, OS_GRANULE_SIZE);
}

/* How many bytes of a new region of that size are committed. */
static size_t committed_size(const struct pages_request *request, size_t size)
{
    if (!(request->type & OS_MEM_COMMIT))
        return 0;
    return request->guard ? size - OS_PAGE_SIZE : size;
}

/* How many records' places are tried before the system chooses. */
#define PLACES_TRIED 8u

/* A region that is being made. */
struct making {
    const struct pages_request *request;
    uint32_t index;  /* of its record */
    size_t size;     /* 0: the system will refuse */
    uintptr_t place; /* its record's (places.h); 0: it comes to lie where the system wants */
};

/* Writes which pages of a new region are committed. They have been charged. */
static void book_pages(struct pages *pages, struct region *region, struct range range)
{
    size_t changed = committed_set(&pages->table.chunks, range.begin, range.end);

    atomic_store_explicit(&region->committed, changed * OS_PAGE_SIZE, memory_order_relaxed);
}

/* Writes a region that the system has just made into the books. It is not yet published. */
static pages_result book_region(struct pages *pages, const struct making *making,
                                struct range range)
{
    struct region *region = region_table_at(&pages->table, making->index);
    uintptr_t committed_end = range.begin + committed_size(making->request, making->size);

    switch (region_table_own(&pages->table, making->index, range.begin, making->size)) {
    case REGION_TABLE_NO_MEMORY:
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    case REGION_TABLE_CONTRADICTED:
        return PAGES_CONTRADICTED;
    case REGION_TABLE_OK:
        break;
    }
    if (!committed_ensure(&pages->table.chunks, range.begin, committed_end))
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    request_write_facts(pages, region, making->request, range.begin, making->size);
    region_make(region);
    book_pages(pages, region, (struct range){range.begin, committed_end});
    return PAGES_OK;
}

/* A guard page is committed with the rest, in one request, and then decommitted. */
static pages_result take_guard(const struct pages_request *request, uintptr_t end)
{
    return request->guard ? os_free((void *)(end - OS_PAGE_SIZE), OS_PAGE_SIZE, OS_MEM_DECOMMIT)
                          : PAGES_OK;
}

static pages_result ask_system(const struct making *making, void **memory)
{
    const struct pages_request *request = making->request;

    if (making->place)
        return os_alloc((void *)making->place, request->size, request->type | OS_MEM_RESERVE,
                        request->protect, request->node, memory);
    return os_alloc(request->address, request->size, request->type, request->protect, request->node,
                    memory);
}

/* Asks the system, and books the region. On failure the system has it back. */
static pages_result make_region(struct pages *pages, const struct making *making, void **memory)
{
    pages_result result = ask_system(making, memory);
    uintptr_t base = (uintptr_t)*memory;

    if (result)
        return result;
    result = making->size ? take_guard(making->request, base + making->size)
                          : PAGES_CONTRADICTED; /* Win32 grants no such request */
    if (!result)
        result = book_region(pages, making, (struct range){base, base + making->size});
    if (result) {
        os_free(*memory, 0, OS_MEM_RELEASE);
        *memory = NULL;
    }
    return result;
}

/* Charges the budget before the system is asked. */
static pages_result ask(struct pages *pages, const struct pages_request *request,
                        struct budget_charge charge)
{
    const struct budget_request wanted = {.charge = charge,
                                          .level = (enum budget_level)request->critical_level,
                                          .heap = request->heap & ~REGION_IS_SLAB,
                                          .address = request->address};

    return pages_answer(budget_request(&pages->budget, &wanted));
}

/*
 * Whether a new region is safe from releases of foreign memory (foreign.h). False: the books have
 * forgotten it, and the memory is a release's.
 */
static bool is_spared(struct pages *pages, const struct making *making, const void *memory,
                      uint64_t releases_before)
{
    struct range range = {(uintptr_t)memory, (uintptr_t)memory + making->size};

    if (foreign_releases_spare(pages, range, releases_before))
        return true;
    committed_clear(&pages->table.chunks, range.begin, range.end);
    region_unmake(region_table_at(&pages->table, making->index));
    return false;
}

/* Makes a region where the request or the system says. */
static pages_result make_unplaced_region(struct pages *pages, struct making *making, void **memory)
{
    uint64_t before;
    pages_result result;

    making->place = 0;
    do {
        before = foreign_releases(pages);
        result = make_region(pages, making, memory);
    } while (!result && !is_spared(pages, making, *memory, before));
    return result;
}

/*
 * Makes a region at its record's place, or at that of another record while others have memory
 * there. OS_ERROR_INVALID_ADDRESS: at none of them, or there are no places.
 */
static pages_result make_placed_region(struct pages *pages, struct making *making, void **memory)
{
    for (unsigned tries = 0; tries < PLACES_TRIED; tries++) {
        uint64_t before = foreign_releases(pages);
        uint32_t index;
        pages_result result;

        making->place = places_of(&pages->places, making->index, making->size);
        if (!making->place)
            break;
        result = make_region(pages, making, memory);
        if (result != OS_ERROR_INVALID_ADDRESS &&
            (result || is_spared(pages, making, *memory, before)))
            return result;
        index = region_table_take(&pages->table);
        if (!index)
            break;
        region_table_rest(&pages->table, making->index);
        making->index = index;
    }
    return OS_ERROR_INVALID_ADDRESS;
}

/*
 * Where nothing but size and use is asked for, regions have places. Code has none: it calls other
 * code, which it reaches best where the system puts both.
 */
static bool has_place(const struct pages_request *request)
{
    return !request->address && request->type &&
           !(request->type & ~(uint32_t)(OS_MEM_RESERVE | OS_MEM_COMMIT)) &&
           !(request->protect & OS_PAGE_EXECUTE_MASK);
}

/* Makes a region of that size, which has been charged. */
static pages_result alloc_charged_region(struct pages *pages, const struct pages_request *request,
                                         size_t size, void **memory)
{
    struct budget_charge granted = {.reserved = size, .committed = committed_size(request, size)};
    uint64_t before = foreign_requests(pages);
    struct making making = {
        .request = request, .index = region_table_take(&pages->table), .size = size};
    struct region_operation operation;
    pages_result result;

    if (!making.index)
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    result =
        has_place(request) ? make_placed_region(pages, &making, memory) : OS_ERROR_INVALID_ADDRESS;
    if (result == OS_ERROR_INVALID_ADDRESS)
        result = make_unplaced_region(pages, &making, memory);
    if (result) {
        region_table_give(&pages->table, making.index);
        return result;
    }
    budget_note(&pages->budget, granted);
    gauge_add(&pages->counters->regions, 1);
    region_publish(region_table_at(&pages->table, making.index), &operation);
    operation_end_making(pages, &operation, foreign_none_since(pages, before));
    if (request->region)
        *request->region = making.index;
    return PAGES_OK;
}

static pages_result alloc_region(struct pages *pages, const struct pages_request *request,
                                 void **memory)
{
    size_t size = region_size(request);
    /* A guard page is committed for a moment. */
    struct budget_charge charge = {.reserved = size,
                                   .committed = (request->type & OS_MEM_COMMIT) ? size : 0};
    struct budget_charge guard = {.committed = charge.committed - committed_size(request, size)};
    pages_result result;

    result = ask(pages, request, charge);
    if (result)
        return result;
    result = alloc_charged_region(pages, request, size, memory);
    budget_return(&pages->budget, result ? charge : guard);
    return result;
}

/* ------------------------------------------------------------------------------------------------
 * Requests inside a region
 * --------------------------------------------------------------------------------------------- */

static pages_result forward_alloc(const struct pages_request *request, void **memory)
{
    return os_alloc(request->address, request->size, request->type, request->protect, request->node,
                    memory);
}

/* Somebody else's memory: forwarded (I7), and but for views neither owned nor charged. */
static pages_result alloc_foreign(struct pages *pages, const struct pages_request *request,
                                  void **memory)
{
    struct range range;
    pages_result result;

    if (!commits(request) || !range_of_pages((uintptr_t)request->address, request->size, &range))
        return forward_alloc(request, memory);
    if (view_commit(pages, request, range, memory, &result))
        return result;
    foreign_begin(pages);
    result = forward_alloc(request, memory);
    atomic_thread_fence(memory_order_seq_cst); /* as foreign.h wants it */
    if (!result && !views_settle(pages, range))
        counter_increment(&pages->counters->foreign_commits);
    foreign_end(pages, range);
    return result;
}

static pages_result commit_in_region(struct pages *pages, const struct pages_request *request,
                                     struct region_operation *operation, struct range range,
                                     void **memory)
{
    size_t there = committed_count(&pages->table.chunks, range.begin, range.end);
    struct budget_charge charge = {.committed = range.end - range.begin - there * OS_PAGE_SIZE};
    pages_result result;

    if (!committed_ensure(&pages->table.chunks, range.begin, range.end))
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    result = ask(pages, request, charge);
    if (result)
        return result;
    operation_concerns(pages, operation, range);
    result = forward_alloc(request, memory);
    if (!result)
        operation_book_commit(pages, operation->region, range, charge.committed);
    else
        budget_return(&pages->budget, charge);
    return result;
}

static pages_result alloc_in_region(struct pages *pages, const struct pages_request *request,
                                    struct region_operation *operation, void **memory)
{
    struct range range;
    pages_result result, ended;

    /* Win32 refuses the range, or grants the request without changing what is committed. */
    if (!commits(request) || !range_of_pages((uintptr_t)request->address, request->size, &range) ||
        !range_is_inside(operation, range))
        result = forward_alloc(request, memory);
    else
        result = commit_in_region(pages, request, operation, range, memory);
    ended = operation_end(pages, operation);
    return operation_result(result, ended);
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
