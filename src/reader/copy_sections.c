/*
 * copy_sections.c: see copy.h. Filling in the sections and their views. The bits of their pages are
 * not copied: each record says how many there are.
 */
#include "reader/copy.h"

#include "os/os.h"
#include "pages/sections/view.h"

static void clear(const struct pool *pool, uint32_t index)
{
    os_fill(pool_item(pool, index), 0, pool->item_size);
}

static void fill_section(const struct copy *copy, uint32_t index)
{
    const struct pool *records = &copy->manager.pages.sections.records;
    struct section *section = pool_item(records, index);
    struct section_facts facts;

    if (!copy_settle_item(copy, records, index) || !section_read(section, &facts) || !facts.size ||
        facts.size > SECTION_MOST || facts.committed > facts.size)
        clear(records, index);
    else
        sparse_init(&section->pages, 1);
}

/* Of views, those of sections that were read. */
static void fill_view(const struct copy *copy, uint32_t index)
{
    const struct sections *sections = &copy->manager.pages.sections;
    struct section_facts section;
    struct view_facts view;

    if (!copy_settle_item(copy, &sections->views, index) || !views_read(sections, index, &view) ||
        view.section - 1 >= pool_limit(&sections->records) ||
        !section_read(sections_at(sections, view.section), &section))
        clear(&sections->views, index);
}

HRESULT copy_fill_sections(struct copy *copy)
{
    const struct sections *raw = &copy_raw_manager(copy)->pages.sections;
    struct sections *sections = &copy->manager.pages.sections;
    HRESULT hr = copy_read_again(copy, &raw->records, &sections->records);

    for (uint32_t index = 1; hr == S_OK && index <= pool_limit(&sections->records); index++)
        fill_section(copy, index);
    if (hr == S_OK)
        hr = copy_read_again(copy, &raw->views, &sections->views);
    for (uint32_t index = 1; hr == S_OK && index <= pool_limit(&sections->views); index++)
        fill_view(copy, index);
    return hr;
}
