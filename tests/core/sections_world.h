/*
 * sections_world.h: sections without the hooks that make them, for tests of the core. The emulated
 * system has none: a handle is a figure, and a view a reservation of its own, so that what is
 * committed in one view is not in another for the system. Calls are counted as the hooks count
 * them.
 */
#ifndef HOSTMEM_TESTS_SECTIONS_WORLD_H
#define HOSTMEM_TESTS_SECTIONS_WORLD_H

#include "pages_world.h"

#include "pages/sections/view.h"

#define TIB ((uint64_t)1 << 40)

/* Handles. The first two share the nodes of the array of handles, the third is far away. */
#define HANDLE_1 ((uintptr_t)0x40)
#define HANDLE_2 ((uintptr_t)0x44)
#define HANDLE_3 ((uintptr_t)0x1ffffffc)

static inline void begin_call(struct world *world)
{
    counters_begin(&world->counters, COUNTED_SECTIONS);
}

static inline void end_call(struct world *world, bool done)
{
    counters_end(&world->counters, COUNTED_SECTIONS, done);
}

static inline pages_result try_section(struct world *world, uint64_t size, bool reserved,
                                       uintptr_t handle)
{
    const struct section_request request = {.size = size,
                                            .reserved = reserved,
                                            .protect = OS_PAGE_READWRITE,
                                            .critical_level = BUDGET_APP_DOMAIN_CRITICAL,
                                            .caller = world};
    struct sections *sections = &world->pages.sections;
    uint32_t index;
    pages_result result;

    begin_call(world);
    result = sections_begin(sections, &request, &index);
    if (!result && !sections_made(sections, index, handle)) {
        sections_unmade(sections, index);
        result = OS_ERROR_NOT_ENOUGH_MEMORY;
    }
    end_call(world, !result);
    return result;
}

static inline void make_section(struct world *world, uint64_t size, bool reserved, uintptr_t handle)
{
    assert_int_equal(try_section(world, size, reserved, handle), PAGES_OK);
}

static inline void close_handle(struct world *world, uintptr_t handle)
{
    struct sections *sections = &world->pages.sections;
    uint32_t index;

    begin_call(world);
    index = sections_take_handle(sections, handle);
    if (index)
        sections_release(sections, index);
    end_call(world, index != 0);
}

static inline bool duplicate_handle(struct world *world, uintptr_t from, uintptr_t to)
{
    struct sections *sections = &world->pages.sections;
    uint32_t index;
    bool done;

    begin_call(world);
    index = sections_hold(sections, from);
    done = index && sections_note_handle(sections, to, index);
    if (index && !done)
        sections_release(sections, index);
    end_call(world, done);
    return done;
}

static inline size_t bytes_of_view(struct world *world, uint32_t section, uint64_t offset,
                                   size_t size)
{
    uint64_t whole = atomic_load(&sections_at(&world->pages.sections, section)->size);

    return size ? size : (size_t)(whole - offset);
}

/* NULL: it is not known, or there is no memory. at: where; NULL: anywhere. */
static inline char *try_map(struct world *world, uintptr_t handle, uint64_t offset, size_t size,
                            void *at)
{
    struct sections *sections = &world->pages.sections;
    void *base = NULL;
    uint32_t section, index;

    begin_call(world);
    index = views_begin(sections, handle, &section);
    if (index && (os_alloc(at, bytes_of_view(world, section, offset, size), OS_MEM_RESERVE,
                           OS_PAGE_READWRITE, OS_ANY_NODE, &base) ||
                  views_map(sections, index, (uintptr_t)base, offset, size))) {
        if (base)
            os_unmap(base);
        base = NULL;
        views_cancel(sections, index);
    }
    end_call(world, base != NULL);
    return base;
}

static inline char *map_view(struct world *world, uintptr_t handle, uint64_t offset, size_t size)
{
    char *base = try_map(world, handle, offset, size, NULL);

    assert_non_null(base);
    return base;
}

static inline enum view_claim unmap(struct world *world, void *address)
{
    struct sections *sections = &world->pages.sections;
    enum view_claim claimed;
    uint32_t index;

    begin_call(world);
    claimed = views_claim(sections, (uintptr_t)address, &index);
    if (claimed == VIEW_CLAIMED) {
        if (os_unmap(address))
            views_restore(sections, index);
        else
            views_unmapped(sections, index);
    }
    end_call(world, claimed != VIEW_NOT_KNOWN);
    return claimed;
}

/* What the books have of sections: how many, their committed bytes, how many views. */
static inline void assert_sections(struct world *world, uint64_t sections, uint64_t bytes,
                                   uint64_t views)
{
    const struct counters *counters = &world->counters;
    struct audit audit;

    assert_int_equal(gauge_now(&counters->sections), sections);
    assert_int_equal(gauge_now(&counters->section_bytes), bytes);
    assert_int_equal(gauge_now(&counters->section_views), views);
    assert_int_equal(gauge_now(&world->pages.budget.committed.granted), bytes);
    assert_int_equal(atomic_load(&world->pages.budget.committed.charged), bytes);
    assert_true(audit_records(&world->pages, &audit, print_difference, NULL));
    assert_int_equal(audit.differences, 0);
    assert_true(audit.totals_compared);
}

/* The books agree with the system, through views of which no two show the same pages. */
static inline void assert_exact_sections(struct world *world)
{
    struct audit audit;

    assert_true(audit_run(&world->pages, &audit, print_difference, NULL));
    assert_int_equal(audit.differences, 0);
    assert_true(audit.totals_compared);
    assert_int_equal(audit.section_bytes, gauge_now(&world->counters.section_bytes));
}

#endif
