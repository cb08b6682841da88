/*
 * os_posix_kernel.c: the runs say what Windows would see, the mappings make it so.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os_posix/os_posix_kernel.h"
#include "os/os.h"
#include "os_posix/os_posix.h"
#include "os_posix/os_posix_gate.h"
#include "os_posix/os_posix_runs.h"

#include <errno.h>
#include <sys/mman.h>

/* ------------------------------------------------------------------------------------------------
 * Mappings
 * --------------------------------------------------------------------------------------------- */

/* Large enough for a few heaps of 256 GiB, and not too large for the thread sanitizer. Where there
 * is not so much address space it is halved. */
#define ARENA_SIZE ((size_t)1 << 40)
#define ARENA_SIZE_LEAST ((size_t)1 << 30)

/*
 * The arena begins at a multiple of this, so that the alignment of addresses in it is the same in
 * each run of a test.
 */
#define ARENA_ALIGNMENT ((size_t)1 << 30)

#define EMPTY (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

static struct os_pages arena;

bool os_posix_keeps_addresses_apart;

static bool make_arena(void)
{
    for (size_t size = ARENA_SIZE; arena.begin == 0 && size >= ARENA_SIZE_LEAST; size /= 2) {
        void *memory = mmap(NULL, size + ARENA_ALIGNMENT, PROT_NONE, EMPTY, -1, 0);

        if (memory == MAP_FAILED)
            continue;
        arena.begin = os_round_up((uintptr_t)memory, ARENA_ALIGNMENT);
        arena.end = arena.begin + size;
    }
    return arena.begin != 0;
}

static bool is_in_arena(struct os_pages pages)
{
    return pages.begin >= arena.begin && pages.end <= arena.end;
}

static size_t size_of(struct os_pages pages)
{
    return pages.end - pages.begin;
}

/* Maps addresses outside the arena, if nothing is mapped there. */
static uint32_t map_elsewhere(struct os_pages pages)
{
    void *wanted = (void *)pages.begin;
    void *memory = mmap(wanted, size_of(pages), PROT_NONE, EMPTY | MAP_FIXED_NOREPLACE, -1, 0);

    if (memory == MAP_FAILED)
        return errno == ENOMEM ? OS_ERROR_NOT_ENOUGH_MEMORY : OS_ERROR_INVALID_ADDRESS;
    if (memory == wanted)
        return 0;
    munmap(memory,
           size_of(pages)); /* a kernel that does not know the flag takes the address for a hint */
    return OS_ERROR_INVALID_ADDRESS;
}

/* Takes contents and access away. The addresses stay mapped. */
static void empty(struct os_pages pages)
{
    void *memory = (void *)pages.begin;

    /* Where Linux has no mapping left to split off for them, they stay accessible. */
    if (mmap(memory, size_of(pages), PROT_NONE, EMPTY | MAP_FIXED, -1, 0) == MAP_FAILED)
        madvise(memory, size_of(pages), MADV_DONTNEED);
}

/* The protection for mprotect; -1 for one that private memory cannot have. */
static int mapping_protection(uint32_t protect)
{
    const uint32_t modifiers = OS_PAGE_GUARD | OS_PAGE_NOCACHE | OS_PAGE_WRITECOMBINE;
    uint32_t modifier = protect & modifiers;

    if (modifier & (modifier - 1)) /* more than one */
        return -1;
    switch (protect & ~modifiers) {
    case OS_PAGE_NOACCESS:
        return modifier ? -1 : PROT_NONE;
    case OS_PAGE_READONLY:
        return modifier == OS_PAGE_GUARD ? PROT_NONE : PROT_READ;
    case OS_PAGE_READWRITE:
        return modifier == OS_PAGE_GUARD ? PROT_NONE : PROT_READ | PROT_WRITE;
    case OS_PAGE_EXECUTE:
        return modifier == OS_PAGE_GUARD ? PROT_NONE : PROT_EXEC;
    case OS_PAGE_EXECUTE_READ:
        return modifier == OS_PAGE_GUARD ? PROT_NONE : PROT_READ | PROT_EXEC;
    case OS_PAGE_EXECUTE_READWRITE:
        return modifier == OS_PAGE_GUARD ? PROT_NONE : PROT_READ | PROT_WRITE | PROT_EXEC;
    default:
        return -1;
    }
}

bool os_kernel_has_protection(uint32_t protect)
{
    return mapping_protection(protect) >= 0;
}

/* ------------------------------------------------------------------------------------------------
 * Pages of a reservation
 * --------------------------------------------------------------------------------------------- */

/* The run that holds the first page, if its reservation holds all of them. */
static const struct os_run *run_around(struct os_pages pages)
{
    const struct os_run *run = os_runs_at(pages.begin);

    return run && pages.end <= run->allocation_end ? run : NULL;
}

static bool are_all_committed(struct os_pages pages)
{
    for (uintptr_t page = pages.begin; page < pages.end;) {
        const struct os_run *run = os_runs_at(page);

        if (!run->protect)
            return false;
        page = run->end;
    }
    return true;
}

static bool is_any_committed(struct os_pages pages)
{
    const struct os_run *run = os_runs_at(pages.begin);

    return run->protect || pages.end > run->end;
}

/* Gives the mappings back the protection that the runs say they have. */
static void restore_protection(struct os_pages pages)
{
    for (uintptr_t page = pages.begin; page < pages.end;) {
        const struct os_run *run = os_runs_at(page);
        uintptr_t end = run->end < pages.end ? run->end : pages.end;

        mprotect((void *)page, end - page,
                 run->protect ? mapping_protection(run->protect) : PROT_NONE);
        page = end;
    }
}

/* The pages are of one reservation. */
static uint32_t set_protection(struct os_pages pages, uint32_t protect)
{
    if (!os_runs_stock())
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    if (mprotect((void *)pages.begin, size_of(pages), mapping_protection(protect)) != 0) {
        restore_protection(pages);
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    }
    os_runs_replace(pages.begin, pages.end, protect);
    return 0;
}

uint32_t os_kernel_commit(struct os_pages pages, uint32_t protect)
{
    return run_around(pages) ? set_protection(pages, protect) : OS_ERROR_INVALID_ADDRESS;
}

/* Windows may drop the contents, and need not. */
uint32_t os_kernel_reset(struct os_pages pages)
{
    return run_around(pages) ? 0 : OS_ERROR_INVALID_ADDRESS;
}

uint32_t os_kernel_protect(struct os_pages pages, uint32_t protect, uint32_t *old_protect)
{
    const struct os_run *run = run_around(pages);
    uint32_t old;
    uint32_t error;

    if (!run || !are_all_committed(pages))
        return OS_ERROR_INVALID_ADDRESS;
    old = run->protect;
    error = set_protection(pages, protect);
    if (!error)
        *old_protect = old;
    return error;
}

uint32_t os_kernel_decommit(struct os_pages pages, bool whole)
{
    const struct os_run *run = os_runs_at(pages.begin);

    if (!run || (whole && pages.begin != run->allocation_begin))
        return OS_ERROR_INVALID_ADDRESS;
    if (whole)
        pages.end = run->allocation_end;
    if (pages.end > run->allocation_end)
        return OS_ERROR_INVALID_PARAMETER;
    if (!is_any_committed(pages))
        return 0;
    if (!os_runs_stock())
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    empty(pages);
    os_runs_replace(pages.begin, pages.end, 0);
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * Reservations
 * --------------------------------------------------------------------------------------------- */

/* The lowest hole is taken, so the upper half of the arena is asked for by its addresses alone. */
bool os_unasked_addresses(uintptr_t *begin, uintptr_t *end)
{
    bool made;

    os_gate_enter();
    made = make_arena();
    os_gate_leave();
    made = made && os_posix_keeps_addresses_apart;
    *begin = arena.begin + (arena.end - arena.begin) / 2;
    *end = arena.end;
    return made;
}

static uint32_t claim_anywhere(struct os_pages *pages)
{
    size_t size = size_of(*pages);

    pages->begin = os_runs_hole(arena.begin, arena.end, size);
    pages->end = pages->begin + size;
    return pages->begin ? 0 : OS_ERROR_NOT_ENOUGH_MEMORY;
}

static uint32_t claim(struct os_pages pages)
{
    const struct os_run *next = os_runs_from(pages.begin);

    if (os_runs_at(pages.begin) || (next && next->begin < pages.end))
        return OS_ERROR_INVALID_ADDRESS;
    return is_in_arena(pages) ? 0 : map_elsewhere(pages);
}

static void give_back(struct os_pages pages)
{
    if (!is_in_arena(pages))
        munmap((void *)pages.begin, size_of(pages));
    else if (is_any_committed(pages))
        empty(pages);
    os_runs_remove(pages.begin, pages.end);
}

uint32_t os_kernel_reserve(struct os_pages *pages, bool anywhere, bool committed, uint32_t protect)
{
    struct os_run run = {.allocation_protect = protect};
    uint32_t error;

    if (!make_arena() || !os_runs_stock())
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    error = anywhere ? claim_anywhere(pages) : claim(*pages);
    if (error)
        return error;
    run.begin = run.allocation_begin = pages->begin;
    run.end = run.allocation_end = pages->end;
    os_runs_add(&run);
    if (committed)
        error = set_protection(*pages, protect);
    if (error)
        give_back(*pages);
    else
        os_gate_take(pages->begin, pages->end);
    return error;
}

uint32_t os_kernel_release(uintptr_t address)
{
    const struct os_run *run = os_runs_at(address);
    struct os_pages pages;

    if (!run || address != run->allocation_begin)
        return OS_ERROR_INVALID_ADDRESS;
    pages = (struct os_pages){run->allocation_begin, run->allocation_end};
    os_gate_give(pages.begin, pages.end);
    give_back(pages);
    return 0;
}
