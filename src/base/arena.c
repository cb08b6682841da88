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

/* At the start of each piece. */
struct arena_piece {
    _Alignas(ARENA_ALIGNMENT) struct arena_piece *before;
};

static bool refill(struct arena *arena, size_t size)
{
    size_t needed = size + sizeof(struct arena_piece);
    size_t bytes = needed > ARENA_PIECE ? needed : ARENA_PIECE;
    struct arena_piece *piece;

    if (needed < size)
        return false;
    piece = VirtualAlloc(NULL, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!piece)
        return false;
    piece->before = arena->piece;
    arena->piece = piece;
    arena->next = (unsigned char *)(piece + 1);
    arena->left = bytes - sizeof(*piece);
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

void arena_empty(struct arena *arena)
{
    while (arena->piece) {
        struct arena_piece *before = arena->piece->before;

        VirtualFree(arena->piece, 0, MEM_RELEASE);
        arena->piece = before;
    }
    arena->next = NULL;
    arena->left = 0;
}
