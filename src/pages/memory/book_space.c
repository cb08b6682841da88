/*
 * book_space.c: see book_space.h.
 */
#include "pages/memory/book_space.h"

#include "os/os.h"

static bool reserve(struct book_space *space, size_t size)
{
    space->size = size;
    space->used = 0;
    space->is_own = true;
    space->is_whole = size == BOOK_SPACE_SIZE;
    space->base = os_metadata_reserve(size);
    return space->base != NULL;
}

bool book_space_reserve(struct book_space *space)
{
    return reserve(space, BOOK_SPACE_FIRST);
}

bool book_space_reserve_whole(struct book_space *space)
{
    return reserve(space, BOOK_SPACE_SIZE);
}

void book_space_borrow(struct book_space *space, void *memory)
{
    space->size = BOOK_SPACE_SIZE;
    space->used = 0;
    space->is_own = false;
    space->is_whole = true;
    space->base = memory;
}

bool book_space_is_whole(const void *memory, size_t size)
{
    uintptr_t base = (uintptr_t)memory;
    uintptr_t end = base + size;
    struct os_range range;

    if (base % OS_GRANULE_SIZE || size < BOOK_SPACE_SIZE || end < base)
        return false;
    for (uintptr_t at = base; at < end; at = range.base + range.size) {
        if (!os_query_range(at, &range) || range.allocation_base != base)
            return false;
    }
    return true;
}

void *book_space_cut(struct book_space *space, size_t size)
{
    size_t rounded = (size + OS_GRANULE_SIZE - 1) / OS_GRANULE_SIZE * OS_GRANULE_SIZE;
    char *cut = space->base + space->used;

    if (rounded < size || rounded > space->size - space->used)
        return NULL;
    space->used += rounded;
    return cut;
}

void book_space_release(struct book_space *space)
{
    if (space->base && space->is_own)
        os_metadata_release(space->base);
    space->base = NULL;
}
