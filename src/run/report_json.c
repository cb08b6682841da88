/*
 * report_json.c: the report as one JSON object, made with jansson.
 *
 * Quantities are exact integers: bytes, or numbers of things. Addresses are strings of hexadecimal
 * digits, because a reader's numbers may be too short for them; so are HRESULTs. exit_code is null
 * where hostmem-run could not know it. A member that is added does not change the schema's number.
 *
 * jansson's memory comes from the report's arena: see arena.h for why.
 */
#include "report_json.h"

#include "architecture.h"
#include "names.h"

#include <jansson.h>

#include <stdio.h>

static struct arena *json_arena;

static void *json_alloc(size_t size)
{
    return arena_alloc(json_arena, size);
}

static void json_free(void *memory)
{
    (void)memory;
}

/* ------------------------------------------------------------------------------------------------
 * Small values. A member that there is no memory for is missed by report_json_write's last check.
 * --------------------------------------------------------------------------------------------- */

static bool complete;

static void set(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value))
        complete = false;
}

static void append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value))
        complete = false;
}

static void set_integer(json_t *object, const char *name, uint64_t value)
{
    set(object, name, json_integer((json_int_t)value));
}

/* Text from outside: what is not UTF-8 must not cost the report. */
static void set_text(json_t *object, const char *name, const char *value)
{
    json_t *text = json_string(value);

    set(object, name, text ? text : json_null());
}

static void set_address(json_t *object, const char *name, const void *address)
{
    char digits[32];

    snprintf(digits, sizeof(digits), "0x%llx", (unsigned long long)(uintptr_t)address);
    set(object, name, json_string(digits));
}

static void set_result(json_t *object, const char *name, HRESULT result)
{
    char digits[32];

    snprintf(digits, sizeof(digits), "0x%08lx", (unsigned long)result);
    set(object, name, json_string(digits));
}

/* ------------------------------------------------------------------------------------------------
 * What ran
 * --------------------------------------------------------------------------------------------- */

static json_t *runtime_object(const struct runtime *runtime)
{
    json_t *object = json_object();

    set_text(object, "directory", runtime->directory_utf8);
    set_text(object, "version", runtime->version);
    set(object, "architecture", json_string(ARCHITECTURE_NAME));
    return object;
}

static json_t *host_object(const struct host *host)
{
    json_t *object = json_object();
    json_t *modules = json_array();

    for (int i = 0; i < HOST_MODULES; i++)
        if (host->is_redirected[i])
            append(modules, json_string(host_module_names[i]));
    set_result(object, "set_host_control", host->control_result);
    set(object, "set_host_control_accepted", json_boolean(host->control_result == S_OK));
    set(object, "redirected_modules", modules);
    return object;
}

static void set_subject(json_t *report, const struct report_order *order,
                        const struct ending *ending)
{
    set(report, "schema", json_integer(REPORT_JSON_SCHEMA));
    set(report, "hostmem_version", json_string(HOSTMEM_VERSION_TEXT));
    set_text(report, "program", order->program->path_utf8);
    set(report, "exit_code",
        ending->has_exit_code ? json_integer((json_int_t)ending->exit_code) : json_null());
    set(report, "ended_by", json_string(name_of_ending(ending->kind)));
    set(report, "runtime", runtime_object(order->runtime));
    set(report, "host", host_object(order->host));
}

/* ------------------------------------------------------------------------------------------------
 * Statistics and audit
 * --------------------------------------------------------------------------------------------- */

static void set_gauge(json_t *object, const char *name, const HOSTMEM_GAUGE *gauge)
{
    json_t *value = json_object();

    set_integer(value, "now", gauge->Now);
    set_integer(value, "peak", gauge->Peak);
    set(object, name, value);
}

static json_t *methods_object(const HOSTMEM_STATISTICS *statistics)
{
    json_t *object = json_object();

    for (int method = 0; method < HOSTMEM_METHODS; method++) {
        json_t *count = json_object();

        set_integer(count, "calls", statistics->Methods[method].Calls);
        set_integer(count, "failures", statistics->Methods[method].Failures);
        set(object, name_of_method((HOSTMEM_METHOD)method), count);
    }
    return object;
}

static json_t *statistics_object(const HOSTMEM_STATISTICS *statistics)
{
    json_t *object = json_object();

    set_text(object, "status", name_of_status(statistics->Status));
    set_gauge(object, "reserved", &statistics->Reserved);
    set_gauge(object, "committed", &statistics->Committed);
    set_gauge(object, "mapped", &statistics->Mapped);
    set_gauge(object, "regions", &statistics->Regions);
    set_gauge(object, "mapped_ranges", &statistics->MappedRanges);
    set_gauge(object, "heaps", &statistics->Heaps);
    set_gauge(object, "blocks", &statistics->Blocks);
    set_gauge(object, "block_bytes", &statistics->BlockBytes);
    set_gauge(object, "metadata", &statistics->Metadata);
    set_integer(object, "refused_frees", statistics->RefusedFrees);
    set_integer(object, "foreign_commits", statistics->ForeignCommits);
    set_integer(object, "passed_frees", statistics->PassedFrees);
    set_integer(object, "leaked_blocks", statistics->LeakedBlocks);
    set_integer(object, "leaked_bytes", statistics->LeakedBytes);
    set(object, "methods", methods_object(statistics));
    return object;
}

static json_t *difference_object(const HOSTMEM_DIFFERENCE *difference)
{
    json_t *object = json_object();

    set_text(object, "kind", name_of_difference(difference->Kind));
    set_address(object, "region", difference->Region.Base);
    set_address(object, "address", difference->Address);
    set_integer(object, "books", difference->Books);
    set_integer(object, "system", difference->System);
    return object;
}

static json_t *audit_object(const struct snapshot *snapshot)
{
    const HOSTMEM_DIFFERENCE *differences = snapshot->differences.items;
    const HOSTMEM_AUDIT *audit = &snapshot->audit;
    json_t *object = json_object();
    json_t *found = json_array();

    for (size_t i = 0; i < snapshot->differences.count; i++)
        append(found, difference_object(&differences[i]));
    set_result(object, "result", snapshot->audit_result);
    set(object, "totals_compared", json_boolean(audit->TotalsCompared));
    set_integer(object, "regions", audit->Regions);
    set_integer(object, "busy", audit->Busy);
    set_integer(object, "reserved_bytes", audit->ReservedBytes);
    set_integer(object, "committed_bytes", audit->CommittedBytes);
    set_integer(object, "difference_count", audit->Differences);
    set(object, "differences", found);
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

        set_integer(count, "committed", process->owners[owner].committed);
        set_integer(count, "reserved", process->owners[owner].reserved);
        set_integer(count, "allocations", process->owners[owner].allocations);
        set(object, names[owner], count);
    }
    return object;
}

static json_t *region_object(const HOSTMEM_REGION *region)
{
    json_t *object = json_object();

    set_address(object, "base", region->Base);
    set_integer(object, "size", region->Size);
    set_integer(object, "committed", region->Committed);
    set_integer(object, "allocation_type", region->AllocationType);
    set_integer(object, "protect", region->Protect);
    set_integer(object, "critical_level", region->CriticalLevel);
    set_integer(object, "thread", region->ThreadId);
    set_integer(object, "heap", region->Heap);
    set_integer(object, "sequence", region->Sequence);
    set_integer(object, "age_milliseconds", region->AgeMilliseconds);
    return object;
}

static json_t *regions_array(const struct list *list)
{
    const HOSTMEM_REGION *regions = list->items;
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        append(array, region_object(&regions[i]));
    return array;
}

static json_t *mapped_range_object(const HOSTMEM_MAPPED_RANGE *range)
{
    json_t *object = json_object();

    set_address(object, "base", range->Base);
    set_integer(object, "size", range->Size);
    set_integer(object, "thread", range->ThreadId);
    set_integer(object, "sequence", range->Sequence);
    return object;
}

static json_t *mapped_ranges_array(const struct list *list)
{
    const HOSTMEM_MAPPED_RANGE *ranges = list->items;
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        append(array, mapped_range_object(&ranges[i]));
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

    json_arena = arena;
    json_set_alloc_funcs(json_alloc, json_free);
    complete = true;
    report = json_object();
    set_subject(report, order, ending);
    set(report, "statistics", statistics_object(&snapshot->statistics));
    set(report, "audit", audit_object(snapshot));
    set(report, "process", process_object(&snapshot->process));
    set(report, "regions", regions_array(&snapshot->regions));
    set(report, "mapped_ranges", mapped_ranges_array(&snapshot->mapped_ranges));
    return complete && write_file(report, order->json_file, arena);
}
