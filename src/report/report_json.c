/*
 * report_json.c: the report as one JSON object, made with jansson.
 *
 * Quantities are exact integers: bytes, or numbers of things. Addresses are strings of hexadecimal
 * digits, because a reader's numbers may be too short for them; so are HRESULTs. exit_code is null
 * where hostmem-run could not know it. A member that is added does not change the schema's number.
 */
#include "report/report_json.h"

#include "base/architecture.h"
#include "report/json_build.h"
#include "report/labels.h"
#include "report/report_json_heap.h"
#include "report/report_json_limits.h"

/* ------------------------------------------------------------------------------------------------
 * What ran
 * --------------------------------------------------------------------------------------------- */

static json_t *runtime_object(const struct runtime *runtime)
{
    json_t *object = json_object();

    build_text(object, "family", runtime->family);
    build_text(object, "directory", runtime->directory_utf8);
    build_text(object, "version", runtime->version);
    build_member(object, "architecture", json_string(ARCHITECTURE_NAME));
    return object;
}

static json_t *host_object(const struct host *host)
{
    json_t *object = json_object();
    json_t *modules = json_array();

    for (int i = 0; i < HOST_MODULES && host->modules[i]; i++)
        build_item(modules, json_string(host->modules[i]));
    build_result(object, "set_host_control", host->control_result);
    build_member(object, "set_host_control_accepted", json_boolean(host->control_result == S_OK));
    build_member(object, "redirected_modules", modules);
    build_member(object, "heap",
                 json_boolean(host->options.redirect_flags & HOSTMEM_REDIRECT_HEAP));
    build_member(object, "callers",
                 json_boolean(host->options.manager_flags & HOSTMEM_TRACK_BLOCKS));
    build_member(object, "check", json_boolean(host->options.manager_flags & HOSTMEM_FILL_ON_FREE));
    build_integer(object, "guard_above", host->options.guard_above);
    build_member(object, "tells_pressure",
                 json_boolean(!(host->options.redirect_flags & HOSTMEM_REDIRECT_NO_STATUS)));
    return object;
}

static void set_subject(json_t *report, const struct report_order *order,
                        const struct ending *ending)
{
    build_member(report, "schema", json_integer(REPORT_JSON_SCHEMA));
    build_member(report, "hostmem_version", json_string(HOSTMEM_VERSION_TEXT));
    build_text(report, "program", order->program->path_utf8);
    build_member(report, "exit_code",
                 ending->has_exit_code ? json_integer((json_int_t)ending->exit_code) : json_null());
    build_member(report, "ended_by", json_string(label_of_ending(ending->kind)));
    build_member(report, "runtime", runtime_object(order->runtime));
    build_member(report, "host", host_object(order->host));
}

/* ------------------------------------------------------------------------------------------------
 * Statistics and audit
 * --------------------------------------------------------------------------------------------- */

static json_t *methods_object(const HOSTMEM_STATISTICS *statistics)
{
    json_t *object = json_object();

    for (int method = 0; method < HOSTMEM_METHODS; method++) {
        json_t *count = json_object();

        build_integer(count, "calls", statistics->Methods[method].Calls);
        build_integer(count, "failures", statistics->Methods[method].Failures);
        build_member(object, label_of_method((HOSTMEM_METHOD)method), count);
    }
    return object;
}

static json_t *statistics_object(const HOSTMEM_STATISTICS *statistics)
{
    json_t *object = json_object();

    build_text(object, "status", label_of_status(statistics->Status));
    build_gauge(object, "reserved", &statistics->Reserved);
    build_gauge(object, "committed", &statistics->Committed);
    build_gauge(object, "mapped", &statistics->Mapped);
    build_gauge(object, "regions", &statistics->Regions);
    build_gauge(object, "mapped_ranges", &statistics->MappedRanges);
    build_gauge(object, "heaps", &statistics->Heaps);
    build_gauge(object, "blocks", &statistics->Blocks);
    build_gauge(object, "block_bytes", &statistics->BlockBytes);
    build_gauge(object, "slab_bytes", &statistics->SlabBytes);
    build_gauge(object, "metadata", &statistics->Metadata);
    build_integer(object, "refused_frees", statistics->RefusedFrees);
    build_member(object, "refused_blocks", json_refused_blocks(statistics));
    build_integer(object, "damaged_blocks", statistics->DamagedBlocks);
    build_integer(object, "foreign_commits", statistics->ForeignCommits);
    build_integer(object, "passed_frees", statistics->PassedFrees);
    build_integer(object, "leaked_blocks", statistics->LeakedBlocks);
    build_integer(object, "leaked_bytes", statistics->LeakedBytes);
    build_member(object, "refused_requests", json_refused_requests(statistics));
    build_member(object, "notifications", json_notifications(statistics));
    build_text(object, "pressure", label_of_pressure(statistics->Pressure));
    build_text(object, "redirected_level", label_of_level(statistics->RedirectedLevel));
    build_member(object, "methods", methods_object(statistics));
    return object;
}

static json_t *difference_object(const HOSTMEM_DIFFERENCE *difference)
{
    json_t *object = json_object();

    build_text(object, "kind", label_of_difference(difference->Kind));
    build_address(object, "region", difference->Region.Base);
    build_address(object, "address", difference->Address);
    build_integer(object, "books", difference->Books);
    build_integer(object, "system", difference->System);
    return object;
}

static json_t *audit_object(const struct snapshot *snapshot)
{
    const HOSTMEM_DIFFERENCE *differences = snapshot->differences.items;
    const HOSTMEM_AUDIT *audit = &snapshot->audit;
    json_t *object = json_object();
    json_t *found = json_array();

    for (size_t i = 0; i < snapshot->differences.count; i++)
        build_item(found, difference_object(&differences[i]));
    build_result(object, "result", snapshot->audit_result);
    build_member(object, "totals_compared", json_boolean(audit->TotalsCompared));
    build_integer(object, "regions", audit->Regions);
    build_integer(object, "busy", audit->Busy);
    build_integer(object, "reserved_bytes", audit->ReservedBytes);
    build_integer(object, "committed_bytes", audit->CommittedBytes);
    build_integer(object, "difference_count", audit->Differences);
    build_member(object, "differences", found);
    return object;
}

/* ------------------------------------------------------------------------------------------------
 * Pages
 * --------------------------------------------------------------------------------------------- */

static json_t *process_object(const struct process_map *process)
{
    static const char *const names[PAGE_OWNERS] = {[PAGE_OWNER_HOSTMEM] = "owned",
                                                   [PAGE_OWNER_IMAGE] = "images",
                                                   [PAGE_OWNER_FILE] = "mapped_files",
                                                   [PAGE_OWNER_OTHER] = "other_private"};
    json_t *object = json_object();

    for (int owner = 0; owner < PAGE_OWNERS; owner++) {
        json_t *count = json_object();

        build_integer(count, "committed", process->owners[owner].committed);
        build_integer(count, "reserved", process->owners[owner].reserved);
        build_integer(count, "allocations", process->owners[owner].allocations);
        build_member(object, names[owner], count);
    }
    return object;
}

static json_t *region_object(const HOSTMEM_REGION *region)
{
    json_t *object = json_object();

    build_address(object, "base", region->Base);
    build_integer(object, "size", region->Size);
    build_integer(object, "committed", region->Committed);
    build_integer(object, "allocation_type", region->AllocationType);
    build_integer(object, "protect", region->Protect);
    build_integer(object, "critical_level", region->CriticalLevel);
    build_integer(object, "thread", region->ThreadId);
    build_integer(object, "heap", region->Heap);
    build_member(object, "slab", json_boolean(region->IsSlab));
    build_integer(object, "sequence", region->Sequence);
    build_integer(object, "age_milliseconds", region->AgeMilliseconds);
    return object;
}

static json_t *regions_array(const struct list *list)
{
    const HOSTMEM_REGION *regions = list->items;
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        build_item(array, region_object(&regions[i]));
    return array;
}

static json_t *mapped_range_object(const HOSTMEM_MAPPED_RANGE *range)
{
    json_t *object = json_object();

    build_address(object, "base", range->Base);
    build_integer(object, "size", range->Size);
    build_integer(object, "thread", range->ThreadId);
    build_integer(object, "sequence", range->Sequence);
    return object;
}

static json_t *mapped_ranges_array(const struct list *list)
{
    const HOSTMEM_MAPPED_RANGE *ranges = list->items;
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        build_item(array, mapped_range_object(&ranges[i]));
    return array;
}

/* ------------------------------------------------------------------------------------------------
 * The file
 * --------------------------------------------------------------------------------------------- */

/* jansson hands over small pieces; the file gets large ones. */
struct output {
    HANDLE file;
    DWORD length;
    char bytes[32 * 1024];
};

static int output_flush(struct output *output)
{
    DWORD written;
    BOOL done = WriteFile(output->file, output->bytes, output->length, &written, NULL) &&
                written == output->length;

    output->length = 0;
    return done ? 0 : -1;
}

static int output_write(const char *bytes, size_t length, void *context)
{
    struct output *output = context;

    while (length) {
        size_t room = sizeof(output->bytes) - output->length;
        size_t piece = length < room ? length : room;

        memcpy(output->bytes + output->length, bytes, piece);
        output->length += (DWORD)piece;
        bytes += piece;
        length -= piece;
        if (output->length == sizeof(output->bytes) && output_flush(output))
            return -1;
    }
    return 0;
}

static bool write_file(const json_t *report, HANDLE file, struct arena *arena)
{
    struct output *output = arena_alloc(arena, sizeof(*output));

    if (!output)
        return false;
    output->file = file;
    return json_dump_callback(report, output_write, output, JSON_INDENT(1)) == 0 &&
           output_write("\n", 1, output) == 0 && output_flush(output) == 0;
}

bool report_json_write(const struct report_order *order, const struct ending *ending,
                       const struct snapshot *snapshot, struct arena *arena)
{
    json_t *report;

    build_begin(arena);
    report = json_object();
    set_subject(report, order, ending);
    build_member(report, "statistics", statistics_object(&snapshot->statistics));
    build_member(report, "limits", json_limits(snapshot));
    build_member(report, "audit", audit_object(snapshot));
    build_member(report, "process", process_object(&snapshot->process));
    build_member(report, "regions", regions_array(&snapshot->regions));
    build_member(report, "mapped_ranges", mapped_ranges_array(&snapshot->mapped_ranges));
    build_member(report, "heaps", json_heaps(snapshot));
    build_member(report, "live_blocks", json_live_blocks(snapshot));
    build_member(report, "damages", json_damages(snapshot));
    return build_is_complete() && write_file(report, order->json_file, arena);
}
