/*
 * corpus.c: see corpus.h.
 */
#include "corpus.h"

#include <string.h>

#include "budget_operations.h"
#include "heap_operations.h"
#include "ledger_operations.h"

#define SEED(name)                                                                                 \
    {                                                                                              \
#name, name, sizeof(name)                                                                  \
    }

/* ------------------------------------------------------------------------------------------------
 * The ledger. Places, indices and offsets are those of ledger_operations.h.
 * --------------------------------------------------------------------------------------------- */

enum {
    AT_0 = 0,
    BEFORE_BY_1 = 2,
    AT_PAGE = 3,
    BEFORE_BY_PAGE = 4,
    BEFORE_BY_GRANULE = 11,

    PAGES = 0,
    PAGES_AND_1 = 2,
    GRANULES = 3,
    CHUNKS = 6,
    CHUNKS_AND_1 = 8,

    RESERVE = 0,
    RESERVE_COMMIT = 1,
    COMMIT = 2,

    DECOMMIT = 0,
    RELEASE = 1,

    GUARDED = 9 /* in `more` */
};

static const struct ledger_operation interior_commits[] = {
    {LEDGER_ALLOC, LEDGER_NULL, 0, AT_0, GRANULES, 2, RESERVE, 0},
    {LEDGER_ALLOC, LEDGER_BASE, 0, AT_PAGE, PAGES, 3, COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_BASE, 0, AT_0, PAGES_AND_1, 2, COMMIT, 0},
    {LEDGER_FREE, LEDGER_BASE, 0, AT_PAGE, PAGES, 1, DECOMMIT, 0},
    {LEDGER_ALLOC, LEDGER_END, 0, BEFORE_BY_PAGE, PAGES_AND_1, 1, COMMIT, 0},
    {LEDGER_CHECK, 0, 0, 0, 0, 0, 0, 0},
    {LEDGER_FREE, LEDGER_BASE, 0, AT_0, PAGES, 0, DECOMMIT, 0},
    {LEDGER_FREE, LEDGER_BASE, 0, AT_PAGE, PAGES, 0, RELEASE, 0},
    {LEDGER_FREE, LEDGER_BASE, 0, AT_0, PAGES, 0, RELEASE, 0},
    {LEDGER_FREE, LEDGER_GRAVE, 0, AT_0, PAGES, 0, RELEASE, 0},
};

static const struct ledger_operation boundary_of_chunks[] = {
    {LEDGER_ALLOC, LEDGER_CHUNK, 1, BEFORE_BY_GRANULE, GRANULES, 2, RESERVE_COMMIT, 0},
    {LEDGER_FIND, LEDGER_CHUNK, 1, AT_0, 0, 0, 0, 0},
    {LEDGER_FREE, LEDGER_CHUNK, 1, BEFORE_BY_PAGE, PAGES, 2, DECOMMIT, 0},
    {LEDGER_CHECK, 0, 0, 0, 0, 0, 0, 0},
    {LEDGER_ALLOC, LEDGER_CHUNK, 1, BEFORE_BY_1, PAGES, 1, COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_CHUNK, 2, AT_0, CHUNKS_AND_1, 1, RESERVE, 0},
    {LEDGER_ALLOC, LEDGER_CHUNK, 2, BEFORE_BY_GRANULE, CHUNKS, 1, RESERVE, 0},
    {LEDGER_ALLOC, LEDGER_END, 1, BEFORE_BY_PAGE, PAGES, 1, COMMIT, 0},
    {LEDGER_CHECK, 0, 0, 0, 0, 0, 0, 0},
};

static const struct ledger_operation whole_chunks[] = {
    {LEDGER_ALLOC, LEDGER_CHUNK, 1, AT_0, CHUNKS, 2, RESERVE, 0},
    {LEDGER_ALLOC, LEDGER_CHUNK, 2, BEFORE_BY_PAGE, PAGES, 2, COMMIT, 0},
    {LEDGER_FREE, LEDGER_BASE, 0, AT_0, PAGES, 0, RELEASE, 0},
    {LEDGER_ALLOC, LEDGER_CHUNK, 1, AT_0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_FIND, LEDGER_CHUNK, 2, AT_0, 0, 0, 0, 0},
    {LEDGER_FREE_STRANGERS, LEDGER_CHUNK, 2, AT_0, PAGES, 0, RELEASE, 0},
    {LEDGER_ALLOC, LEDGER_CHUNK, 2, AT_0, CHUNKS, 1, RESERVE_COMMIT, 0},
    {LEDGER_CHECK, 0, 0, 0, 0, 0, 0, 0},
};

/* More chunks than a window of the table's first directory has room for. */
static const struct ledger_operation islands[] = {
    {LEDGER_ALLOC, LEDGER_ISLAND, 0, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 1, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 2, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 3, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 4, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 5, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 6, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 7, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 8, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 9, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 10, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 11, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 12, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 13, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 14, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 15, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_FAULT, 0, 0, 0, 0, 1, 0, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 16, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 16, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_ISLAND, 17, 0, PAGES, 1, RESERVE_COMMIT, 0},
    {LEDGER_FIND, LEDGER_ISLAND, 16, AT_0, 0, 0, 0, 0},
    {LEDGER_CHECK, 0, 0, 0, 0, 0, 0, 0},
};

static const struct ledger_operation faults[] = {
    {LEDGER_FAULT, 0, 0, 0, 0, 0, 0, 0},
    {LEDGER_ALLOC, LEDGER_CHUNK, 1, AT_0, GRANULES, 1, RESERVE_COMMIT, 0},
    {LEDGER_FAULT, 0, 0, 0, 0, 1, 0, 0},
    {LEDGER_ALLOC, LEDGER_CHUNK, 1, AT_0, GRANULES, 1, RESERVE_COMMIT, 0},
    {LEDGER_FAULT, 0, 0, 0, 0, 2, 0, 0},
    {LEDGER_ALLOC, LEDGER_CHUNK, 1, AT_0, GRANULES, 1, RESERVE_COMMIT, 0},
    {LEDGER_FAULT, 0, 0, 0, 0, 0, 0, 1},
    {LEDGER_ALLOC, LEDGER_CHUNK, 1, AT_0, GRANULES, 1, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_CHUNK, 1, AT_0, GRANULES, 1, RESERVE, 0},
    {LEDGER_FAULT, 0, 0, 0, 0, 0, 0, 1},
    {LEDGER_ALLOC, LEDGER_BASE, 0, AT_PAGE, PAGES, 2, COMMIT, 0},
    {LEDGER_CHECK, 0, 0, 0, 0, 0, 0, 0},
};

static const struct ledger_operation limits[] = {
    {LEDGER_LIMIT, 0, 1, 0, PAGES, 20, 3, 1},
    {LEDGER_ALLOC, LEDGER_NULL, 0, AT_0, PAGES, 21, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_NULL, 0, AT_0, PAGES, 20, RESERVE_COMMIT, 0},
    {LEDGER_ALLOC, LEDGER_NULL, 0, AT_0, PAGES, 20, RESERVE_COMMIT, 1},
    {LEDGER_ALLOC, LEDGER_NULL, 0, AT_0, PAGES, 21, RESERVE, 2},
    {LEDGER_ALLOC, LEDGER_BASE, 2, AT_0, PAGES, 21, COMMIT, 2},
    {LEDGER_ALLOC, LEDGER_BASE, 2, AT_0, PAGES, 20, COMMIT, 2},
    {LEDGER_ALLOC, LEDGER_BASE, 2, AT_0, PAGES, 20, COMMIT, 0},
    {LEDGER_LIMIT, 0, 1, 0, GRANULES, 1, 0, 0},
    {LEDGER_ALLOC, LEDGER_NULL, 0, AT_0, PAGES, 1, RESERVE, 0},
    {LEDGER_CHECK, 0, 0, 0, 0, 0, 0, 0},
};

static const struct ledger_operation blocks[] = {
    {LEDGER_ALLOC_BLOCK, LEDGER_CHUNK, 1, BEFORE_BY_GRANULE, PAGES, 17, 1, GUARDED},
    {LEDGER_ALLOC, LEDGER_END, 0, BEFORE_BY_PAGE, PAGES, 1, COMMIT, 0},
    {LEDGER_FREE, LEDGER_BASE, 0, AT_0, PAGES, 0, RELEASE, 0},
    {LEDGER_FREE, LEDGER_BASE, 0, AT_PAGE, PAGES, 1, DECOMMIT, 0},
    {LEDGER_RELEASE_BLOCK, LEDGER_BASE, 0, AT_0, 0, 0, 0, 0},
    {LEDGER_RELEASE_BLOCK, LEDGER_BLOCK, 0, AT_0, 0, 0, 0, 3},
    {LEDGER_RELEASE_BLOCK, LEDGER_BLOCK, 0, AT_0, 0, 0, 0, 0},
    {LEDGER_CHECK, 0, 0, 0, 0, 0, 0, 0},
};

static const struct ledger_operation strangers[] = {
    {LEDGER_ALLOC, LEDGER_CHUNK, 1, AT_0, GRANULES, 1, RESERVE_COMMIT, 0},
    {LEDGER_FREE, LEDGER_BASE, 0, AT_0, PAGES, 0, RELEASE, 0},
    {LEDGER_STRANGER, LEDGER_CHUNK, 1, AT_0, GRANULES, 1, RESERVE, 0},
    {LEDGER_ALLOC, LEDGER_CHUNK, 1, AT_0, PAGES, 2, COMMIT, 0},
    {LEDGER_FIND, LEDGER_CHUNK, 1, AT_0, 0, 0, 0, 0},
    {LEDGER_FREE, LEDGER_CHUNK, 1, AT_0, PAGES, 0, RELEASE, 0},
    {LEDGER_FREE, LEDGER_CHUNK, 1, AT_0, PAGES, 1, DECOMMIT, 0},
    {LEDGER_FREE_STRANGERS, LEDGER_CHUNK, 1, AT_0, PAGES, 1, DECOMMIT, 0},
    {LEDGER_FREE_STRANGERS, LEDGER_CHUNK, 1, AT_0, PAGES, 0, RELEASE, 0},
    {LEDGER_FREE_STRANGERS, LEDGER_CHUNK, 1, AT_0, PAGES, 0, RELEASE, 0},
};

static const struct seed ledger_seeds[] = {
    SEED(interior_commits), SEED(boundary_of_chunks),
    SEED(whole_chunks),     SEED(islands),
    SEED(faults),           SEED(limits),
    SEED(blocks),           SEED(strangers),
};

/* ------------------------------------------------------------------------------------------------
 * Heaps. Units are those of heap_operations.c.
 * --------------------------------------------------------------------------------------------- */

enum {
    BYTES = 0,
    ABOVE_32700 = 7,
    LARGE = 8,

    TRACK = 1,
    FILL_ON_FREE = 4,
    DELAY = 8,

    SLOWLY = 1, /* in `how` */
    DEBUG = 2
};

static const struct heap_operation full_slabs[] = {
    {HEAP_FILL, 0, 0, ABOVE_32700, 0, 0, 0, 20},
    {HEAP_FILL, 0, 8, ABOVE_32700, 68, 0, 0, 20},
    {HEAP_FILL, 0, 16, BYTES, 200, 0, 0, 255},
    {HEAP_FILL, 0, 80, BYTES, 200, 0, SLOWLY, 255},
    {HEAP_FILL, 0, 144, BYTES, 200, 0, 0, 255},
    {HEAP_CHECK, 0, 0, 0, 0, 0, 0, 0},
    {HEAP_FREE_RUN, 0, 16, 0, 1, 0, 0, 255},
    {HEAP_FREE_RUN, 0, 16, 0, 0, 0, SLOWLY, 255},
    {HEAP_FREE_RUN, 0, 80, 0, 0, 0, 0, 255},
    {HEAP_FREE_RUN, 0, 144, 0, 0, 0, 0, 255},
    {HEAP_TRIM, 0, 0, 0, 0, 0, 0, 0},
    {HEAP_CHECK, 0, 0, 0, 0, 0, 0, 0},
};

static const struct heap_operation threads[] = {
    {HEAP_FILL, 0, 0, BYTES, 40, 0, 0, 100},  {HEAP_THREAD, 0, 0, 0, 0, 0, 0, 1},
    {HEAP_FILL, 0, 32, BYTES, 40, 0, 0, 100}, {HEAP_FREE_RUN, 0, 0, 0, 0, 0, 0, 50},
    {HEAP_THREAD, 0, 0, 0, 0, 0, 0, 9},       {HEAP_FREE_RUN, 0, 8, 0, 0, 0, 0, 255},
    {HEAP_TRIM, 0, 0, 0, 0, 0, 0, 0},         {HEAP_CHECK, 0, 0, 0, 0, 0, 0, 0},
};

static const struct heap_operation misuse[] = {
    {HEAP_ALLOC, 0, 1, BYTES, 100, 0, 0, 0},
    {HEAP_ALLOC, 1, 2, LARGE, 20, 0, 0, 0},
    {HEAP_FREE_WRONG, 1, 1, 0, 0, HEAP_WRONG_HEAP, 0, 0},
    {HEAP_FREE_WRONG, 0, 2, 0, 0, HEAP_WRONG_HEAP, 0, 0},
    {HEAP_FREE_WRONG, 0, 1, 0, 15, HEAP_WRONG_INSIDE, 0, 0},
    {HEAP_FREE_WRONG, 1, 2, 0, 16, HEAP_WRONG_INSIDE, SLOWLY, 0},
    {HEAP_FREE_WRONG, 0, 1, 0, 15, HEAP_WRONG_BEFORE, 0, 0},
    {HEAP_FREE_WRONG, 0, 1, 0, 0, HEAP_WRONG_PAGES, 0, 0},
    {HEAP_FREE_WRONG, 1, 2, 0, 0, HEAP_WRONG_PAGES, 0, 0},
    {HEAP_FREE_WRONG, 0, 1, 0, 3, HEAP_WRONG_ELSEWHERE, 0, 0},
    {HEAP_FREE_WRONG, 0, 1, 0, 3, HEAP_WRONG_ADDRESS, 0, 0},
    {HEAP_FREE, 0, 1, 0, 0, 0, 0, 0},
    {HEAP_FREE_WRONG, 0, 1, 0, 0, HEAP_WRONG_FREED, 0, 0},
    {HEAP_FREE, 1, 2, 0, 0, 0, 0, 0},
    {HEAP_FREE_WRONG, 1, 2, 0, 0, HEAP_WRONG_FREED, 0, 0},
};

static const struct heap_operation checked[] = {
    {HEAP_SPACE, 0, 0, 0, 0, TRACK | FILL_ON_FREE | DELAY, 0, 0},
    {HEAP_FILL, 0, 0, BYTES, 60, 0, DEBUG, 255},
    {HEAP_FREE_RUN, 0, 0, 0, 0, 0, 0, 255},
    {HEAP_DAMAGE, 0, 3, 0, 17, 0, 0, 1},
    {HEAP_DAMAGE, 0, 9, 0, 59, 0, 0, 2},
    {HEAP_DAMAGE, 0, 10, 0, 0, 0, 0, 0},
    {HEAP_FILL, 0, 0, BYTES, 60, 0, 0, 255},
    {HEAP_FREE_RUN, 0, 0, 0, 0, 0, 0, 255},
    {HEAP_FILL, 0, 64, BYTES, 60, 0, 0, 255},
    {HEAP_TRIM, 0, 0, 0, 0, 0, 0, 0},
    {HEAP_CHECK, 0, 0, 0, 0, 0, 0, 0},
};

/* Blocks that take all of their room, damaged at both ends. */
static const struct heap_operation damaged_ends[] = {
    {HEAP_SPACE, 0, 0, 0, 0, FILL_ON_FREE, 0, 0},
    {HEAP_FILL, 0, 0, BYTES, 64, 0, 0, 8},
    {HEAP_FREE_RUN, 0, 0, 0, 0, 0, 0, 8},
    {HEAP_DAMAGE, 0, 0, 0, 0, 0, 0, 1},
    {HEAP_DAMAGE, 0, 0, 0, 63, 0, 0, 2},
    {HEAP_FILL, 0, 16, BYTES, 64, 0, 0, 8},
    {HEAP_TRIM, 0, 0, 0, 0, 0, 0, 0},
};

/* Each heap has freed a block in that slab, so that the fast path is open. */
static const struct heap_operation quick_misuse[] = {
    {HEAP_ALLOC, 0, 1, BYTES, 100, 0, 0, 0},
    {HEAP_ALLOC, 0, 2, BYTES, 100, 0, 0, 0},
    {HEAP_ALLOC, 0, 3, BYTES, 100, 0, DEBUG, 0},
    {HEAP_ALLOC, 1, 4, BYTES, 100, 0, 0, 0},
    {HEAP_FREE, 0, 1, 0, 0, 0, 0, 0},
    {HEAP_FREE, 0, 4, 0, 0, 0, 0, 0},
    {HEAP_FREE_WRONG, 1, 2, 0, 0, HEAP_WRONG_HEAP, 0, 0},
    {HEAP_FREE_WRONG, 0, 2, 0, 7, HEAP_WRONG_INSIDE, 0, 0},
    {HEAP_FREE_WRONG, 0, 1, 0, 0, HEAP_WRONG_FREED, 0, 0},
    {HEAP_RESIZE, 1, 2, BYTES, 101, 0, 0, 0},
    {HEAP_FREE, 0, 3, 0, 0, 0, 0, 0},
    {HEAP_FREE, 0, 2, 0, 0, 0, 0, 0},
};

static const struct heap_operation guarded[] = {
    {HEAP_SPACE, 0, 0, 0, 3, 0, 0, 0},        {HEAP_FILL, 0, 0, BYTES, 99, 0, 0, 20},
    {HEAP_FILL, 0, 8, BYTES, 101, 0, 0, 20},  {HEAP_RESIZE, 0, 0, BYTES, 101, 0, 0, 0},
    {HEAP_RESIZE, 0, 8, BYTES, 101, 0, 0, 0}, {HEAP_CHECK, 0, 0, 0, 0, 0, 0, 0},
};

static const struct heap_operation resizes[] = {
    {HEAP_ALLOC, 0, 0, BYTES, 33, 0, 0, 0},  {HEAP_RESIZE, 0, 0, BYTES, 48, 0, 0, 0},
    {HEAP_RESIZE, 0, 0, BYTES, 49, 0, 0, 0}, {HEAP_RESIZE, 0, 0, BYTES, 33, 0, 0, 0},
    {HEAP_RESIZE, 0, 0, BYTES, 32, 0, 0, 0}, {HEAP_ALLOC, 0, 1, LARGE, 20, 0, 0, 0},
    {HEAP_RESIZE, 0, 1, LARGE, 19, 0, 0, 0}, {HEAP_RESIZE, 0, 1, LARGE, 20, 0, 0, 0},
    {HEAP_CHECK, 0, 0, 0, 0, 0, 0, 0},       {HEAP_FREE_ALL, 0, 0, 0, 0, 0, 0, 0},
    {HEAP_RESIZE, 0, 1, LARGE, 20, 0, 0, 0},
};

static const struct heap_operation shortage[] = {
    {HEAP_FAULT, 0, 0, 0, 0, 0, 0, 0},         {HEAP_ALLOC, 0, 0, BYTES, 20, 0, DEBUG, 0},
    {HEAP_FAULT, 0, 0, 0, 1, 0, 0, 0},         {HEAP_ALLOC, 0, 1, BYTES, 20, 0, DEBUG, 0},
    {HEAP_FAULT, 0, 0, 0, 0, 1, 0, 0},         {HEAP_ALLOC, 0, 2, BYTES, 20, 0, DEBUG, 0},
    {HEAP_LIMIT, 0, 0, 0, 2, 0, 0, 0},         {HEAP_FILL, 0, 0, BYTES, 255, 0, 0, 255},
    {HEAP_FILL, 1, 64, BYTES, 255, 0, 0, 255}, {HEAP_FILL, 0, 128, BYTES, 200, 0, 0, 100},
    {HEAP_DESTROY, 0, 0, 0, 0, 0, 0, 0},       {HEAP_CREATE, 0, 0, 0, 0, 1, 0, 0},
    {HEAP_FILL, 0, 200, BYTES, 200, 0, 0, 10}, {HEAP_CHECK, 0, 0, 0, 0, 0, 0, 0},
};

static const struct seed heap_seeds[] = {
    SEED(full_slabs),   SEED(threads), SEED(misuse),  SEED(checked),  SEED(damaged_ends),
    SEED(quick_misuse), SEED(guarded), SEED(resizes), SEED(shortage),
};

/* ------------------------------------------------------------------------------------------------
 * The budget. Units are those of budget_operations.c.
 * --------------------------------------------------------------------------------------------- */

enum {
    ONES = 0,
    HUNDREDS = 3,
    HUGE = 5,

    NO_LIMIT = 255,
    OF_COMMITTED = 1,
    REFUSED = 1
};

static const struct budget_operation to_the_byte[] = {
    {BUDGET_LIMIT, 0, ONES, 100, 10, 5, OF_COMMITTED, 0},
    {BUDGET_LIMIT, 0, ONES, 200, 0, NO_LIMIT, 0, 0},
    {BUDGET_ASK, 0, ONES, 0, 100, 0, 0, 0},
    {BUDGET_ASK, 1, ONES, 0, 1, 0, 0, 0},
    {BUDGET_ASK, 1, ONES, 201, 1, 1, 0, 0},
    {BUDGET_ASK, 1, ONES, 200, 10, 1, 0, 0},
    {BUDGET_ASK, 2, ONES, 1, 6, 2, 0, 0},
    {BUDGET_ASK, 2, ONES, 1, 5, 2, 0, 0},
    {BUDGET_NOTE, 0, ONES, 0, 60, 0, 0, 0},
    {BUDGET_RETURN, 0, ONES, 0, 40, 0, 0, 0},
    {BUDGET_REFUND, 0, ONES, 0, 60, 0, 0, 0},
};

static const struct budget_operation large_figures[] = {
    {BUDGET_LIMIT, 0, HUGE, 254, 1, 1, OF_COMMITTED, 0},
    {BUDGET_ASK, 0, HUGE, 0, 200, 0, 0, 0},
    {BUDGET_NOTE, 0, HUGE, 0, 200, 0, 0, 0},
    {BUDGET_LIMIT, 0, HUGE, 220, 10, NO_LIMIT, OF_COMMITTED, 0},
    {BUDGET_END_CALL, 0, 0, 0, 0, 0, 0, 1},
    {BUDGET_ASK, 1, HUGE, 0, 21, 0, 0, 0},
    {BUDGET_ASK, 1, HUGE, 0, 20, 0, 0, 0},
    {BUDGET_ASK, 2, HUGE, 0, 100, 2, 0, 0},
};

static const struct budget_operation pressure[] = {
    {BUDGET_LIMIT, 0, HUNDREDS, 10, 0, 0, OF_COMMITTED, 0},
    {BUDGET_FORCE, 0, ONES, 0, 250, 0, 0, 0},
    {BUDGET_FORCE, 1, ONES, 0, 250, 0, 0, 0},
    {BUDGET_FORCE, 2, ONES, 0, 250, 0, 0, 0},
    {BUDGET_END_CALL, 0, 0, 0, 0, 0, 0, 1},
    {BUDGET_FORCE, 3, ONES, 0, 1, 0, 0, 0},
    {BUDGET_END_CALL, 0, 0, 0, 0, 0, 0, 1},
    {BUDGET_FORCE, 4, ONES, 0, 150, 0, 0, 0},
    {BUDGET_END_CALL, 0, 0, 0, 0, 0, 0, 1},
    {BUDGET_REFUND, 4, ONES, 0, 51, 0, 0, 0},
    {BUDGET_END_CALL, 0, 0, 0, 0, 0, REFUSED, 4},
    {BUDGET_REFUND, 4, ONES, 0, 1, 0, 0, 0},
    {BUDGET_END_CALL, 0, 0, 0, 0, 0, 0, 1},
    {BUDGET_REFUND, 0, ONES, 0, 150, 0, 0, 0},
    {BUDGET_END_CALL, 0, 0, 0, 0, 0, 0, 1},
};

/* A change that is made inside the callback is told after it, by the same teller. */
static const struct budget_operation within[] = {
    {BUDGET_LIMIT, 0, HUNDREDS, 10, 0, 0, OF_COMMITTED, 0},
    {BUDGET_FORCE, 0, HUNDREDS, 0, 10, 0, 0, 0},
    {BUDGET_END_CALL, 0, 0, 0, 0, 0, 2 * 3, 1},
    {BUDGET_REFUND, 0, HUNDREDS, 0, 9, 0, 0, 0},
    {BUDGET_END_CALL, 0, 0, 0, 0, 0, 2 * 1, 2},
    {BUDGET_SYSTEM, 0, 0, 0, 0, 0, 1, 0},
    {BUDGET_END_CALL, 0, 0, 0, 0, 0, REFUSED, 4},
    {BUDGET_THRESHOLDS, 0, 0, 59, 20, 0, 0, 0},
    {BUDGET_SYSTEM, 0, 0, 0, 0, 0, 0, 0},
    {BUDGET_END_CALL, 0, 0, 0, 0, 0, 0, 5},
};

static const struct seed budget_seeds[] = {
    SEED(to_the_byte),
    SEED(large_figures),
    SEED(pressure),
    SEED(within),
};

/* ------------------------------------------------------------------------------------------------
 * By name
 * --------------------------------------------------------------------------------------------- */

#define CORPUS(name)                                                                               \
    {                                                                                              \
#name, name##_seeds, sizeof(name##_seeds) / sizeof(name##_seeds[0])                        \
    }

static const struct corpus corpora[] = {CORPUS(ledger), CORPUS(heap), CORPUS(budget)};

const struct corpus *corpus_of(const char *name)
{
    for (size_t i = 0; i < sizeof(corpora) / sizeof(corpora[0]); i++) {
        if (strcmp(corpora[i].name, name) == 0)
            return &corpora[i];
    }
    return NULL;
}
