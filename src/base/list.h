/*
 * list.h: a growing array of items of one size, in an arena.
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

/* Appends a copy of the item. False: there is no memory, and the list is as it was. */
bool list_add(struct list *list, const void *item);

#endif
