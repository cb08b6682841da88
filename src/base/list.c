/*
 * list.c: the capacity doubles. Outgrown arrays stay in the arena, unused.
 */
#include "base/list.h"

#include <string.h>

enum {
    FIRST_CAPACITY = 64
};

static bool grow(struct list *list)
{
    size_t capacity = list->capacity ? list->capacity * 2 : FIRST_CAPACITY;
    void *items = arena_alloc(list->arena, capacity * list->item_size);

    if (!items)
        return false;
    if (list->count)
        memcpy(items, list->items, list->count * list->item_size);
    list->items = items;
    list->capacity = capacity;
    return true;
}

bool list_add(struct list *list, const void *item)
{
    if (list->count == list->capacity && !grow(list))
        return false;
    memcpy((char *)list->items + list->count * list->item_size, item, list->item_size);
    list->count++;
    return true;
}
