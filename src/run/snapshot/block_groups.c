/*
 * block_groups.c: a hash table with open addressing, at most half full.
 */
#include "run/snapshot/block_groups.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_PLACES = 256 /* a power of two */
};

void block_groups_begin(struct block_groups *groups, struct arena *arena)
{
    const struct block_groups begun = {
        .list = {.arena = arena, .item_size = sizeof(struct block_group)}};

    *groups = begun;
}

static struct block_group *group_at(const struct block_groups *groups, uint32_t number)
{
    return (struct block_group *)groups->list.items + (number - 1);
}

/* The place of that origin; if it has none, the free place where it belongs. */
static uint32_t *find_place(const struct block_groups *groups, const struct block_origin *origin)
{
    size_t mask = groups->place_count - 1;
    size_t at = block_origin_hash(origin) & mask;

    while (groups->places[at] &&
           !block_origin_is_equal(&group_at(groups, groups->places[at])->origin, origin))
        at = (at + 1) & mask;
    return &groups->places[at];
}

static bool grow(struct block_groups *groups)
{
    size_t count = groups->place_count ? groups->place_count * 2 : FIRST_PLACES;
    uint32_t *places = arena_alloc(groups->list.arena, count * sizeof(*places));

    if (!places)
        return false;
    groups->places = places;
    groups->place_count = count;
    for (uint32_t number = 1; number <= groups->list.count; number++)
        *find_place(groups, &group_at(groups, number)->origin) = number;
    return true;
}

bool block_groups_add(struct block_groups *groups, const HOSTMEM_BLOCK *block)
{
    const struct block_group fresh = {.origin = block_origin_of(block)};
    struct block_group *group;
    uint32_t *place;

    if (groups->list.count * 2 >= groups->place_count && !grow(groups))
        return false;
    place = find_place(groups, &fresh.origin);
    if (!*place) {
        if (!list_add(&groups->list, &fresh))
            return false;
        *place = (uint32_t)groups->list.count;
    }
    group = group_at(groups, *place);
    group->blocks++;
    group->bytes += block->Size;
    return true;
}

/*
 * Makes one group of those whose callers lie in no module: their addresses differ, their text does
 * not. Returns how many groups are left.
 */
static size_t merge_generated(struct live_block_group *items, size_t count)
{
    struct live_block_group *generated = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (items[i].origin == block_origin_generated && generated) {
            generated->blocks += items[i].blocks;
            generated->bytes += items[i].bytes;
            continue;
        }
        items[kept] = items[i];
        if (items[kept].origin == block_origin_generated)
            generated = &items[kept];
        kept++;
    }
    return kept;
}

static int compare(uint64_t one, uint64_t other)
{
    return (one > other) - (one < other);
}

static int compare_groups(const void *one, const void *other)
{
    const struct live_block_group *a = one;
    const struct live_block_group *b = other;
    int order = compare(b->bytes, a->bytes);

    if (!order)
        order = compare(b->blocks, a->blocks);
    return order ? order : strcmp(a->origin, b->origin);
}

/* qsort allocates nothing: it sorts in place in Windows' C library, and in Wine's. */
struct live_block_group *block_groups_finish(struct block_groups *groups,
                                             const struct module_names *names, size_t *count)
{
    const struct block_group *items = groups->list.items;
    struct live_block_group *live = NULL;

    *count = 0;
    if (groups->list.count)
        live = arena_alloc(groups->list.arena, groups->list.count * sizeof(*live));
    if (!live)
        return NULL;
    for (size_t i = 0; i < groups->list.count; i++) {
        const char *text = block_origin_text(&items[i].origin, names);

        live[i].origin = text ? text : block_origin_not_kept;
        live[i].blocks = items[i].blocks;
        live[i].bytes = items[i].bytes;
    }
    *count = merge_generated(live, groups->list.count);
    qsort(live, *count, sizeof(*live), compare_groups);
    return live;
}
