/*
 * report_json.c: the report as one JSON object, made with jansson.
 *
 * Quantities are exact integers: bytes, or numbers of things. Addresses and HRESULTs are strings of
 * hexadecimal digits, because a reader's numbers may be too short for addresses. exit_code is null
 * where hostmem-run could not know it. A member that is added does not change the schema's number.
 */
#include "report/report_json.h"

#include "report/json_build.h"
#include "report/labels.h"
#include "report/report_json_heap.h"
#include "report/report_json_limits.h"
#include "report/report_json_process.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * What ran
 * --------------------------------------------------------------------------------------------- */

static json_t *runtime_object(const struct snapshot_subject *subject)
{
    json_t *object = json_object();

    json_build_text(object, "family", subject->runtime_family);
    json_build_text(object, "directory", subject->runtime_directory);
    json_build_text(object, "version", subject->runtime_version);
    json_build_text(object, "architecture", subject->architecture);
    return object;
}

static json_t *names_array(const char *const *names, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_build_item(array, json_string(names[i]));
    return array;
}

static json_t *host_object(const struct snapshot_subject *subject)
{
    json_t *object = json_object();

    if (subject->has_host_control)
        json_build_result(object, "set_host_control", subject->host_control);
    else
        json_build_member(object, "set_host_control", json_null());
    json_build_member(object, "set_host_control_accepted",
                      json_boolean(subject->has_host_control && subject->host_control == S_OK));
    json_build_member(object, "redirected_modules",
                      names_array(subject->modules, subject->module_count));
    json_build_member(object, "redirected_libraries",
                      names_array(subject->libraries, subject->library_count));
    json_build_member(object, "heap", json_boolean(subject->manages_heaps));
    json_build_member(object, "callers", json_boolean(subject->keeps_callers));
    json_build_member(object, "check", json_boolean(subject->checks_blocks));
    json_build_member(object, "harden", json_boolean(subject->is_hardened));
    json_build_integer(object, "guard_above", subject->guard_above);
    json_build_member(object, "tells_pressure", json_boolean(subject->tells_pressure));
    return object;
}

static void set_subject(json_t *report, const struct snapshot_subject *subject)
{
    const struct ending *ending = &subject->ending;

    json_build_member(report, "schema", json_integer(REPORT_JSON_SCHEMA));
    json_build_member(report, "hostmem_version", json_string(HOSTMEM_VERSION_TEXT));
    json_build_text(report, "program", subject->program);
    json_build_integer(report, "process_id", subject->process_id);
    json_build_member(report, "running", json_boolean(subject->is_running));
    json_build_member(report, "exit_code",
                      ending->has_exit_code && !subject->is_running
                          ? json_integer((json_int_t)ending->exit_code)
                          : json_null());
    json_build_member(report, "ended_by",
                      subject->is_running ? json_null()
                                          : json_string(label_of_ending(ending->kind)));
    json_build_member(report, "runtime", runtime_object(subject));
    json_build_member(report, "host", host_object(subject));
}

/* ------------------------------------------------------------------------------------------------
 * Statistics and audit
 * --------------------------------------------------------------------------------------------- */

static json_t *methods_object(const HOSTMEM_STATISTICS *statistics)
{
    json_t *object = json_object();

    for (int method = 0; method < HOSTMEM_METHODS; method++) {
        json_t *count = json_object();

        json_build_integer(count, "calls", statistics->Methods[method].Calls);
        json_build_integer(count, "failures", statistics->Methods[method].Failures);
        json_build_member(object, label_of_method((HOSTMEM_METHOD)method), count);
    }
    return object;
}

static json_t *statistics_object(const HOSTMEM_STATISTICS *statistics)
{
    json_t *object = json_object();

    json_build_text(object, "status", label_of_status(statistics->Status));
    json_build_gauge(object, "reserved", &statistics->Reserved);
    json_build_gauge(object, "committed", &statistics->Committed);
    json_build_gauge(object, "section_bytes", &statistics->SectionBytes);
    json_build_gauge(object, "section_view_bytes", &statistics->SectionViewBytes);
    json_build_gauge(object, "mapped", &statistics->Mapped);
    json_build_gauge(object, "regions", &statistics->Regions);
    json_build_gauge(object, "sections", &statistics->Sections);
    json_build_gauge(object, "section_views", &statistics->SectionViews);
    json_build_gauge(object, "mapped_ranges", &statistics->MappedRanges);
    json_build_gauge(object, "heaps", &statistics->Heaps);
    json_build_gauge(object, "blocks", &statistics->Blocks);
    json_build_gauge(object, "block_bytes", &statistics->BlockBytes);
    json_build_gauge(object, "slab_bytes", &statistics->SlabBytes);
    json_build_gauge(object, "metadata", &statistics->Metadata);
    json_build_integer(object, "refused_frees", statistics->RefusedFrees);
    json_build_member(object, "refused_blocks", report_json_refused_blocks(statistics));
    json_build_integer(object, "damaged_blocks", statistics->DamagedBlocks);
    json_build_integer(object, "foreign_commits", statistics->ForeignCommits);
    json_build_integer(object, "passed_frees", statistics->PassedFrees);
    json_build_integer(object, "passed_heap_calls", statistics->PassedHeapCalls);
    json_build_integer(object, "passed_heap_bytes", statistics->PassedHeapBytes);
    json_build_integer(object, "child_processes", statistics->ChildProcesses);
    json_build_integer(object, "leaked_blocks", statistics->LeakedBlocks);
    json_build_integer(object, "leaked_bytes", statistics->LeakedBytes);
    json_build_member(object, "refused_requests", report_json_refused_requests(statistics));
    json_build_member(object, "notifications", report_json_notifications(statistics));
    json_build_text(object, "pressure", label_of_pressure(statistics->Pressure));
    json_build_text(object, "redirected_level", label_of_level(statistics->RedirectedLevel));
    json_build_member(object, "methods", methods_object(statistics));
    return object;
}

static json_t *difference_object(const HOSTMEM_DIFFERENCE *difference)
{
    json_t *object = json_object();

    json_build_text(object, "kind", label_of_difference(difference->Kind));
    json_build_address(object, "region", (uintptr_t)difference->Region.Base);
    json_build_integer(object, "section", difference->Section.Sequence);
    json_build_address(object, "address", (uintptr_t)difference->Address);
    json_build_integer(object, "books", difference->Books);
    json_build_integer(object, "system", difference->System);
    return object;
}

static json_t *audit_object(const struct snapshot *snapshot)
{
    const HOSTMEM_AUDIT *audit = &snapshot->audit;
    json_t *object = json_object();
    json_t *found = json_array();

    for (size_t i = 0; i < snapshot->difference_count; i++)
        json_build_item(found, difference_object(&snapshot->differences[i]));
    json_build_text(object, "against", snapshot->is_audited_inside ? "system" : "records");
    json_build_result(object, "result", snapshot->audit_result);
    json_build_member(object, "totals_compared", json_boolean(audit->TotalsCompared));
    json_build_integer(object, "regions", audit->Regions);
    json_build_integer(object, "busy", audit->Busy);
    json_build_integer(object, "busy_bytes", audit->BusyBytes);
    json_build_integer(object, "calls_under_way", audit->CallsUnderWay);
    json_build_integer(object, "reserved_bytes", audit->ReservedBytes);
    json_build_integer(object, "committed_bytes", audit->CommittedBytes);
    json_build_integer(object, "sections", audit->Sections);
    json_build_integer(object, "sections_unseen", audit->SectionsUnseen);
    json_build_integer(object, "difference_count", audit->Differences);
    json_build_member(object, "differences", found);
    return object;
}

/* ------------------------------------------------------------------------------------------------
 * Pages
 * --------------------------------------------------------------------------------------------- */

static json_t *region_object(const HOSTMEM_REGION *region)
{
    json_t *object = json_object();

    json_build_address(object, "base", (uintptr_t)region->Base);
    json_build_integer(object, "size", region->Size);
    json_build_integer(object, "committed", region->Committed);
    json_build_integer(object, "allocation_type", region->AllocationType);
    json_build_integer(object, "protect", region->Protect);
    json_build_integer(object, "critical_level", region->CriticalLevel);
    json_build_integer(object, "thread", region->ThreadId);
    json_build_integer(object, "heap", region->Heap);
    json_build_member(object, "slab", json_boolean(region->IsSlab));
    json_build_member(object, "spare", json_boolean(region->IsSpare));
    json_build_integer(object, "sequence", region->Sequence);
    json_build_integer(object, "age_milliseconds", region->AgeMilliseconds);
    return object;
}

static json_t *regions_array(const struct snapshot *snapshot)
{
    json_t *array = json_array();

    for (size_t i = 0; i < snapshot->region_count; i++)
        json_build_item(array, region_object(&snapshot->regions[i]));
    return array;
}

static json_t *mapped_range_object(const HOSTMEM_MAPPED_RANGE *range)
{
    json_t *object = json_object();

    json_build_address(object, "base", (uintptr_t)range->Base);
    json_build_integer(object, "size", range->Size);
    json_build_integer(object, "thread", range->ThreadId);
    json_build_integer(object, "sequence", range->Sequence);
    return object;
}

static json_t *mapped_ranges_array(const struct snapshot *snapshot)
{
    json_t *array = json_array();

    for (size_t i = 0; i < snapshot->mapped_range_count; i++)
        json_build_item(array, mapped_range_object(&snapshot->mapped_ranges[i]));
    return array;
}

static json_t *sections_array(const struct snapshot *snapshot)
{
    json_t *array = json_array();

    for (size_t i = 0; i < snapshot->section_count; i++) {
        const HOSTMEM_SECTION *section = &snapshot->sections[i];
        json_t *object = json_object();

        json_build_integer(object, "size", section->Size);
        json_build_integer(object, "committed", section->Committed);
        json_build_member(object, "reserved", json_boolean(section->Reserved));
        json_build_integer(object, "protect", section->Protect);
        json_build_integer(object, "handles", section->Handles);
        json_build_integer(object, "views", section->Views);
        json_build_address(object, "caller", (uintptr_t)section->Caller);
        json_build_integer(object, "thread", section->ThreadId);
        json_build_integer(object, "sequence", section->Sequence);
        json_build_integer(object, "age_milliseconds", section->AgeMilliseconds);
        json_build_item(array, object);
    }
    return array;
}

/* ------------------------------------------------------------------------------------------------
 * The output
 * --------------------------------------------------------------------------------------------- */

/* jansson writes small pieces; they are handed on as large ones. */
struct buffer {
    report_json_output *output;
    void *context;
    size_t length;
    char bytes[32 * 1024];
};

static int buffer_flush(struct buffer *buffer)
{
    bool taken = buffer->output(buffer->context, buffer->bytes, buffer->length);

    buffer->length = 0;
    return taken ? 0 : -1;
}

static int buffer_write(const char *bytes, size_t length, void *context)
{
    struct buffer *buffer = context;

    while (length) {
        size_t room = sizeof(buffer->bytes) - buffer->length;
        size_t piece = length < room ? length : room;

        memcpy(buffer->bytes + buffer->length, bytes, piece);
        buffer->length += piece;
        bytes += piece;
        length -= piece;
        if (buffer->length == sizeof(buffer->bytes) && buffer_flush(buffer))
            return -1;
    }
    return 0;
}

static bool write_report(const json_t *report, struct arena *arena, report_json_output *output,
                         void *context)
{
    struct buffer *buffer = arena_alloc(arena, sizeof(*buffer));

    if (!buffer)
        return false;
    buffer->output = output;
    buffer->context = context;
    return json_dump_callback(report, buffer_write, buffer, JSON_INDENT(1)) == 0 &&
           buffer_write("\n", 1, buffer) == 0 && buffer_flush(buffer) == 0;
}

bool report_json_write(const struct snapshot *snapshot, struct arena *arena,
                       report_json_output *output, void *context)
{
    json_t *report;

    json_build_begin(arena);
    report = json_object();
    set_subject(report, &snapshot->subject);
    json_build_member(report, "statistics", statistics_object(&snapshot->statistics));
    json_build_member(report, "limits", report_json_limits(snapshot));
    json_build_member(report, "audit", audit_object(snapshot));
    json_build_member(report, "process", report_json_process(snapshot));
    json_build_member(report, "regions", regions_array(snapshot));
    json_build_member(report, "sections", sections_array(snapshot));
    json_build_member(report, "mapped_ranges", mapped_ranges_array(snapshot));
    json_build_member(report, "heaps", report_json_heaps(snapshot));
    json_build_member(report, "live_blocks", report_json_live_blocks(snapshot));
    json_build_member(report, "damages", report_json_damaged_blocks(snapshot));
    return json_build_is_complete() && write_report(report, arena, output, context);
}
