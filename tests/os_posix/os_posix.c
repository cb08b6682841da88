/*
 * os_posix.c: implements src/os/os.h on Linux, as far as memory is handed out. It emulates Windows'
 * memory manager, so that the core runs natively under sanitizers and fuzzers. This file checks and
 * rounds the arguments; os_posix_kernel.c carries the request out. The rest of os.h is in
 * os_posix_system.c.
 *
 * Where Wine 8 answers otherwise, Windows is emulated: error 487 for what is not allocated and for
 * protecting beyond a reservation; 87 for protecting nothing, for MEM_RESET with anything else,
 * MEM_WRITE_WATCH without MEM_RESERVE, and PAGE_GUARD or a caching mode where neither can be.
 *
 * What is not emulated: write watches and caching modes are accepted and do nothing; MEM_TOP_DOWN
 * does not change the order; MEM_RESET keeps the contents; a guard page stays one; large and
 * physical pages are refused. Memory that was not reserved through here (the C library's, the
 * bookkeeping's) is free as far as queries tell. There is no commit limit, but Linux bounds the
 * count of mappings (vm.max_map_count): pages in alternating states take one each.
 */
#include "os/os.h"
#include "os/os_fault.h"
#include "os_posix/os_posix.h"
#include "os_posix/os_posix_gate.h"
#include "os_posix/os_posix_kernel.h"
#include "os_posix/os_posix_runs.h"

_Static_assert(sizeof(void *) == 8, "the address space is that of Windows on x64");

/* ------------------------------------------------------------------------------------------------
 * Arguments
 * --------------------------------------------------------------------------------------------- */

/* The pages that hold the bytes; false if some of them lie outside the address space. */
static bool pages_of(const void *address, size_t size, struct os_pages *pages)
{
    uintptr_t first = (uintptr_t)address;

    if (first >= OS_ADDRESS_LIMIT || size > OS_ADDRESS_LIMIT - first)
        return false;
    pages->begin = os_round_down(first, OS_PAGE_SIZE);
    pages->end = os_round_up(first + size, OS_PAGE_SIZE);
    return true;
}

static bool is_allocation_type(uint32_t type)
{
    const uint32_t actions = OS_MEM_COMMIT | OS_MEM_RESERVE;
    const uint32_t modifiers = OS_MEM_TOP_DOWN | OS_MEM_WRITE_WATCH;

    if (type == OS_MEM_RESET || type == OS_MEM_RESET_UNDO)
        return true;
    if (!(type & actions) || (type & ~(actions | modifiers)))
        return false;
    return !(type & OS_MEM_WRITE_WATCH) || (type & OS_MEM_RESERVE);
}

/* ------------------------------------------------------------------------------------------------
 * Requests
 * --------------------------------------------------------------------------------------------- */

/* A request at NULL always begins with a reservation. */
static uint32_t allocate(struct os_pages *pages, bool anywhere, uint32_t type, uint32_t protect)
{
    if (anywhere || (type & OS_MEM_RESERVE))
        return os_kernel_reserve(pages, anywhere, type & OS_MEM_COMMIT, protect);
    if (type & OS_MEM_COMMIT)
        return os_kernel_commit(*pages, protect);
    return os_kernel_reset(*pages);
}

uint32_t os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                  void **memory)
{
    struct os_pages pages;
    uint32_t error;

    (void)node;
    *memory = NULL;
    if (OS_FAULT_STRIKES(OS_FAULT_PAGES))
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    if (!is_allocation_type(type) || !os_kernel_has_protection(protect) || size == 0 ||
        !pages_of(address, size, &pages))
        return OS_ERROR_INVALID_PARAMETER;
    if (type & OS_MEM_RESERVE)
        pages.begin = os_round_down(pages.begin, OS_GRANULE_SIZE);
    if (address && pages.begin < OS_LOWEST_ADDRESS)
        return OS_ERROR_INVALID_PARAMETER;

    os_gate_enter();
    error = allocate(&pages, !address, type, protect);
    os_gate_leave();
    if (!error)
        *memory = (void *)pages.begin;
    return error;
}

uint32_t os_free(void *address, size_t size, uint32_t type)
{
    struct os_pages pages;
    uint32_t error;

    if (type != OS_MEM_DECOMMIT && !(type == OS_MEM_RELEASE && size == 0))
        return OS_ERROR_INVALID_PARAMETER;
    if (!pages_of(address, size, &pages))
        return OS_ERROR_INVALID_PARAMETER;

    os_gate_enter();
    error = type == OS_MEM_RELEASE ? os_kernel_release(pages.begin)
                                   : os_kernel_decommit(pages, size == 0);
    os_gate_leave();
    return error;
}

/* There are no views: a test takes a reservation for one. */
uint32_t os_unmap(void *address)
{
    return os_free(address, 0, OS_MEM_RELEASE);
}

uint32_t os_protect(void *address, size_t size, uint32_t protect, uint32_t *old_protect)
{
    struct os_pages pages;
    uint32_t error;

    if (size == 0 || !os_kernel_has_protection(protect) || !pages_of(address, size, &pages))
        return OS_ERROR_INVALID_PARAMETER;

    os_gate_enter();
    error = os_kernel_protect(pages, protect, old_protect);
    os_gate_leave();
    return error;
}

/* ------------------------------------------------------------------------------------------------
 * Queries
 * --------------------------------------------------------------------------------------------- */

static void tell_of_run(const struct os_run *run, uintptr_t page,
                        struct os_information *information)
{
    *information = (struct os_information){
        .base_address = (void *)page,
        .allocation_base = (void *)run->allocation_begin,
        .allocation_protect = run->allocation_protect,
        .region_size = run->end - page,
        .state = run->protect ? OS_MEM_COMMIT : OS_MEM_RESERVE,
        .protect = run->protect,
        .type = OS_MEM_PRIVATE,
    };
}

/* next: the run that follows, if any. */
static void tell_of_hole(const struct os_run *next, uintptr_t page,
                         struct os_information *information)
{
    *information = (struct os_information){
        .base_address = (void *)page,
        .region_size = (next ? next->begin : OS_ADDRESS_LIMIT) - page,
        .state = OS_MEM_FREE,
        .protect = OS_PAGE_NOACCESS,
    };
}

/* False when the address is beyond the address space. */
static bool inform(const void *address, struct os_information *information)
{
    struct os_pages pages;
    const struct os_run *run;

    if (!pages_of(address, 1, &pages))
        return false;
    os_gate_enter();
    run = os_runs_at(pages.begin);
    if (run)
        tell_of_run(run, pages.begin, information);
    else
        tell_of_hole(os_runs_from(pages.begin), pages.begin, information);
    os_gate_leave();
    return true;
}

uint32_t os_query(const void *address, void *buffer, size_t length, size_t *written)
{
    *written = 0;
    if (length < sizeof(struct os_information))
        return OS_ERROR_BAD_LENGTH;
    if (!inform(address, buffer))
        return OS_ERROR_INVALID_PARAMETER;
    *written = sizeof(struct os_information);
    return 0;
}

bool os_query_range(uintptr_t address, struct os_range *range)
{
    struct os_information information;

    if (!inform((const void *)address, &information))
        return false;
    range->base = (uintptr_t)information.base_address;
    range->allocation_base = (uintptr_t)information.allocation_base;
    range->size = information.region_size;
    range->state = information.state;
    range->protect = information.protect;
    range->mapped = information.state != OS_MEM_FREE; /* views are reservations here */
    return true;
}
