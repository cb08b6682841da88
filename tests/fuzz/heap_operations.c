/*
 * heap_operations.c: see heap_operations.h.
 */
#include "heap_operations.h"

#include <stdio.h>
#include <string.h>

/* Sizes around every kind of boundary: classes, lookup and reckoning, small and large, pages. */
const struct heap_unit heap_units[HEAP_UNITS] = {
    {"bytes", 1, 0},
    {"bytes more than 248", 1, 248},
    {"* 16 bytes", 16, 0},
    {"* 16 bytes + 1", 16, 1},
    {"* 128 bytes", 128, 0},
    {"* 128 bytes + 1", 128, 1},
    {"bytes more than 1000", 1, 1000},
    {"bytes more than 32700", 1, 32700},
    {"pages + 1", 4096, 1},
    {"* 2^56 bytes", (size_t)1 << 56, 0},
};

size_t heap_size(const struct heap_operation *operation)
{
    const struct heap_unit *unit = &heap_units[operation->unit % HEAP_UNITS];

    return unit->bytes * operation->count + unit->base;
}

size_t heap_guard_above(const struct heap_operation *operation)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX, 0, 100, 1000, 1024, 5000, 100000};

    return sizes[operation->count % (sizeof(sizes) / sizeof(sizes[0]))];
}

/* ------------------------------------------------------------------------------------------------
 * In words
 * --------------------------------------------------------------------------------------------- */

static const char *const kind_names[HEAP_KINDS] = {
    "space",  "create", "destroy",  "alloc",  "fill",   "free",  "free run", "wrong free",
    "resize", "trim",   "free all", "thread", "damage", "fault", "limit",    "check",
};

static const char *const wrong_names[HEAP_WRONGS] = {
    "by another heap",     "inside",       "before",        "freed before",
    "of no heap's memory", "of no memory", "by VirtualFree"};

static void describe_alloc(const struct heap_operation *operation, char *text, size_t size)
{
    const struct heap_unit *unit = &heap_units[operation->unit % HEAP_UNITS];

    snprintf(text, size, "heap %u, from slot %u, %u %s%s%s, criticality %u, %u times",
             operation->heap % HEAP_COUNT, heap_slot_number(operation), operation->count,
             unit->name, operation->how & 1 ? ", the long way" : "",
             operation->how & 2 ? ", DebugAlloc" : "", operation->how / 4u % 3u,
             operation->kind % HEAP_KINDS == HEAP_FILL ? operation->number : 1u);
}

static void describe_rest(enum heap_kind kind, const struct heap_operation *operation, char *text,
                          size_t size)
{
    switch (kind) {
    case HEAP_SPACE:
        snprintf(text, size, "flags %u, guard pages above %zu", heap_flags(operation),
                 heap_guard_above(operation));
        break;
    case HEAP_CREATE:
        snprintf(text, size, "heap %u%s", operation->heap % HEAP_COUNT,
                 operation->more & 1 ? ", executable" : "");
        break;
    case HEAP_FREE_RUN:
        snprintf(text, size, "from slot %u, %u times, each %u further", heap_slot_number(operation),
                 operation->number, 1 + operation->count % 8u);
        break;
    case HEAP_FREE_WRONG:
        snprintf(text, size, "heap %u, slot %u, %s, %u", operation->heap % HEAP_COUNT,
                 heap_slot_number(operation), wrong_names[operation->more % HEAP_WRONGS],
                 operation->count);
        break;
    case HEAP_THREAD:
        snprintf(text, size, "%u", operation->number % HEAP_THREADS);
        break;
    case HEAP_FAULT:
        snprintf(text, size, "request %u for %s from now on fails", 1u + operation->count % 8u,
                 operation->more & 1 ? "handed-out pages" : "bookkeeping");
        break;
    case HEAP_LIMIT:
        if (operation->count)
            snprintf(text, size, "%u slabs' memory may be committed", operation->count);
        else
            snprintf(text, size, "none");
        break;
    default:
        snprintf(text, size, "heap %u, slot %u, byte %u", operation->heap % HEAP_COUNT,
                 heap_slot_number(operation), operation->count);
        break;
    }
}

void fuzz_describe(const uint8_t bytes[FUZZ_OPERATION], char *text, size_t size)
{
    struct heap_operation operation;
    enum heap_kind kind;
    char rest[160];

    memcpy(&operation, bytes, sizeof(operation));
    kind = (enum heap_kind)(operation.kind % HEAP_KINDS);
    if (kind == HEAP_ALLOC || kind == HEAP_FILL || kind == HEAP_RESIZE)
        describe_alloc(&operation, rest, sizeof(rest));
    else
        describe_rest(kind, &operation, rest, sizeof(rest));
    snprintf(text, size, "%s: %s", kind_names[kind], rest);
}
