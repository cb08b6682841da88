/*
 * report_json_process.c: an object for each owner of pages. The owners' bytes add up to "total".
 *
 * "by_type" has the committed bytes as the system tells them apart, whoever owns them. There a page
 * counts with each view of it, so "total" is less than their sum by what sections have "in_views"
 * beyond "committed".
 */
#include "report/report_json_process.h"

#include "report/json_build.h"

static json_t *count_object(const struct page_count *count)
{
    json_t *object = json_object();

    json_build_integer(object, "committed", count->committed);
    json_build_integer(object, "reserved", count->reserved);
    json_build_integer(object, "allocations", count->allocations);
    return object;
}

static json_t *total_object(const struct page_map *process)
{
    struct page_count all = {0};

    for (int owner = 0; owner < PAGE_OWNERS; owner++) {
        all.committed += process->owners[owner].committed;
        all.reserved += process->owners[owner].reserved;
        all.allocations += process->owners[owner].allocations;
    }
    return count_object(&all);
}

static json_t *types_object(const struct page_map *process)
{
    json_t *object = json_object();

    json_build_integer(object, "private", process->private_bytes);
    json_build_integer(object, "image", process->image_bytes);
    json_build_integer(object, "mapped", process->mapped_bytes);
    return object;
}

/* What some owners tell besides. */
static json_t *owner_object(const struct page_map *process, enum page_owner owner)
{
    json_t *object = count_object(&process->owners[owner]);

    if (owner == PAGE_OWNER_SECTION)
        json_build_integer(object, "in_views", process->section_views);
    else if (owner == PAGE_OWNER_IMAGE)
        json_build_integer(object, "written", process->image_written);
    else if (owner == PAGE_OWNER_STACK)
        json_build_integer(object, "threads", process->threads);
    else if (owner == PAGE_OWNER_HEAP)
        json_build_integer(object, "heaps", process->heaps);
    return object;
}

static const char *moment_of(const struct snapshot *snapshot)
{
    if (snapshot->is_earlier_look)
        return "before the end";
    return snapshot->subject.is_running ? "now" : "at the end";
}

json_t *report_json_process(const struct snapshot *snapshot)
{
    static const char *const names[PAGE_OWNERS] = {
        [PAGE_OWNER_HOSTMEM] = "owned",          [PAGE_OWNER_SECTION] = "sections",
        [PAGE_OWNER_IMAGE] = "images",           [PAGE_OWNER_FILE] = "mapped_files",
        [PAGE_OWNER_SHARED] = "others_sections", [PAGE_OWNER_BOOKS] = "books",
        [PAGE_OWNER_STACK] = "stacks",           [PAGE_OWNER_HEAP] = "windows_heaps",
        [PAGE_OWNER_SYSTEM] = "windows",         [PAGE_OWNER_UNKNOWN] = "unknown"};
    const struct page_map *process = &snapshot->process;
    json_t *object;

    if (!snapshot->has_process)
        return json_null();
    object = json_object();
    for (int owner = 0; owner < PAGE_OWNERS; owner++)
        json_build_member(object, names[owner], owner_object(process, (enum page_owner)owner));
    json_build_member(object, "total", total_object(process));
    json_build_member(object, "by_type", types_object(process));
    json_build_text(object, "taken", moment_of(snapshot));
    json_build_integer(object, "milliseconds_before",
                       snapshot->is_earlier_look ? snapshot->look_milliseconds : 0);
    json_build_member(object, "complete", json_boolean(!process->is_cut));
    return object;
}
