/*
 * view_find.c: see view.h and view_record.h. Reading and finding views.
 */
#include "pages/sections/view.h"

#include "counters/relaxed.h"

struct view_facts view_record_facts(const struct view *view)
{
    return (struct view_facts){.section = LOAD_RELAXED(view->section),
                               .base = LOAD_RELAXED(view->base),
                               .size = LOAD_RELAXED(view->size),
                               .offset = LOAD_RELAXED(view->offset)};
}

bool view_record_read(const struct view *view, uint64_t state, struct view_facts *facts,
                      uint64_t *life)
{
    uint64_t now = atomic_load_explicit(&view->life, memory_order_acquire);

    do {
        *life = now;
        if ((now & VIEW_STATE) != state)
            return false;
        *facts = view_record_facts(view);
        facts->version = now / VIEW_VERSION;
        atomic_thread_fence(memory_order_acquire);
        now = LOAD_RELAXED(view->life);
    } while (now / VIEW_VERSION != *life / VIEW_VERSION || (now & VIEW_STATE) != state);
    return true;
}

struct view *view_record_named(const struct sections *sections, const chunk_owner *slot,
                               uintptr_t address, uint64_t state)
{
    uint32_t index = atomic_load_explicit(slot, memory_order_acquire);
    struct view *view = index ? view_record_at(sections, index) : NULL;
    struct view_facts facts;
    uint64_t life;

    return view && view_record_read(view, state, &facts, &life) && address - facts.base < facts.size
               ? view
               : NULL;
}

struct view *view_record_find(const struct sections *sections, uintptr_t address, uint64_t state)
{
    const struct chunk *chunk = chunk_table_find(sections->chunks, chunk_number(address));
    const chunk_owner *views;
    struct view *view;

    if (!chunk)
        return NULL;
    view = view_record_named(sections, &chunk->whole_view, address, state);
    if (view)
        return view;
    views = atomic_load_explicit(&chunk->views, memory_order_acquire);
    return views ? view_record_named(sections, &views[address % CHUNK_SIZE / OS_GRANULE_SIZE],
                                     address, state)
                 : NULL;
}

bool view_record_leaves(const struct sections *sections, uintptr_t address,
                        struct view_facts *facts, uint64_t *life)
{
    const struct view *view = view_record_find(sections, address, VIEW_LEAVING);

    return view && view_record_read(view, VIEW_LEAVING, facts, life) &&
           address - facts->base < facts->size;
}

bool views_leave(const struct sections *sections, uintptr_t address, uintptr_t *base)
{
    struct view_facts facts;
    uint64_t life;
    bool leaving = view_record_leaves(sections, address, &facts, &life);

    *base = leaving ? facts.base : 0;
    return leaving;
}

bool views_know(const struct sections *sections, uintptr_t address)
{
    return view_record_find(sections, address, VIEW_LIVE) != NULL;
}

bool views_find_section(const struct sections *sections, uintptr_t address,
                        struct section_facts *facts)
{
    const struct view *view = view_record_find(sections, address, VIEW_LIVE);
    struct view_facts of_view;
    uint64_t life, after;

    return view && view_record_read(view, VIEW_LIVE, &of_view, &life) &&
           address - of_view.base < of_view.size &&
           section_read(sections_at(sections, of_view.section), facts) &&
           /* While the view lives, so does its section: it was that one. */
           view_record_read(view, VIEW_LIVE, &of_view, &after) &&
           after / VIEW_VERSION == life / VIEW_VERSION;
}

bool views_read(const struct sections *sections, uint32_t index, struct view_facts *facts)
{
    uint64_t life;

    return view_record_read(view_record_at(sections, index), VIEW_LIVE, facts, &life);
}

bool views_next(const struct sections *sections, uint32_t *cursor, struct view_facts *facts)
{
    uint32_t limit = pool_limit(&sections->views);

    while (*cursor < limit) {
        if (views_read(sections, ++*cursor, facts))
            return true;
    }
    return false;
}

bool views_are_still(const struct sections *sections, uint32_t index,
                     const struct view_facts *facts)
{
    struct view_facts now;

    return views_read(sections, index, &now) && now.version == facts->version;
}
