/*
 * list.h: a growing array of things of one size, in an arena.
 */
#ifndef HOSTMEM_BASE_LIST_H
#define HOSTMEM_BASE_LIST_H

#include "base/arena.h"

#include <stdbool.h>

struct list {
    struct arena *arena;
    size_t item_size;
    void *items;
    size_t count;
    size_t capacity;
};

/* Copies the item behind the last. False, and the list is as it was: no memory. */
bool list_add(struct list *list, const void *item);

#endif
