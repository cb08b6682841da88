/*
 * ledger_model.c: see ledger_model.h. Simple and slow; it uses nothing of src/pages.
 */
#include "ledger_model.h"

#include <stdlib.h>
#include <string.h>

#include "os/os.h"

void model_begin(struct model *model)
{
    const struct budget_limit none = {BUDGET_ENDLESS, 0, BUDGET_ENDLESS};

    memset(model, 0, sizeof(*model));
    model->reserved_limit = model->committed_limit = none;
}

void model_end(struct model *model)
{
    while (model->count)
        model_remove(model, &model->regions[0]);
}

uintptr_t model_end_of(const struct model_region *region)
{
    return region->base + region->pages * OS_PAGE_SIZE;
}

/* The first region that ends above the address; `count` if none. */
static size_t from(const struct model *model, uintptr_t address)
{
    size_t i = 0;

    while (i < model->count && model_end_of(&model->regions[i]) <= address)
        i++;
    return i;
}

struct model_region *model_at(struct model *model, uintptr_t address)
{
    size_t i = from(model, address);

    return i < model->count && model->regions[i].base <= address ? &model->regions[i] : NULL;
}

bool model_is_vacant(const struct model *model, uintptr_t begin, uintptr_t end)
{
    size_t i = from(model, begin);

    return i == model->count || model->regions[i].base >= end;
}

struct model_region *model_insert(struct model *model, uintptr_t base, size_t pages,
                                  enum model_owner owner)
{
    size_t i = from(model, base);
    struct model_region *region = &model->regions[i];

    memmove(region + 1, region, (model->count - i) * sizeof(*region));
    *region = (struct model_region){
        .base = base, .pages = pages, .owner = owner, .block = base, .bytes = calloc(pages, 1)};
    if (!region->bytes)
        abort();
    model->count++;
    if (owner == OWNER_STRANGER)
        return region;
    model->own_regions++;
    model->reserved += pages * OS_PAGE_SIZE;
    return region;
}

void model_set(struct model *model, struct model_region *region, size_t page, unsigned char byte)
{
    bool was = region->bytes[page] != MODEL_ABSENT;
    bool is = byte != MODEL_ABSENT;

    region->bytes[page] = byte;
    region->committed = region->committed + is - was;
    if (region->owner != OWNER_STRANGER)
        model->committed += ((uint64_t)is - (uint64_t)was) * OS_PAGE_SIZE;
}

void model_remove(struct model *model, struct model_region *region)
{
    size_t i = (size_t)(region - model->regions);

    if (region->owner != OWNER_STRANGER) {
        model_bury(model, region->base, region->pages * OS_PAGE_SIZE, true);
        model->own_regions--;
        model->reserved -= region->pages * OS_PAGE_SIZE;
        model->committed -= region->committed * OS_PAGE_SIZE;
    }
    free(region->bytes);
    model->count--;
    memmove(region, region + 1, (model->count - i) * sizeof(*region));
}

size_t model_committed(const struct model_region *region, size_t first, size_t last)
{
    size_t count = 0;

    for (size_t page = first; page < last; page++)
        count += region->bytes[page] != MODEL_ABSENT;
    return count;
}

void model_bury(struct model *model, uintptr_t base, size_t size, bool certain)
{
    model->graves[model->grave_count++ % MODEL_GRAVES] = (struct model_grave){base, size, certain};
}

const struct model_grave *model_grave(const struct model *model, size_t number)
{
    size_t kept = model->grave_count < MODEL_GRAVES ? model->grave_count : MODEL_GRAVES;

    return kept ? &model->graves[(model->grave_count - 1 - number % kept) % MODEL_GRAVES] : NULL;
}

enum model_past model_past(const struct model *model, uintptr_t address)
{
    enum model_past past = model->grave_count > MODEL_GRAVES ? PAST_PERHAPS : PAST_NONE;
    uintptr_t granule = address / OS_GRANULE_SIZE * OS_GRANULE_SIZE;

    for (size_t i = 0; i < model->count; i++) {
        const struct model_region *region = &model->regions[i];

        if (region->owner != OWNER_STRANGER && granule >= region->base &&
            granule < model_end_of(region))
            return PAST_OWNED;
    }
    for (size_t i = 0; i < MODEL_GRAVES && i < model->grave_count; i++) {
        const struct model_grave *grave = &model->graves[i];

        if (granule < grave->base || granule - grave->base >= grave->size)
            continue;
        if (grave->certain)
            return PAST_OWNED;
        past = PAST_PERHAPS;
    }
    return past;
}

/* Sums of figures of 64 bits. */
__extension__ typedef unsigned __int128 wide;

static bool fits(uint64_t charged, uint64_t more, const struct budget_limit *limit, uint32_t level)
{
    wide bound = limit->limit;

    if (level >= BUDGET_APP_DOMAIN_CRITICAL)
        bound += limit->app_domain_reserve;
    if (level >= BUDGET_PROCESS_CRITICAL)
        bound += limit->process_reserve;
    return !more || bound >= BUDGET_ENDLESS || (wide)charged + more <= bound;
}

bool model_allows(const struct model *model, uint64_t reserved, uint64_t committed, uint32_t level)
{
    return fits(model->reserved, reserved, &model->reserved_limit, level) &&
           fits(model->committed, committed, &model->committed_limit, level);
}
