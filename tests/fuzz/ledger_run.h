/*
 * ledger_run.h: one run of fuzz_ledger: the pages, the reference model beside them, what the system
 * will answer, and the checks.
 */
#ifndef HOSTMEM_TESTS_LEDGER_RUN_H
#define HOSTMEM_TESTS_LEDGER_RUN_H

#include "pages_world.h"

#include "ledger_model.h"
#include "ledger_operations.h"

struct ledger_run {
    struct world *world;
    struct model model;
    uint64_t foreign_commits;
    uint64_t passed_frees;
    unsigned char last_byte; /* that was written to a page */
};

extern struct ledger_run run;

/* ------------------------------------------------------------------------------------------------
 * Addresses
 * --------------------------------------------------------------------------------------------- */

uintptr_t ledger_address(const struct ledger_operation *operation);

/* The address, or NULL for no address in particular. */
uintptr_t ledger_wanted_address(const struct ledger_operation *operation);

/* ------------------------------------------------------------------------------------------------
 * The system, as Win32 is documented
 * --------------------------------------------------------------------------------------------- */

/* Pages first to last, exclusive, of a region. */
struct span_of_pages {
    struct model_region *region;
    size_t first, last;
};

/* The pages of [address, address + size), all in one region. False: it is not so. */
bool ledger_pages(uintptr_t address, size_t size, struct span_of_pages *span);

/* Bytes that a region for the request takes; 0: there can be none. */
size_t ledger_region_size(uintptr_t address, size_t size);

/*
 * Whether an address that is not in the model is free for certain. Elsewhere the program may have
 * memory of its own, of which the model knows nothing.
 */
bool ledger_is_vacant_for_certain(uintptr_t address);

/* What VirtualAlloc answers, but for faults. */
uint32_t ledger_alloc_answer(uintptr_t address, size_t size, uint32_t type);

/* What VirtualFree answers about memory that is no manager's. */
uint32_t ledger_free_answer(uintptr_t address, size_t size, uint32_t type);

/* ------------------------------------------------------------------------------------------------
 * What was made, and what is in it
 * --------------------------------------------------------------------------------------------- */

/* The pages are committed now: those that are new must be empty, and are written to. */
void ledger_commit(const struct span_of_pages *span);
void ledger_decommit(const struct span_of_pages *span);

/* The system has reserved. guarded: the last page is not committed, whatever the type. */
struct model_region *ledger_add(uintptr_t base, size_t size, uint32_t type, bool guarded,
                                enum model_owner owner);

/* ------------------------------------------------------------------------------------------------
 * What must hold
 * --------------------------------------------------------------------------------------------- */

void ledger_check_totals(void);
void ledger_check_facts(const struct region_facts *facts, size_t committed,
                        const struct model_region *region);

/* Totals, contents, enumeration, audit. */
void ledger_check_all(void);

#endif
