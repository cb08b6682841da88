/*
 * test_malloc_faults.c: invariant I6 for heaps: whichever request for pages or metadata fails, the
 * call succeeds all the same, or fails with E_OUTOFMEMORY and NULL. The books are exact either way.
 *
 * A script takes blocks of all size classes, with and without histories, and large ones. It runs
 * again and again, each time with another request (src/os/os.h) made to fail, until there is none
 * left to fail.
 */
#include "heaps.h"

#include "os/os.h"
#include "os/os_fault.h"

#include <stdio.h>
#include <string.h>

#define MOST_BLOCKS 512

/* A garbage pointer, which a failing call must overwrite. */
#define GARBAGE ((void *)(uintptr_t)0x5a5a5a5a)

struct block {
    void *memory;
    SIZE_T size;
};

struct script {
    enum os_fault_kind kind;
    uint64_t at; /* the request that is to fail; 0: none */
    struct subject subject;
    IHostMalloc *heap;
    struct block blocks[MOST_BLOCKS];
    unsigned count;
    ULONGLONG bytes, most_count, most_bytes;
    unsigned names;
    unsigned failures;
};

/* What kind of manager the script runs on. */
struct variant {
    const char *name;
    DWORD flags;
    SIZE_T guard_above;
};

static const struct variant variants[] = {
    {"plain", 0, 0},
    {"guarded", 0, 3000},
    {"tracked", HOSTMEM_TRACK_BLOCKS, 0},
    {"hardened", HOSTMEM_HARDEN, 0},
    {"checked", HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE, 0},
};

/* ------------------------------------------------------------------------------------------------
 * The script
 * --------------------------------------------------------------------------------------------- */

static void assert_books(const struct script *script, const char *about)
{
    HOSTMEM_STATISTICS statistics = statistics_of(&script->subject);

    assert_clean_audit_of(about, &script->subject);
    assert_figure_of(about, statistics.Blocks.Now, script->count);
    assert_figure_of(about, statistics.BlockBytes.Now, script->bytes);
    if (script->kind == OS_FAULT_PAGES) {
        assert_figure_of(about, statistics.Blocks.Peak, script->most_count);
        assert_figure_of(about, statistics.BlockBytes.Peak, script->most_bytes);
    }
}

/* True if the call succeeded; it may have failed only for want of memory. */
static bool succeeded(struct script *script, const char *call, HRESULT hr, uint64_t before)
{
    uint64_t after = os_fault_requests(script->kind);
    bool struck = before < script->at && script->at <= after;

    if (hr == S_OK)
        return true;
    if (!struck)
        print_error("request %u of kind %d was to fail, requests %u to %u did it\n",
                    (unsigned)script->at, (int)script->kind, (unsigned)before + 1, (unsigned)after);
    assert_hresult_of(call, hr, struck ? E_OUTOFMEMORY : S_OK);
    script->failures++;
    return false;
}

static void take(struct script *script, SIZE_T size, bool named)
{
    uint64_t before = os_fault_requests(script->kind);
    void *memory = GARBAGE;
    char file[40], about[80];
    HRESULT hr;

    snprintf(file, sizeof(file), "file%u.c", script->names);
    snprintf(about, sizeof(about), "%s of %u bytes", named ? "DebugAlloc" : "Alloc",
             (unsigned)size);
    script->names += named;
    hr = named ? IHostMalloc_DebugAlloc(script->heap, size, eTaskCritical, file, 9, &memory)
               : IHostMalloc_Alloc(script->heap, size, eTaskCritical, &memory);
    if (!succeeded(script, about, hr, before)) {
        assert_address_of(about, memory, NULL);
        assert_books(script, about);
        return;
    }
    assert_true(memory && memory != GARBAGE);
    memset(memory, 0x7e, size);
    assert_true(script->count < MOST_BLOCKS);
    script->blocks[script->count++] = (struct block){memory, size};
    script->bytes += size;
    if (script->count > script->most_count)
        script->most_count = script->count;
    if (script->bytes > script->most_bytes)
        script->most_bytes = script->bytes;
}

static void give(struct script *script, unsigned index)
{
    assert_succeeds(IHostMalloc_Free(script->heap, script->blocks[index].memory));
    script->bytes -= script->blocks[index].size;
    script->blocks[index] = script->blocks[--script->count];
}

/* A size of each class, and some of blocks that are regions of their own. */
static void take_all_sizes(struct script *script)
{
    take(script, 0, false);
    for (SIZE_T size = 2; size <= 16; size += 2)
        take(script, size, false);
    for (SIZE_T size = 24; size <= 128; size += 8)
        take(script, size, size % 16 == 0);
    for (SIZE_T power = 128; power < LARGEST_SMALL; power *= 2) {
        for (unsigned eighth = 1; eighth <= 8; eighth++) {
            take(script, power + power / 8 * eighth, false);
            take(script, power + power / 8 * eighth - 1, true);
        }
    }
    take(script, LARGEST_SMALL + 1, false);
    take(script, 100000, true);
}

static void use_heap(struct script *script)
{
    take_all_sizes(script);
    for (unsigned i = 0; i < script->count; i++)
        give(script, i);
    IHostMemInspection_Trim(script->subject.inspection, NULL);
    assert_books(script, "after half of it was freed");
    for (SIZE_T size = 1; size < 5000; size += size / 3 + 1)
        take(script, size, size % 2 == 0);
}

static bool make(struct script *script, const struct variant *variant)
{
    HOSTMEM_OPTIONS options = {
        .cbSize = sizeof(options), .dwFlags = variant->flags, .GuardAbove = variant->guard_above};
    uint64_t before;

    os_fault_at(script->kind, 0);
    script->subject = subject_make(&options);
    os_fault_at(script->kind, script->at);
    before = os_fault_requests(script->kind);
    script->heap = GARBAGE;
    if (succeeded(script, "CreateMalloc",
                  IHostMemoryManager_CreateMalloc(script->subject.manager, MALLOC_THREADSAFE,
                                                  &script->heap),
                  before))
        return true;
    assert_address(script->heap, NULL);
    return false;
}

/* Runs the script; how many calls failed. */
static unsigned run(enum os_fault_kind kind, uint64_t at, const struct variant *variant)
{
    static struct script script;
    HOSTMEM_STATISTICS statistics;

    script = (struct script){.kind = kind, .at = at};
    if (make(&script, variant)) {
        use_heap(&script);
        assert_books(&script, variant->name);
        while (script.count)
            give(&script, script.count - 1);
        assert_books(&script, variant->name);
        end_only_heap(&script.subject, script.heap);
    }
    statistics = statistics_of(&script.subject);
    assert_figure(statistics.Heaps.Now, 0);
    assert_figure(statistics.RefusedFrees, 0);
    assert_figure(statistics.DamagedBlocks, 0);
    subject_end(&script.subject);
    return script.failures;
}

/* ------------------------------------------------------------------------------------------------
 * The promises
 * --------------------------------------------------------------------------------------------- */

static int no_faults(void **state)
{
    (void)state;
    os_fault_at(OS_FAULT_METADATA, 0);
    os_fault_at(OS_FAULT_PAGES, 0);
    return 0;
}

static void without_a_fault_no_heap_s_call_fails(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(variants); i++)
        assert_figure(run(OS_FAULT_PAGES, 0, &variants[i]), 0);
}

/* Fails each request in turn, on each kind of manager. */
static void fail_each(enum os_fault_kind kind, unsigned least)
{
    for (unsigned i = 0; i < COUNT_OF(variants); i++) {
        struct memory_sum before = memory_sum_of_process(), after;
        unsigned failed_calls = 0;
        uint64_t n = 0;

        do
            failed_calls += run(kind, ++n, &variants[i]);
        while (os_fault_requests(kind) >= n);
        after = memory_sum_of_process();
        print_message("             %s: %u requests, each failed in turn: %u calls failed\n",
                      variants[i].name, (unsigned)n - 1, failed_calls);
        assert_at_least(n - 1, least);
        assert_between(failed_calls, 1, n - 1);
        assert_figure(after.reserved, before.reserved);
        assert_figure(after.committed, before.committed);
    }
}

static void any_failing_request_of_a_heap_for_pages_leaves_no_trace(void **state)
{
    (void)state;
    fail_each(OS_FAULT_PAGES, 70);
}

static void any_failing_request_of_a_heap_for_metadata_leaves_no_trace(void **state)
{
    (void)state;
    fail_each(OS_FAULT_METADATA, 15);
}

#define exhaustion(test) cmocka_unit_test_setup_teardown(test, no_faults, no_faults)

int main(void)
{
    const struct CMUnitTest tests[] = {
        exhaustion(without_a_fault_no_heap_s_call_fails),
        exhaustion(any_failing_request_of_a_heap_for_pages_leaves_no_trace),
        exhaustion(any_failing_request_of_a_heap_for_metadata_leaves_no_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
