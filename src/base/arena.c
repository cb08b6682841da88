/*
 * arena.c: bump allocation from pieces of the system's memory.
 */
#include "base/arena.h"

#include <windows.h>

#include <stdbool.h>
#include <stdint.h>

enum {
    ARENA_ALIGNMENT = 16,
    ARENA_PIECE = 256 * 1024
};

static bool refill(struct arena *arena, size_t size)
{
    size_t piece = size > ARENA_PIECE ? size : ARENA_PIECE;
    void *memory = VirtualAlloc(NULL, piece, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    if (!memory)
        return false;
    arena->next = memory;
    arena->left = piece;
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t rounded = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    void *memory;

    if (rounded < size)
        return NULL;
    if (rounded > arena->left && !refill(arena, rounded))
        return NULL;
    memory = arena->next;
    arena->next += rounded;
    arena->left -= rounded;
    return memory;
}
