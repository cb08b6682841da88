/*
 * test_section_hooks_faults.c: sections of a redirected module when bookkeeping memory runs out:
 * whichever request for it fails, the module's call fails as for want of memory, or succeeds, and
 * leaves no section, no handle, no view and no charge behind.
 */
#include "looked_up.h"

#include "os/os.h"
#include "os/os_fault.h"

/* What the module has got; NULL: it was refused. */
struct outcome {
    HANDLE handle;
    HANDLE duplicate;
    char *view;
    void *memory;
};

static void assert_refused_for_want_of_memory(const struct looker *looker)
{
    assert_last_error(ERROR_NOT_ENOUGH_MEMORY);
    assert_figure(statistics_of(&looker->subject).CallsUnderWay, 0);
    assert_clean_audit(&looker->subject);
}

static struct outcome run_script(const struct looker *looker)
{
    struct outcome got = {NULL, NULL, NULL, NULL};

    got.handle = LOOKED_UP(looker, CreateFileMappingW)(
        INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 0, 4 * GRANULE, NULL);
    if (!got.handle) {
        assert_refused_for_want_of_memory(looker);
        return got;
    }
    if (!LOOKED_UP(looker, DuplicateHandle)(GetCurrentProcess(), got.handle, GetCurrentProcess(),
                                            &got.duplicate, 0, FALSE, DUPLICATE_SAME_ACCESS))
        assert_refused_for_want_of_memory(looker);
    got.view = LOOKED_UP(looker, MapViewOfFile)(got.handle, FILE_MAP_WRITE, 0, 0, 0);
    if (!got.view) {
        assert_refused_for_want_of_memory(looker);
        return got;
    }
    got.memory = LOOKED_UP(looker, VirtualAlloc)(got.view, PAGE, MEM_COMMIT, PAGE_READWRITE);
    if (!got.memory) {
        assert_refused_for_want_of_memory(looker);
        assert_figure(memory_state(got.view), MEM_RESERVE);
    }
    return got;
}

static void undo(const struct looker *looker, const struct outcome *got)
{
    if (got->view)
        assert_true(LOOKED_UP(looker, UnmapViewOfFile)(got->view));
    if (got->duplicate)
        assert_true(LOOKED_UP(looker, CloseHandle)(got->duplicate));
    if (got->handle)
        assert_true(LOOKED_UP(looker, CloseHandle)(got->handle));
}

static void a_want_of_bookkeeping_memory_leaves_no_trace(void **state)
{
    struct looker *looker = *state;
    unsigned refused = 0;
    bool struck;
    uint64_t n = 0;

    do {
        HOSTMEM_STATISTICS statistics;
        DWORD handles, handles_after;
        struct outcome got;

        looker_restart(looker, NULL);
        assert_true(GetProcessHandleCount(GetCurrentProcess(), &handles));
        os_fault_at(OS_FAULT_METADATA, ++n);
        got = run_script(looker);
        struck = os_fault_requests(OS_FAULT_METADATA) >= n;
        os_fault_at(OS_FAULT_METADATA, 0);
        refused += !got.memory;
        undo(looker, &got);
        statistics = statistics_of(&looker->subject);
        assert_figure(statistics.Sections.Now, 0);
        assert_figure(statistics.SectionViews.Now, 0);
        assert_figure(statistics.Committed.Now, 0);
        assert_clean_audit(&looker->subject);
        assert_true(GetProcessHandleCount(GetCurrentProcess(), &handles_after));
        assert_figure(handles_after, handles);
    } while (struck);
    assert_true(refused >= 3); /* the record and nodes, the view, and its place by address */
}

/* Slabs that no block is in any more: to be given back before anything is refused. */
static IHostMalloc *heap_of_idle_slabs(const struct looker *looker)
{
    IHostMalloc *heap = subject_heap(&looker->subject);
    void *blocks[4000];

    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = heap_block(heap, 256);
    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        assert_succeeds(IHostMalloc_Free(heap, blocks[i]));
    return heap;
}

static void what_is_held_without_use_is_given_back_before_a_section_call_is_refused(void **state)
{
    struct looker *looker = *state;
    bool struck;
    uint64_t n = 0;

    do {
        struct outcome got;
        IHostMalloc *heap;

        looker_restart(looker, NULL);
        heap = heap_of_idle_slabs(looker);
        os_fault_at(OS_FAULT_METADATA, ++n);
        got = run_script(looker);
        struck = os_fault_requests(OS_FAULT_METADATA) >= n;
        os_fault_at(OS_FAULT_METADATA, 0);
        assert_non_null(got.handle);
        assert_non_null(got.duplicate);
        assert_non_null(got.view);
        assert_non_null(got.memory);
        undo(looker, &got);
        IHostMalloc_Release(heap);
    } while (struck);
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        looker_promise(a_want_of_bookkeeping_memory_leaves_no_trace),
        looker_promise(what_is_held_without_use_is_given_back_before_a_section_call_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
