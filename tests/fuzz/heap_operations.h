/*
 * heap_operations.h: the operations of fuzz_heap, as bytes and in words. A block is named by the
 * slot that it is kept in.
 */
#ifndef HOSTMEM_TESTS_HEAP_OPERATIONS_H
#define HOSTMEM_TESTS_HEAP_OPERATIONS_H

#include "fuzz.h"

#include "heap/heap_space.h"

enum heap_kind {
    HEAP_SPACE, /* all ends, and begins anew with other options */
    HEAP_CREATE,
    HEAP_DESTROY,
    HEAP_ALLOC,
    HEAP_FILL, /* so many allocations of one size */
    HEAP_FREE,
    HEAP_FREE_RUN,   /* so many slots, in steps */
    HEAP_FREE_WRONG, /* an address that is not the start of a live block of the heap */
    HEAP_RESIZE,
    HEAP_TRIM,
    HEAP_FREE_ALL,
    HEAP_THREAD, /* which thread makes the calls from now on */
    HEAP_DAMAGE, /* writes to a block that was freed */
    HEAP_FAULT,
    HEAP_LIMIT,
    HEAP_CHECK,
    HEAP_KINDS
};

/* Each field is taken modulo the number of its values. */
struct heap_operation {
    uint8_t kind;
    uint8_t heap;
    uint8_t slot;
    uint8_t unit; /* the size is so many of these: heap_units; */
    uint8_t count;
    uint8_t more;   /* options, executable, how a wrong free is wrong, kind of fault */
    uint8_t how;    /* bit 0: not the fast path; bit 1: by DebugAlloc; bits 2 and 3: criticality */
    uint8_t number; /* of allocations or slots, of a thread */
};

_Static_assert(sizeof(struct heap_operation) == FUZZ_OPERATION, "no padding");

#define HEAP_SLOTS 1024u
#define HEAP_COUNT 3u
#define HEAP_THREADS 12u

/* A slot's number is 4 times its byte, and what the number's lowest bits add. */
#define HEAP_SLOTS_A_BYTE (HEAP_SLOTS / 256u)

/* How a free is wrong. */
enum heap_wrong {
    HEAP_WRONG_HEAP,
    HEAP_WRONG_INSIDE,    /* inside the block, by so many bytes */
    HEAP_WRONG_BEFORE,    /* so many bytes before it */
    HEAP_WRONG_FREED,     /* the block that was freed last from the slot */
    HEAP_WRONG_ELSEWHERE, /* memory that is no heap's */
    HEAP_WRONG_ADDRESS,   /* no memory at all */
    HEAP_WRONG_PAGES,     /* the block, by VirtualFree */
    HEAP_WRONGS
};

struct heap_unit {
    const char *name;
    size_t bytes;
    size_t base; /* that is added */
};

enum {
    HEAP_UNITS = 10
};

extern const struct heap_unit heap_units[HEAP_UNITS];

/* The bytes that the fields unit and count mean. */
size_t heap_size(const struct heap_operation *operation);

static inline unsigned heap_slot_number(const struct heap_operation *operation)
{
    return operation->slot * HEAP_SLOTS_A_BYTE + operation->number % HEAP_SLOTS_A_BYTE;
}

/* Options of a space: HEAP_TRACK_BLOCKS and so on, and from which size on blocks are guarded. */
static inline uint32_t heap_flags(const struct heap_operation *operation)
{
    return operation->more % 16u | (operation->more & HEAP_HARDEN);
}

size_t heap_guard_above(const struct heap_operation *operation);

#endif
