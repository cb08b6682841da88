/*
 * ledger_operations.c: see ledger_operations.h.
 */
#include "ledger_operations.h"

#include <stdio.h>
#include <string.h>

#include "os/os.h"
#include "pages/chunk_table.h"

#define PAGE ((intptr_t)OS_PAGE_SIZE)
#define GRANULE ((intptr_t)OS_GRANULE_SIZE)
#define CHUNK ((intptr_t)CHUNK_SIZE)

const struct ledger_offset ledger_offsets[LEDGER_OFFSETS] = {
    {"", 0},
    {" + 1", 1},
    {" - 1", -1},
    {" + page", PAGE},
    {" - page", -PAGE},
    {" + page - 1", PAGE - 1},
    {" + page + 1", PAGE + 1},
    {" + 2 pages", 2 * PAGE},
    {" + 3 pages", 3 * PAGE},
    {" + 15 pages", 15 * PAGE},
    {" + granule", GRANULE},
    {" - granule", -GRANULE},
    {" + granule - 1", GRANULE - 1},
    {" + 2 granules", 2 * GRANULE},
    {" + 63 pages", 63 * PAGE},
    {" + 64 pages", 64 * PAGE},
    {" + 40 granules", 40 * GRANULE},
    {" + chunk", CHUNK},
    {" - chunk", -CHUNK},
    {" + chunk - page", CHUNK - PAGE},
};

const struct ledger_unit ledger_units[LEDGER_UNITS] = {
    {"pages", OS_PAGE_SIZE, 40, 0},
    {"pages - 1", OS_PAGE_SIZE, 40, -1},
    {"pages + 1", OS_PAGE_SIZE, 40, 1},
    {"granules", OS_GRANULE_SIZE, 40, 0},
    {"granules - 1", OS_GRANULE_SIZE, 40, -1},
    {"granules + 1", OS_GRANULE_SIZE, 40, 1},
    {"chunks", CHUNK_SIZE, 3, 0},
    {"chunks - 1", CHUNK_SIZE, 3, -1},
    {"chunks + 1", CHUNK_SIZE, 3, 1},
    {"bytes", 1, 256, 0},
    {"* 2^47 (a size beyond all)", (size_t)1 << 47, 5, -1},
    {"bytes less than 2^64", (size_t)0 - 1, 256, 0},
};

/* The last two are none. */
const struct ledger_type ledger_types[LEDGER_TYPES] = {
    {"MEM_RESERVE", OS_MEM_RESERVE},
    {"MEM_RESERVE | MEM_COMMIT", OS_MEM_RESERVE | OS_MEM_COMMIT},
    {"MEM_COMMIT", OS_MEM_COMMIT},
    {"MEM_RESET", OS_MEM_RESET},
    {"MEM_RESET_UNDO", OS_MEM_RESET_UNDO},
    {"MEM_COMMIT | MEM_RESET", OS_MEM_COMMIT | OS_MEM_RESET},
    {"0", 0},
};

const struct ledger_type ledger_free_types[LEDGER_FREE_TYPES] = {
    {"MEM_DECOMMIT", OS_MEM_DECOMMIT},
    {"MEM_RELEASE", OS_MEM_RELEASE},
    {"MEM_DECOMMIT | MEM_RELEASE", OS_MEM_DECOMMIT | OS_MEM_RELEASE},
    {"0", 0},
};

size_t ledger_size(const struct ledger_operation *operation)
{
    const struct ledger_unit *unit = &ledger_units[operation->unit % LEDGER_UNITS];

    return unit->bytes * (operation->count % unit->most) + (size_t)unit->change;
}

/* ------------------------------------------------------------------------------------------------
 * In words
 * --------------------------------------------------------------------------------------------- */

static const char *const kind_names[LEDGER_KINDS] = {
    "alloc",
    "free",
    "alloc of a heap",
    "release of a heap",
    "a stranger's alloc",
    "free to strangers",
    "find",
    "fault",
    "limit",
    "check",
};

static const char *const place_names[LEDGER_PLACES] = {"NULL",   "chunk",    "island", "base of",
                                                       "end of", "block of", "grave"};

static void describe_address(const struct ledger_operation *operation, char *text, size_t size)
{
    snprintf(text, size, "%s %u%s", place_names[operation->place % LEDGER_PLACES], operation->index,
             ledger_offsets[operation->offset % LEDGER_OFFSETS].name);
}

static void describe_size(const struct ledger_operation *operation, char *text, size_t size)
{
    const struct ledger_unit *unit = &ledger_units[operation->unit % LEDGER_UNITS];

    snprintf(text, size, "%zu %s", operation->count % unit->most, unit->name);
}

void fuzz_describe(const uint8_t bytes[FUZZ_OPERATION], char *text, size_t size)
{
    struct ledger_operation operation;
    enum ledger_kind kind;
    const char *name, *type;
    char address[80], amount[80];

    memcpy(&operation, bytes, sizeof(operation));
    kind = (enum ledger_kind)(operation.kind % LEDGER_KINDS);
    name = kind_names[kind];
    type = kind == LEDGER_FREE || kind == LEDGER_FREE_STRANGERS
               ? ledger_free_types[operation.type % LEDGER_FREE_TYPES].name
               : ledger_types[operation.type % LEDGER_TYPES].name;
    describe_address(&operation, address, sizeof(address));
    describe_size(&operation, amount, sizeof(amount));
    switch (kind) {
    case LEDGER_ALLOC:
        snprintf(text, size, "%s: %s, %s, %s, criticality %u", name, address, amount, type,
                 ledger_level(&operation));
        break;
    case LEDGER_ALLOC_BLOCK:
        snprintf(text, size, "%s: %s, %s, heap %u%s, criticality %u", name, address, amount,
                 ledger_heap(&operation), ledger_is_guarded(&operation) ? ", guarded" : "",
                 ledger_level(&operation));
        break;
    case LEDGER_RELEASE_BLOCK:
        snprintf(text, size, "%s: %s, heap %u", name, address, ledger_heap(&operation));
        break;
    case LEDGER_FAULT:
        snprintf(text, size, "%s: request %u for %s from now on fails", name,
                 1u + operation.count % 8u,
                 ledger_which(&operation) ? "handed-out pages" : "bookkeeping");
        break;
    case LEDGER_LIMIT:
        snprintf(text, size, "%s: %s at %s, with reserves of as much if type (%u) has bits 0 and 1",
                 name, ledger_which(&operation) ? "committed" : "reserved",
                 operation.index % 4 ? amount : "no limit", operation.type);
        break;
    case LEDGER_FIND:
        snprintf(text, size, "%s: %s", name, address);
        break;
    case LEDGER_CHECK:
        snprintf(text, size, "%s", name);
        break;
    default:
        snprintf(text, size, "%s: %s, %s, %s", name, address, amount, type);
        break;
    }
}
