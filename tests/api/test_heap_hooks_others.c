/*
 * test_heap_hooks_others.c: functions of heaps beside allocating and freeing, in a module whose
 * blocks are a manager's: HeapWalk, which is redirected, and those that are Win32's as before.
 */
#include "looked_up.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * HeapWalk
 * --------------------------------------------------------------------------------------------- */

#define MOST_BLOCKS 64

/* What a walk met. */
struct walk {
    unsigned blocks; /* of those that are looked for */
    unsigned met[MOST_BLOCKS];
    SIZE_T sizes[MOST_BLOCKS];
    unsigned others; /* what Win32 has under the handle */
    DWORD error;     /* at the end */
};

static struct walk walk_heap(const struct looker *looker, HANDLE heap, void *const *blocks,
                             unsigned count)
{
    __typeof__(HeapWalk) *next = LOOKED_UP(looker, HeapWalk);
    PROCESS_HEAP_ENTRY entry = {0};
    struct walk walk = {0};

    while (next(heap, &entry)) {
        unsigned i = 0;

        while (i < count && blocks[i] != entry.lpData)
            i++;
        if (i == count) {
            walk.others++;
            continue;
        }
        assert_figure(entry.wFlags, PROCESS_HEAP_ENTRY_BUSY);
        walk.blocks++;
        walk.met[i]++;
        walk.sizes[i] = entry.cbData;
    }
    walk.error = GetLastError();
    return walk;
}

static void a_walk_meets_each_live_block_once(void **state)
{
    static const SIZE_T sizes[] = {0, 1, 16, 100, 4096, 32768, 100000, 1000000};
    struct looker *looker = *state;
    HANDLE heap = LOOKED_UP(looker, HeapCreate)(0, 0, 0);
    void *blocks[4 * COUNT_OF(sizes)];
    struct walk walk;

    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = LOOKED_UP(looker, HeapAlloc)(heap, 0, sizes[i % COUNT_OF(sizes)]);
    walk = walk_heap(looker, heap, blocks, COUNT_OF(blocks));
    assert_figure(walk.blocks, COUNT_OF(blocks));
    for (unsigned i = 0; i < COUNT_OF(blocks); i++) {
        assert_figure(walk.met[i], 1);
        assert_figure(walk.sizes[i], sizes[i % COUNT_OF(sizes)]);
    }
    assert_at_least(walk.others, 1); /* Win32's heap has a region at least */
    assert_figure(walk.error, ERROR_NO_MORE_ITEMS);

    for (unsigned i = 0; i < COUNT_OF(blocks); i += 2)
        assert_true(LOOKED_UP(looker, HeapFree)(heap, 0, blocks[i]));
    walk = walk_heap(looker, heap, blocks, COUNT_OF(blocks));
    assert_figure(walk.blocks, COUNT_OF(blocks) / 2);
    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        assert_figure(walk.met[i], i % 2);
    assert_true(LOOKED_UP(looker, HeapDestroy)(heap));
}

/* As Win32's process heap holds what LocalAlloc allocates. */
static void a_walk_meets_local_memory_and_no_other_heap_s_blocks(void **state)
{
    struct looker *looker = *state;
    HANDLE heap = LOOKED_UP(looker, HeapCreate)(0, 0, 0);
    void *blocks[] = {LOOKED_UP(looker, LocalAlloc)(LMEM_FIXED, 50),
                      LOOKED_UP(looker, HeapAlloc)(heap, 0, 60)};
    struct walk walk = walk_heap(looker, GetProcessHeap(), blocks, COUNT_OF(blocks));

    assert_figure(walk.met[0], 1);
    assert_figure(walk.met[1], 0);
    walk = walk_heap(looker, heap, blocks, COUNT_OF(blocks));
    assert_figure(walk.met[0], 0);
    assert_figure(walk.met[1], 1);
    assert_null(LOOKED_UP(looker, LocalFree)(blocks[0]));
    assert_true(LOOKED_UP(looker, HeapDestroy)(heap));
}

static void a_walk_meets_the_blocks_of_an_earlier_manager_too(void **state)
{
    struct looker *looker = *state;
    __typeof__(HeapAlloc) *heap_alloc = LOOKED_UP(looker, HeapAlloc);
    __typeof__(HeapFree) *heap_free = LOOKED_UP(looker, HeapFree);
    void *blocks[2] = {heap_alloc(GetProcessHeap(), 0, 10)};
    struct walk walk;

    looker_restart(looker, NULL);
    blocks[1] = heap_alloc(GetProcessHeap(), 0, 20);
    walk = walk_heap(looker, GetProcessHeap(), blocks, 2);
    assert_figure(walk.met[0], 1);
    assert_figure(walk.met[1], 1);
    assert_true(heap_free(GetProcessHeap(), 0, blocks[0]));
    assert_true(heap_free(GetProcessHeap(), 0, blocks[1]));
}

static void a_walk_of_a_heap_that_is_not_served_is_win32_s(void **state)
{
    const struct looker *looker = *state;
    void *heap = HeapCreate(0, 0, 0); /* no hook knows it: Win32 walks it alone */
    void *block = HeapAlloc(heap, 0, 10);
    struct walk walk = walk_heap(looker, heap, &block, 1);

    assert_figure(walk.met[0], 1);
    assert_true(HeapDestroy(heap));
}

/* ------------------------------------------------------------------------------------------------
 * What is not redirected
 * --------------------------------------------------------------------------------------------- */

struct allocator {
    __typeof__(HeapAlloc) *alloc;
    __typeof__(HeapFree) *free;
    HANDLE ready, go, done;
};

/* Nothing here but the two calls asks for a heap's lock. */
static DWORD WINAPI alloc_and_free(void *context)
{
    const struct allocator *allocator = context;
    void *block;

    SetEvent(allocator->ready);
    WaitForSingleObject(allocator->go, INFINITE);
    block = allocator->alloc(GetProcessHeap(), 0, 100);
    if (block && allocator->free(GetProcessHeap(), 0, block))
        SetEvent(allocator->done);
    return 0;
}

/* The manager's calls are never serialized, so a locked heap keeps nobody from them. */
static void a_locked_heap_serves_the_module_s_threads_all_the_same(void **state)
{
    const struct looker *looker = *state;
    struct allocator allocator = {LOOKED_UP(looker, HeapAlloc), LOOKED_UP(looker, HeapFree),
                                  CreateEventW(NULL, FALSE, FALSE, NULL),
                                  CreateEventW(NULL, FALSE, FALSE, NULL),
                                  CreateEventW(NULL, FALSE, FALSE, NULL)};
    __typeof__(HeapLock) *lock = LOOKED_UP(looker, HeapLock);
    __typeof__(HeapUnlock) *unlock = LOOKED_UP(looker, HeapUnlock);
    struct threads threads;
    BOOL locked, unlocked;
    DWORD result;

    threads_start(&threads, 1, alloc_and_free, &allocator, sizeof(allocator));
    WaitForSingleObject(allocator.ready, INFINITE); /* to start, it wants the heap of Win32 */
    locked = lock(GetProcessHeap());
    SetEvent(allocator.go);
    result = WaitForSingleObject(allocator.done, 60000);
    unlocked = unlock(GetProcessHeap());
    threads_join(&threads);
    assert_true(locked);
    assert_true(unlocked);
    assert_figure(result, WAIT_OBJECT_0);
    CloseHandle(allocator.ready);
    CloseHandle(allocator.go);
    CloseHandle(allocator.done);
}

/* They concern Win32's heap behind the handle, and change nothing for the manager's blocks. */
static void what_is_asked_and_set_of_a_heap_is_win32_s(void **state)
{
    struct looker *looker = *state;
    HANDLE heap = LOOKED_UP(looker, HeapCreate)(0, 0, 0), own = HeapCreate(0, 0, 0);
    unsigned char *block = LOOKED_UP(looker, HeapAlloc)(heap, 0, 1000);
    ULONG low_fragmentation = 2, told = MAXDWORD, expected = MAXDWORD;
    HOSTMEM_STATISTICS before = statistics_of(&looker->subject), after;
    BOOL set, expected_set;

    memset(block, 0x5a, 1000);
    set = LOOKED_UP(looker, HeapSetInformation)(heap, HeapCompatibilityInformation,
                                                &low_fragmentation, sizeof(low_fragmentation));
    expected_set = HeapSetInformation(own, HeapCompatibilityInformation, &low_fragmentation,
                                      sizeof(low_fragmentation));
    assert_figure(set, expected_set);
    LOOKED_UP(looker, HeapQueryInformation)
    (heap, HeapCompatibilityInformation, &told, sizeof(told), NULL);
    HeapQueryInformation(own, HeapCompatibilityInformation, &expected, sizeof(expected), NULL);
    assert_figure(told, expected);
    assert_figure(LOOKED_UP(looker, HeapCompact)(heap, 0) != 0, HeapCompact(own, 0) != 0);
    assert_true(LOOKED_UP(looker, HeapValidate)(heap, 0, NULL));
    assert_true(LOOKED_UP(looker, HeapValidate)(heap, 0, block));
    after = statistics_of(&looker->subject);
    assert_figure(after.Blocks.Now, before.Blocks.Now);
    assert_figure(after.BlockBytes.Now, before.BlockBytes.Now);
    assert_figure(LOOKED_UP(looker, HeapSize)(heap, 0, block), 1000);
    for (unsigned i = 0; i < 1000; i++)
        assert_figure(block[i], 0x5a);
    assert_true(LOOKED_UP(looker, HeapDestroy)(heap));
    assert_true(HeapDestroy(own));
}

/* Wine ends a program that calls a function which it lacks. */
static bool is_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

/* Its figures are those of Win32's heap behind the handle: the manager's blocks are not in them. */
static void a_summary_is_win32_s(void **state)
{
    typedef BOOL WINAPI heap_summary(HANDLE heap, DWORD flags, void *summary);
    struct {
        DWORD size;
        SIZE_T allocated, committed, reserved, most_reserved;
    } summary = {.size = sizeof(summary)}, later;
    struct looker *looker = *state;
    heap_summary *summarize = (heap_summary *)look_up(looker, "HeapSummary");
    HANDLE heap = LOOKED_UP(looker, HeapCreate)(0, 0, 0);

    later = summary;
    if (is_wine() || !summarize(heap, 0, &summary)) {
        print_message("this system has no HeapSummary\n");
    } else {
        assert_non_null(LOOKED_UP(looker, HeapAlloc)(heap, 0, 1000000));
        assert_true(summarize(heap, 0, &later));
        assert_figure(later.allocated, summary.allocated);
        assert_figure(later.committed, summary.committed);
    }
    assert_true(LOOKED_UP(looker, HeapDestroy)(heap));
}

/* They take a pointer to fixed memory for its handle and look no further. */
static void old_functions_of_global_memory_leave_a_block_alone(void **state)
{
    struct looker *looker = *state;
    HGLOBAL block = LOOKED_UP(looker, GlobalAlloc)(GMEM_FIXED, 100);

    memset(block, 0x5a, 100);
    LOOKED_UP(looker, GlobalFix)(block);
    LOOKED_UP(looker, GlobalUnfix)(block);
    assert_address(LOOKED_UP(looker, GlobalWire)(block), block);
    LOOKED_UP(looker, GlobalUnWire)(block);
    LOOKED_UP(looker, LocalShrink)(block, 50);
    assert_figure(LOOKED_UP(looker, GlobalSize)(block), 100);
    assert_address(LOOKED_UP(looker, GlobalHandle)(block), block);
    for (unsigned i = 0; i < 100; i++)
        assert_figure(((unsigned char *)block)[i], 0x5a);
    assert_null(LOOKED_UP(looker, GlobalFree)(block));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        looker_promise_all(a_walk_meets_each_live_block_once),
        looker_promise_all(a_walk_meets_local_memory_and_no_other_heap_s_blocks),
        looker_promise_all(a_walk_meets_the_blocks_of_an_earlier_manager_too),
        looker_promise_all(a_walk_of_a_heap_that_is_not_served_is_win32_s),
        looker_promise_all(a_locked_heap_serves_the_module_s_threads_all_the_same),
        looker_promise_all(what_is_asked_and_set_of_a_heap_is_win32_s),
        looker_promise_all(a_summary_is_win32_s),
        looker_promise_all(old_functions_of_global_memory_leave_a_block_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
