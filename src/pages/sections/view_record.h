/*
 * view_record.h: the record of a view, and how it is read and found. view.h has the protocol of its
 * word, and is what others use.
 */
#ifndef HOSTMEM_PAGES_SECTIONS_VIEW_RECORD_H
#define HOSTMEM_PAGES_SECTIONS_VIEW_RECORD_H

#include "pages/sections/sections.h"

struct view {
    struct pool_link link;
    _Atomic uint32_t section; /* its index */
    _Atomic uint64_t life;
    _Atomic uintptr_t base;
    _Atomic size_t size;     /* whole pages */
    _Atomic uint64_t offset; /* in the section, of the view's first byte */
};

struct view_facts {
    uint32_t section;
    uintptr_t base;
    size_t size;
    uint64_t offset;
    uint64_t version; /* of the view's life */
};

#define VIEW_STATE UINT64_C(3)
#define VIEW_FREE UINT64_C(0)
#define VIEW_LIVE UINT64_C(1)
#define VIEW_LEAVING UINT64_C(2)
#define VIEW_GONE UINT64_C(3)
#define VIEW_OPERATION UINT64_C(4)
#define VIEW_OPERATIONS (UINT64_C(0xffff) * VIEW_OPERATION)
#define VIEW_VERSION (UINT64_C(1) << 18)

static inline struct view *view_record_at(const struct sections *sections, uint32_t index)
{
    return pool_item(&sections->views, index);
}

/* The facts as they are: they may be of two lives. The version is not among them. */
struct view_facts view_record_facts(const struct view *view);

/* A consistent copy of the facts of a view of that state; *life is its word. */
bool view_record_read(const struct view *view, uint64_t state, struct view_facts *facts,
                      uint64_t *life);

/* The view that a slot of a chunk names, if it is of that state and holds the address. */
struct view *view_record_named(const struct sections *sections, const chunk_owner *slot,
                               uintptr_t address, uint64_t state);

/* The view of that state that holds the address; NULL: none. */
struct view *view_record_find(const struct sections *sections, uintptr_t address, uint64_t state);

/* True if the address lies in a view that is being unmapped. *life is the view's word. */
bool view_record_leaves(const struct sections *sections, uintptr_t address,
                        struct view_facts *facts, uint64_t *life);

#endif
