/*
 * test_section_hooks_faults.c: sections of a redirected module when bookkeeping memory runs out:
 * whichever request for it fails, the module's call fails as for want of memory, or succeeds, and
 * leaves no section, no handle, no view and no charge behind.
 */
#include "looked_up.h"

#include "os/os.h"
#include "os/os_fault.h"

#ifdef _WIN64
#define HUGE_SIZE ((ULONGLONG)2 << 40)
#else
#define HUGE_SIZE ((ULONGLONG)64 << 20)
#endif

/* What the module has got; NULL: it was refused. */
struct outcome {
    HANDLE handle;
    HANDLE duplicate;
    char *view;
    void *memory;
    HANDLE huge; /* a section whose books are a tree of several levels */
    char *far_view;
    void *far_memory;
    char *second_view; /* of the same pages */
    void *more_memory;
};

static void assert_refused_for_want_of_memory(const struct looker *looker)
{
    assert_last_error(ERROR_NOT_ENOUGH_MEMORY);
    assert_figure(statistics_of(&looker->subject).CallsUnderWay, 0);
    assert_clean_audit(&looker->subject);
}

/* A commit in a view, if that is there. */
static void *commit_in(const struct looker *looker, char *view, SIZE_T size)
{
    void *memory =
        view ? LOOKED_UP(looker, VirtualAlloc)(view, size, MEM_COMMIT, PAGE_READWRITE) : NULL;

    if (view && !memory)
        assert_refused_for_want_of_memory(looker);
    return memory;
}

static char *map_far(const struct looker *looker, HANDLE huge)
{
    char *view = LOOKED_UP(looker, MapViewOfFile)(
        huge, FILE_MAP_WRITE, (DWORD)(HUGE_SIZE / 2 >> 32), (DWORD)(HUGE_SIZE / 2), 4 * GRANULE);

    if (!view)
        assert_refused_for_want_of_memory(looker);
    return view;
}

/* A huge section: two views of a part in its middle, and commits in both that overlap. */
static void use_huge_section(const struct looker *looker, struct outcome *got)
{
    got->huge = LOOKED_UP(looker, CreateFileMappingW)(
        INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, (DWORD)(HUGE_SIZE >> 32),
        (DWORD)HUGE_SIZE, NULL);
    if (!got->huge) {
        assert_refused_for_want_of_memory(looker);
        return;
    }
    got->far_view = map_far(looker, got->huge);
    got->far_memory = commit_in(looker, got->far_view, 2 * PAGE);
    got->second_view = map_far(looker, got->huge);
    got->more_memory = commit_in(looker, got->second_view, 3 * PAGE);
}

/* What the books must have committed: what was granted, each page once. */
static void assert_granted(const struct looker *looker, const struct outcome *got)
{
    HOSTMEM_STATISTICS statistics = statistics_of(&looker->subject);
    SIZE_T pages = (got->memory ? 1 : 0) + (got->more_memory ? 3 : got->far_memory ? 2 : 0);

    assert_figure(statistics.SectionBytes.Now, pages * PAGE);
    assert_figure(statistics.Committed.Now, pages * PAGE);
    assert_figure(statistics.Sections.Now, (got->handle != NULL) + (got->huge != NULL));
    assert_figure(statistics.SectionViews.Now,
                  (got->view != NULL) + (got->far_view != NULL) + (got->second_view != NULL));
}

static struct outcome run_script(const struct looker *looker)
{
    struct outcome got = {NULL};

    use_huge_section(looker, &got);
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
    if (got->far_view)
        assert_true(LOOKED_UP(looker, UnmapViewOfFile)(got->far_view));
    if (got->huge)
        assert_true(LOOKED_UP(looker, CloseHandle)(got->huge));
    if (got->second_view)
        assert_true(LOOKED_UP(looker, UnmapViewOfFile)(got->second_view));
    if (got->view)
        assert_true(LOOKED_UP(looker, UnmapViewOfFile)(got->view));
    if (got->duplicate)
        assert_true(LOOKED_UP(looker, CloseHandle)(got->duplicate));
    if (got->handle)
        assert_true(LOOKED_UP(looker, CloseHandle)(got->handle));
}

/* The n-th request for bookkeeping memory fails, and the m-th for pages; 0: none. */
static bool run_with_faults(struct looker *looker, uint64_t n, uint64_t m, struct outcome *got)
{
    DWORD handles, handles_after;
    HOSTMEM_STATISTICS statistics;
    bool struck;

    looker_restart(looker, NULL);
    assert_true(GetProcessHandleCount(GetCurrentProcess(), &handles));
    os_fault_at(OS_FAULT_METADATA, n);
    os_fault_at(OS_FAULT_PAGES, m);
    *got = run_script(looker);
    struck = (!n || os_fault_requests(OS_FAULT_METADATA) >= n) &&
             (!m || os_fault_requests(OS_FAULT_PAGES) >= m);
    os_fault_at(OS_FAULT_METADATA, 0);
    os_fault_at(OS_FAULT_PAGES, 0);
    assert_granted(looker, got);
    undo(looker, got);
    statistics = statistics_of(&looker->subject);
    assert_figure(statistics.Sections.Now, 0);
    assert_figure(statistics.SectionViews.Now, 0);
    assert_figure(statistics.Committed.Now, 0);
    assert_clean_audit(&looker->subject);
    assert_true(GetProcessHandleCount(GetCurrentProcess(), &handles_after));
    assert_figure(handles_after, handles);
    return struck;
}

static bool lacks_something(const struct outcome *got)
{
    return !got->memory || !got->duplicate || !got->far_memory || !got->more_memory;
}

static void a_want_of_bookkeeping_memory_leaves_no_trace(void **state)
{
    unsigned refused = 0;
    struct outcome got;

    for (uint64_t n = 1; run_with_faults(*state, n, 0, &got); n++)
        refused += lacks_something(&got);
    assert_false(lacks_something(&got));
    assert_true(refused >= 3); /* the record and nodes, the view, and its place by address */
}

/* Win32's own refusals of commits, each with each want of bookkeeping memory. */
static void any_failing_pair_of_requests_leaves_no_trace(void **state)
{
    unsigned pairs = 0;
    struct outcome got;

    for (uint64_t m = 1; run_with_faults(*state, 0, m, &got); m++) {
        assert_true(lacks_something(&got));
        for (uint64_t n = 1; run_with_faults(*state, n, m, &got); n++)
            pairs++;
    }
    print_message("             %u pairs\n", pairs);
    assert_at_least(pairs, 4);
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
        assert_false(lacks_something(&got));
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
        looker_promise(any_failing_pair_of_requests_leaves_no_trace),
        looker_promise(what_is_held_without_use_is_given_back_before_a_section_call_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
