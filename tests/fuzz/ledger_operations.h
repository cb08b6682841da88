/*
 * ledger_operations.h: the operations of fuzz_ledger, as bytes and in words. An address is given by
 * a place that both the reference model and the reader of a failure know: a boundary of chunks, the
 * begin or end of a region, or where a region was.
 */
#ifndef HOSTMEM_TESTS_LEDGER_OPERATIONS_H
#define HOSTMEM_TESTS_LEDGER_OPERATIONS_H

#include "fuzz.h"

enum ledger_kind {
    LEDGER_ALLOC,          /* VirtualAlloc */
    LEDGER_FREE,           /* VirtualFree */
    LEDGER_ALLOC_BLOCK,    /* what a heap asks for, perhaps with a guard page */
    LEDGER_RELEASE_BLOCK,  /* likewise */
    LEDGER_STRANGER,       /* foreign code asks the system for memory */
    LEDGER_FREE_STRANGERS, /* what import redirection does with foreign memory */
    LEDGER_FIND,
    LEDGER_FAULT, /* a coming request to os.h fails */
    LEDGER_LIMIT,
    LEDGER_CHECK, /* the books, page by page */
    LEDGER_KINDS
};

/* Each field is taken modulo the number of its values. */
struct ledger_operation {
    uint8_t kind;
    uint8_t place;  /* enum ledger_place */
    uint8_t index;  /* which one of these */
    uint8_t offset; /* from there: ledger_offsets */
    uint8_t unit;   /* the size is so many of these: ledger_units; */
    uint8_t count;
    uint8_t type; /* ledger_types, ledger_free_types */
    uint8_t more; /* criticality, heap, guard page, kind of fault or limit */
};

_Static_assert(sizeof(struct ledger_operation) == FUZZ_OPERATION, "no padding");

enum ledger_place {
    LEDGER_NULL,
    LEDGER_CHUNK,  /* one of LEDGER_CHUNKS chunks that follow each other */
    LEDGER_ISLAND, /* a chunk far away; all of them share a window of the chunk table */
    LEDGER_BASE,   /* of a region, in the order of addresses */
    LEDGER_END,
    LEDGER_BLOCK, /* the block of a region that serves a heap; the base of another */
    LEDGER_GRAVE, /* the base of a region that is gone, the last one first */
    LEDGER_PLACES
};

#define LEDGER_CHUNKS 4u
#define LEDGER_ISLANDS 20u

/* What a heap's block is: the sizes of `more`'s parts. */
#define LEDGER_HEAPS 3u

struct ledger_offset {
    const char *name;
    intptr_t bytes;
};

struct ledger_unit {
    const char *name;
    size_t bytes;
    size_t most; /* of them */
    int change;  /* bytes more or less, so as to miss boundaries by one */
};

struct ledger_type {
    const char *name;
    uint32_t value;
};

enum {
    LEDGER_OFFSETS = 20,
    LEDGER_UNITS = 12,
    LEDGER_TYPES = 7,
    LEDGER_FREE_TYPES = 4
};

extern const struct ledger_offset ledger_offsets[LEDGER_OFFSETS];
extern const struct ledger_unit ledger_units[LEDGER_UNITS];
extern const struct ledger_type ledger_types[LEDGER_TYPES];
extern const struct ledger_type ledger_free_types[LEDGER_FREE_TYPES];

/* The bytes that the fields unit and count mean. */
size_t ledger_size(const struct ledger_operation *operation);

/* The parts of `more`. */
static inline uint32_t ledger_level(const struct ledger_operation *operation)
{
    return operation->more % 3u;
}

static inline uint32_t ledger_heap(const struct ledger_operation *operation)
{
    return 1 + operation->more / 3u % LEDGER_HEAPS;
}

static inline int ledger_is_guarded(const struct ledger_operation *operation)
{
    return operation->more / 9u % 2u;
}

/* Which of two kinds of faults, or of limits. */
static inline int ledger_which(const struct ledger_operation *operation)
{
    return operation->more & 1;
}

#endif
