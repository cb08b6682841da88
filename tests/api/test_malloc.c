/*
 * test_malloc.c: CreateMalloc and IHostMalloc: each documented result, each bad argument, and what
 * DebugAlloc keeps. What Free refuses is in test_malloc_refusals.c and
 * test_malloc_refusals_foreign.c; what becomes of blocks that are never freed in
 * test_malloc_leaks.c.
 */
#include "notes.h"

#include <string.h>

static IHostMalloc *make_heap_of_type(const struct subject *subject, DWORD type)
{
    IHostMalloc *heap = NULL;

    assert_hresult(IHostMemoryManager_CreateMalloc(subject->manager, type, &heap), S_OK);
    assert_non_null(heap);
    return heap;
}

/* ------------------------------------------------------------------------------------------------
 * CreateMalloc
 * --------------------------------------------------------------------------------------------- */

static void CreateMalloc_makes_a_heap_of_every_type(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heaps[4];

    for (DWORD type = 0; type < 4; type++) {
        heaps[type] = NULL;
        assert_succeeds(IHostMemoryManager_CreateMalloc(subject->manager, type, &heaps[type]));
        assert_hresult(IHostMalloc_Free(heaps[type], heap_block(heaps[type], 100)), S_OK);
        assert_figure(statistics_of(subject).Heaps.Now, type + 1);
    }
    for (DWORD type = 0; type < 4; type++)
        IHostMalloc_Release(heaps[type]);
    assert_figure(statistics_of(subject).Heaps.Now, 0);
    assert_figure(statistics_of(subject).Heaps.Peak, 4);
}

static void CreateMalloc_of_an_unknown_type_is_E_INVALIDARG(void **state)
{
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS before = statistics_of(subject);

    for (unsigned bit = 2; bit < 32; bit++) {
        IHostMalloc *heap = SOMETHING;

        assert_result(
            IHostMemoryManager_CreateMalloc(subject->manager, 1u << bit | MALLOC_THREADSAFE, &heap),
            E_INVALIDARG, ERROR_INVALID_PARAMETER);
        assert_address(heap, NULL);
    }
    assert_no_trace(subject, &before);
}

static void CreateMalloc_into_nowhere_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS before = statistics_of(subject);

    assert_hresult(IHostMemoryManager_CreateMalloc(subject->manager, MALLOC_THREADSAFE, NULL),
                   E_POINTER);
    assert_no_trace(subject, &before);
}

/* ------------------------------------------------------------------------------------------------
 * IHostMalloc
 * --------------------------------------------------------------------------------------------- */

static const SIZE_T block_sizes[] = {0,  1,   2,   3,    7,    8,    15,    16,    17,     24,
                                     31, 100, 255, 1000, 4095, 4096, 65535, 65536, 100000, 1 << 20};

static void a_block_is_aligned(void **state)
{
    const SIZE_T alignment = sizeof(void *) == 8 ? 16 : 8;
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    for (unsigned i = 0; i < COUNT_OF(block_sizes); i++) {
        void *block = heap_block(heap, block_sizes[i]);

        assert_figure((uintptr_t)block % alignment, 0);
        assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    }
    IHostMalloc_Release(heap);
}

static void a_block_holds_what_was_asked_for(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    unsigned char *blocks[COUNT_OF(block_sizes)];

    for (unsigned i = 0; i < COUNT_OF(block_sizes); i++) {
        blocks[i] = heap_block(heap, block_sizes[i]);
        memset(blocks[i], (int)i + 1, block_sizes[i]);
    }
    for (unsigned i = 0; i < COUNT_OF(block_sizes); i++) {
        for (SIZE_T at = 0; at < block_sizes[i]; at++) {
            if (blocks[i][at] != i + 1)
                fail_msg("block %u of %llu bytes: byte %llu is %u", i,
                         (unsigned long long)block_sizes[i], (unsigned long long)at, blocks[i][at]);
        }
        assert_hresult(IHostMalloc_Free(heap, blocks[i]), S_OK);
    }
    IHostMalloc_Release(heap);
}

static void Alloc_and_Free_leave_the_last_error_alone(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char file[] = "error.c";
    void *plain = NULL, *named = NULL;

    assert_succeeds(IHostMalloc_Alloc(heap, 24, eTaskCritical, &plain));
    assert_succeeds(IHostMalloc_DebugAlloc(heap, 24, eTaskCritical, file, 1, &named));
    assert_succeeds(IHostMalloc_Free(heap, plain));
    assert_succeeds(IHostMalloc_Free(heap, named));
    assert_succeeds(IHostMalloc_Free(heap, NULL));
    IHostMalloc_Release(heap);
}

static void a_block_of_no_size_is_a_block_of_its_own(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *first = heap_block(heap, 0), *second = heap_block(heap, 0);

    assert_ptr_not_equal(first, second);
    assert_figure(statistics_of(subject).Blocks.Now, 2);
    assert_figure(statistics_of(subject).BlockBytes.Now, 0);
    assert_hresult(IHostMalloc_Free(heap, first), S_OK);
    assert_hresult(IHostMalloc_Free(heap, second), S_OK);
    assert_figure(statistics_of(subject).Blocks.Now, 0);
    IHostMalloc_Release(heap);
}

static void Alloc_serves_every_critical_level(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char file[] = "level.c";

    for (int level = eTaskCritical; level <= eProcessCritical; level++) {
        void *plain = NULL, *named = NULL;

        assert_hresult(IHostMalloc_Alloc(heap, 24, level, &plain), S_OK);
        assert_hresult(IHostMalloc_DebugAlloc(heap, 24, level, file, 1, &named), S_OK);
        assert_hresult(IHostMalloc_Free(heap, plain), S_OK);
        assert_hresult(IHostMalloc_Free(heap, named), S_OK);
    }
    IHostMalloc_Release(heap);
}

static void Alloc_of_an_unknown_level_is_E_INVALIDARG(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    HOSTMEM_STATISTICS before = statistics_of(subject);
    char file[] = "level.c";

    for (unsigned i = 0; i < COUNT_OF(no_levels); i++) {
        void *plain = SOMETHING, *named = SOMETHING;

        assert_result(IHostMalloc_Alloc(heap, 24, no_levels[i], &plain), E_INVALIDARG,
                      ERROR_INVALID_PARAMETER);
        assert_result(IHostMalloc_DebugAlloc(heap, 24, no_levels[i], file, 1, &named), E_INVALIDARG,
                      ERROR_INVALID_PARAMETER);
        assert_address(plain, NULL);
        assert_address(named, NULL);
    }
    assert_no_trace(subject, &before);
    IHostMalloc_Release(heap);
}

static void Alloc_into_nowhere_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    HOSTMEM_STATISTICS before = statistics_of(subject);
    char file[] = "nowhere.c";

    assert_hresult(IHostMalloc_Alloc(heap, 24, eTaskCritical, NULL), E_POINTER);
    assert_hresult(IHostMalloc_DebugAlloc(heap, 24, eTaskCritical, file, 1, NULL), E_POINTER);
    assert_no_trace(subject, &before);
    IHostMalloc_Release(heap);
}

static void Alloc_of_more_than_there_is_is_E_OUTOFMEMORY(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    HOSTMEM_STATISTICS before = statistics_of(subject);
    char file[] = "more.c";
    void *plain = SOMETHING, *named = SOMETHING;

    assert_hresult(IHostMalloc_Alloc(heap, MORE_THAN_THERE_IS, eProcessCritical, &plain),
                   E_OUTOFMEMORY);
    assert_hresult(
        IHostMalloc_DebugAlloc(heap, MORE_THAN_THERE_IS, eProcessCritical, file, 1, &named),
        E_OUTOFMEMORY);
    assert_address(plain, NULL);
    assert_address(named, NULL);
    assert_no_trace(subject, &before);
    IHostMalloc_Release(heap);
}

static void Alloc_of_a_size_that_overflows_fails(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    HOSTMEM_STATISTICS before = statistics_of(subject);

    for (SIZE_T less = 0; less < 2 * GRANULE; less += less < 32 ? 1 : PAGE / 2) {
        void *block = SOMETHING;

        assert_hresult(IHostMalloc_Alloc(heap, SIZE_MAX - less, eTaskCritical, &block),
                       E_OUTOFMEMORY);
        assert_address(block, NULL);
    }
    assert_no_trace(subject, &before);
    IHostMalloc_Release(heap);
}

static void memory_of_an_executable_heap_runs(void **state)
{
    /* mov eax, 0x12345678; ret: on x86 and on x64 */
    static const unsigned char code[] = {0xb8, 0x78, 0x56, 0x34, 0x12, 0xc3};
    const struct subject *subject = *state;
    IHostMalloc *heap = make_heap_of_type(subject, MALLOC_THREADSAFE | MALLOC_EXECUTABLE);
    static const SIZE_T sizes[] = {sizeof(code), 5000};
    void *block;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        block = heap_block(heap, sizes[i]);
        memcpy(block, code, sizeof(code));
        FlushInstructionCache(GetCurrentProcess(), block, sizeof(code));
        assert_figure(((int (*)(void))(uintptr_t)block)(), 0x12345678);
        assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    }
    IHostMalloc_Release(heap);
}

static void memory_of_any_other_heap_does_not_run(void **state)
{
    const DWORD runs =
        PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;
    const struct subject *subject = *state;

    for (DWORD type = 0; type <= MALLOC_THREADSAFE; type++) {
        IHostMalloc *heap = make_heap_of_type(subject, type);
        void *block = heap_block(heap, 100);

        assert_figure(memory_protection(block) & runs, 0);
        assert_hresult(IHostMalloc_Free(heap, block), S_OK);
        IHostMalloc_Release(heap);
    }
}

/* The one live block. */
static struct told_block only_block(const struct subject *subject)
{
    struct block_notes notes = blocks_of(subject, 0);

    assert_figure(notes.count, 1);
    return notes.told[0];
}

static void DebugAlloc_keeps_a_copy_of_the_file_s_name(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char file[] = "clr/src/vm/appdomain.cpp";
    struct told_block told;
    void *block = NULL;

    assert_hresult(IHostMalloc_DebugAlloc(heap, 77, eTaskCritical, file, 4711, &block), S_OK);
    memset(file, 'x', sizeof(file) - 1);
    told = only_block(subject);
    assert_address(told.block.Address, block);
    assert_figure(told.block.Size, 77);
    assert_figure(told.block.Line, 4711);
    assert_string_equal(told.file, "clr/src/vm/appdomain.cpp");
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

static void DebugAlloc_keeps_names_that_share_their_beginning_apart(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char file[600];
    void *block = NULL;

    for (SIZE_T length = 0; length < sizeof(file); length++) {
        memset(file, 'n', length);
        file[length] = '\0';
        assert_hresult(IHostMalloc_DebugAlloc(heap, 1, eTaskCritical, file, 1, &block), S_OK);
        assert_string_equal(only_block(subject).file, file);
        assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    }
    IHostMalloc_Release(heap);
}

static void DebugAlloc_cuts_a_long_name_at_1023_bytes(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    char file[1800];
    void *block = NULL;

    memset(file, 'l', sizeof(file) - 1);
    file[sizeof(file) - 1] = '\0';
    assert_hresult(IHostMalloc_DebugAlloc(heap, 1, eTaskCritical, file, 1, &block), S_OK);
    assert_figure(strlen(only_block(subject).file), 1023);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

static void DebugAlloc_without_a_name_is_served(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *block = NULL;

    assert_hresult(IHostMalloc_DebugAlloc(heap, 10, eTaskCritical, NULL, 12, &block), S_OK);
    assert_false(only_block(subject).is_named);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

static void Alloc_has_no_file_s_name(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *block = heap_block(heap, 10);

    assert_false(only_block(subject).is_named);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(CreateMalloc_makes_a_heap_of_every_type),
        promise(CreateMalloc_of_an_unknown_type_is_E_INVALIDARG),
        promise(CreateMalloc_into_nowhere_is_E_POINTER),
        promise(a_block_is_aligned),
        promise(a_block_holds_what_was_asked_for),
        promise(Alloc_and_Free_leave_the_last_error_alone),
        promise(a_block_of_no_size_is_a_block_of_its_own),
        promise(Alloc_serves_every_critical_level),
        promise(Alloc_of_an_unknown_level_is_E_INVALIDARG),
        promise(Alloc_into_nowhere_is_E_POINTER),
        promise(Alloc_of_more_than_there_is_is_E_OUTOFMEMORY),
        promise(Alloc_of_a_size_that_overflows_fails),
        promise(memory_of_an_executable_heap_runs),
        promise(memory_of_any_other_heap_does_not_run),
        promise(DebugAlloc_keeps_a_copy_of_the_file_s_name),
        promise(DebugAlloc_keeps_names_that_share_their_beginning_apart),
        promise(DebugAlloc_cuts_a_long_name_at_1023_bytes),
        promise(DebugAlloc_without_a_name_is_served),
        promise(Alloc_has_no_file_s_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
