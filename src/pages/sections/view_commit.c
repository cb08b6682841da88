/*
 * view_commit.c: see view_commit.h.
 */
#include "pages/sections/view_commit.h"

#include "os/os.h"
#include "pages/sections/view.h"

/* The pages of a section that a request in one of its views is for. */
struct part {
    uint64_t begin;
    uint64_t end;
};

static pages_result ask_system(const struct pages_request *request, void **memory)
{
    return os_alloc(request->address, request->size, request->type, request->protect, request->node,
                    memory);
}

/* Of what was charged, notes the pages that were not committed before, and returns the rest. */
static void book(struct pages *pages, struct section *section, struct part part, uint64_t charged)
{
    struct sections *sections = &pages->sections;
    uint64_t committed =
        section_set_pages(section, &sections->nodes, part.begin, part.end) * OS_PAGE_SIZE;

    budget_note(&pages->budget, (struct budget_charge){.committed = committed});
    budget_return(&pages->budget, (struct budget_charge){.committed = charged - committed});
    atomic_fetch_add_explicit(&section->committed, committed, memory_order_relaxed);
    gauge_add(&pages->counters->section_bytes, committed);
}

/* True if the address lies in a view that is being unmapped, and that Win32 still has. */
static bool is_leaving(const struct sections *sections, uintptr_t address)
{
    struct os_range system;
    uintptr_t base;

    return views_leave(sections, address, &base) && os_query_range(address, &system) &&
           system.mapped && system.allocation_base == base;
}

static pages_result commit(struct pages *pages, const struct pages_request *request,
                           struct section *section, struct part part, void **memory)
{
    struct pool *nodes = &pages->sections.nodes;
    struct budget_request wanted = {.level = (enum budget_level)request->critical_level,
                                    .section = true,
                                    .address = request->address};
    pages_result result;

    if (!section_ensure_pages(section, nodes, part.begin, part.end))
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    wanted.charge.committed =
        part.end - part.begin -
        section_count_pages(section, nodes, part.begin, part.end) * OS_PAGE_SIZE;
    result = pages_answer(budget_request(&pages->budget, &wanted));
    if (result)
        return result;
    section_begin_commit(section);
    result = ask_system(request, memory);
    if (result)
        budget_return(&pages->budget, wanted.charge);
    else
        book(pages, section, part, wanted.charge.committed);
    section_end_commit(section);
    return result;
}

bool view_commit(struct pages *pages, const struct pages_request *request, struct range range,
                 void **memory, pages_result *result)
{
    struct view_operation operation;
    const struct view_facts *view = &operation.facts;
    struct part part;

    switch (view_begin(&pages->sections, (uintptr_t)request->address, &operation)) {
    case VIEW_NOT_FOUND:
        *result = OS_ERROR_INVALID_ADDRESS;
        return is_leaving(&pages->sections, (uintptr_t)request->address);
    case VIEW_CROWDED:
        *result = OS_ERROR_NO_SYSTEM_RESOURCES;
        return true;
    case VIEW_BEGUN:
        break;
    }
    part.begin = view->offset + (range.begin - view->base);
    part.end = view->offset + (range.end - view->base);
    /* Win32 refuses what is beyond the view, and changes nothing where all is committed. */
    if (range.end - view->base > view->size || !operation.section->reserved)
        *result = ask_system(request, memory);
    else
        *result = commit(pages, request, operation.section, part, memory);
    view_end(&pages->sections, &operation);
    return true;
}

/* Books the pages, which Win32 has committed, whatever the limits. */
static void force(struct pages *pages, struct section *section, struct part part)
{
    struct pool *nodes = &pages->sections.nodes;
    uint64_t committed;

    if (!section_ensure_pages(section, nodes, part.begin, part.end))
        return; /* an audit will tell */
    committed = section_set_pages(section, nodes, part.begin, part.end) * OS_PAGE_SIZE;
    budget_force(&pages->budget, (struct budget_charge){.committed = committed});
    atomic_fetch_add_explicit(&section->committed, committed, memory_order_relaxed);
    gauge_add(&pages->counters->section_bytes, committed);
}

static void settle(struct pages *pages, const struct view_operation *operation, struct range range)
{
    const struct view_facts *view = &operation->facts;
    uintptr_t at = range.begin;

    while (at < range.end) {
        struct os_range system;
        bool known = os_query_range(at, &system) && system.allocation_base == view->base;
        uintptr_t stop =
            known && system.base + system.size < range.end ? system.base + system.size : range.end;

        if (known && system.state == OS_MEM_COMMIT)
            force(pages, operation->section,
                  (struct part){view->offset + (at - view->base),
                                view->offset + (stop - view->base)});
        at = stop;
    }
}

bool views_settle(struct pages *pages, struct range range)
{
    struct view_operation operation;
    uintptr_t end;

    if (view_begin(&pages->sections, range.begin, &operation) != VIEW_BEGUN)
        return false;
    end = operation.facts.base + operation.facts.size;
    if (end < range.end)
        range.end = end;
    if (operation.section->reserved) {
        section_begin_commit(operation.section);
        settle(pages, &operation, range);
        section_end_commit(operation.section);
    }
    view_end(&pages->sections, &operation);
    return true;
}
