/*
 * test_heap_hooks_blocks.c: a module whose calls of Win32's heap functions reach a manager
 * (src/redirect/heap_hooks.c), as far as blocks go: the functions keep Win32's promises, and the
 * blocks are in the books.
 */
#include "redirected.h"

#include <string.h>

/* Sizes of either kind of block, and what lies at the borders. */
static const SIZE_T sizes[] = {0,    1,    7,     8,     15,    16,    17,     100,   1000,
                               1023, 1024, 10000, 32768, 32769, 65536, 100000, 300000};

static HANDLE process_heap(void)
{
    return GetProcessHeap();
}

static void *module_alloc(const struct redirected *redirected, DWORD flags, SIZE_T size)
{
    void *block = redirected->calls->heap_alloc(process_heap(), flags, size);

    assert_non_null(block);
    return block;
}

static void module_free(const struct redirected *redirected, void *block)
{
    assert_true(redirected->calls->heap_free(process_heap(), 0, block));
}

/* A block of the module's whose bytes are all alike. */
static void *filled(const struct redirected *redirected, SIZE_T size)
{
    return memset(module_alloc(redirected, 0, size), 0x5a, size);
}

/* The first byte that is not that value; the size: all are. */
static SIZE_T bytes_of(const void *memory, unsigned char value, SIZE_T size)
{
    const unsigned char *bytes = memory;
    SIZE_T at = 0;

    while (at < size && bytes[at] == value)
        at++;
    return at;
}

static bool is_block(const struct redirected *redirected, const void *address)
{
    HOSTMEM_BLOCK block;

    return IHostMemInspection_FindBlock(redirected->subject.inspection, address, &block) == S_OK &&
           block.Address == address;
}

/* ------------------------------------------------------------------------------------------------
 * Allocating
 * --------------------------------------------------------------------------------------------- */

static void blocks_of_the_module_are_in_the_books(void **state)
{
    const struct redirected *redirected = *state;
    const struct subject *subject = &redirected->subject;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        void *block = filled(redirected, sizes[i]);
        HOSTMEM_BLOCK found;

        assert_figure((uintptr_t)block % MEMORY_ALLOCATION_ALIGNMENT, 0);
        assert_hresult(IHostMemInspection_FindBlock(subject->inspection, block, &found), S_OK);
        assert_address(found.Address, block);
        assert_figure(found.Size, sizes[i]);
        assert_figure(statistics_of(subject).Blocks.Now, 1);
        assert_figure(statistics_of(subject).BlockBytes.Now, sizes[i]);
        module_free(redirected, block);
        assert_figure(statistics_of(subject).Blocks.Now, 0);
    }
    assert_figure(statistics_of(subject).Heaps.Now, 1);
    assert_figure(statistics_of(subject).Methods[HostMemMallocAlloc].Calls, COUNT_OF(sizes));
    assert_figure(statistics_of(subject).Methods[HostMemMallocFree].Calls, COUNT_OF(sizes));
    assert_figure(statistics_of(subject).PassedFrees, 0);
}

static void without_the_flag_heap_calls_go_to_win32(void **state)
{
    const struct redirected *redirected = *state;
    void *block = module_alloc(redirected, 0, 100);

    assert_false(is_block(redirected, block));
    assert_true(HeapValidate(process_heap(), 0, block));
    module_free(redirected, block);
    assert_figure(statistics_of(&redirected->subject).Heaps.Peak, 0);
    assert_figure(statistics_of(&redirected->subject).PassedFrees, 0);
}

static void HEAP_ZERO_MEMORY_gives_zeros(void **state)
{
    const struct redirected *redirected = *state;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        void *block;

        module_free(redirected, filled(redirected, sizes[i]));
        block = module_alloc(redirected, HEAP_ZERO_MEMORY, sizes[i]);
        assert_figure(bytes_of(block, 0, sizes[i]), sizes[i]);
        module_free(redirected, block);
    }
}

static void every_flag_is_taken(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    static const DWORD flags[] = {HEAP_NO_SERIALIZE, HEAP_GENERATE_EXCEPTIONS, HEAP_ZERO_MEMORY,
                                  HEAP_NO_SERIALIZE | HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY};

    for (unsigned i = 0; i < COUNT_OF(flags); i++) {
        void *block = module_alloc(redirected, flags[i], 24);

        assert_true(is_block(redirected, block));
        assert_figure(calls->heap_size(process_heap(), HEAP_NO_SERIALIZE, block), 24);
        assert_true(calls->heap_validate(process_heap(), HEAP_NO_SERIALIZE, block));
        block = calls->heap_realloc(process_heap(), flags[i], block, 2400);
        assert_true(is_block(redirected, block));
        assert_true(calls->heap_free(process_heap(), HEAP_NO_SERIALIZE, block));
    }
}

static void what_succeeds_leaves_the_last_error_alone(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        void *block;

        SetLastError(UNTOUCHED);
        block = calls->heap_alloc(process_heap(), HEAP_ZERO_MEMORY, sizes[i]);
        assert_last_error(UNTOUCHED);
        calls->heap_size(process_heap(), 0, block);
        assert_last_error(UNTOUCHED);
        calls->heap_validate(process_heap(), 0, block);
        assert_last_error(UNTOUCHED);
        block = calls->heap_realloc(process_heap(), 0, block, sizes[i] + 50000);
        assert_last_error(UNTOUCHED);
        block = calls->heap_realloc(process_heap(), 0, block, sizes[i] / 2);
        assert_last_error(UNTOUCHED);
        calls->heap_free(process_heap(), 0, block);
        assert_last_error(UNTOUCHED);
    }
}

/* ------------------------------------------------------------------------------------------------
 * When there is no memory
 * --------------------------------------------------------------------------------------------- */

static volatile LONG raised;
static volatile ULONG_PTR raised_size;

static LONG CALLBACK note_exception(EXCEPTION_POINTERS *pointers)
{
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;

    if (record->ExceptionCode != STATUS_NO_MEMORY)
        return EXCEPTION_CONTINUE_SEARCH;
    InterlockedIncrement(&raised);
    raised_size = record->NumberParameters ? record->ExceptionInformation[0] : 0;
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* How often the call raised STATUS_NO_MEMORY; it must fail in any case. */
#define exceptions_of(call)                                                                        \
    (raised = 0, SetLastError(UNTOUCHED), check_null((call), #call, __LINE__), raised)

static void check_null(const void *result, const char *call, int line)
{
    check_figure((uintptr_t)result, 0, call, "", __FILE__, line);
    check_figure(GetLastError(), ERROR_NOT_ENOUGH_MEMORY, "the last error", call, __FILE__, line);
}

static void a_failure_is_NULL_with_the_last_error_or_an_exception(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    void *handler = AddVectoredExceptionHandler(1, note_exception);
    void *block = filled(redirected, 1000);
    static const SIZE_T impossible[] = {MORE_THAN_THERE_IS, (SIZE_T)-1, (SIZE_T)-0x1000};

    for (unsigned i = 0; i < COUNT_OF(impossible); i++) {
        SIZE_T size = impossible[i];

        assert_figure(exceptions_of(calls->heap_alloc(process_heap(), 0, size)), 0);
        assert_figure(exceptions_of(calls->heap_realloc(process_heap(), 0, block, size)), 0);
        assert_figure(
            exceptions_of(calls->heap_alloc(process_heap(), HEAP_GENERATE_EXCEPTIONS, size)), 1);
        assert_figure(raised_size, size);
        assert_figure(exceptions_of(calls->heap_realloc(process_heap(), HEAP_GENERATE_EXCEPTIONS,
                                                        block, size)),
                      1);
        assert_figure(raised_size, size);
    }
    assert_true(RemoveVectoredExceptionHandler(handler) != 0);
    assert_true(is_block(redirected, block));
    assert_figure(bytes_of(block, 0x5a, 1000), 1000);
    module_free(redirected, block);
}

static void a_heap_made_with_HEAP_GENERATE_EXCEPTIONS_raises(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE heap = calls->heap_create(HEAP_GENERATE_EXCEPTIONS, 0, 0);
    void *handler = AddVectoredExceptionHandler(1, note_exception);
    void *block = calls->heap_alloc(heap, 0, 10);

    assert_figure(exceptions_of(calls->heap_alloc(heap, 0, MORE_THAN_THERE_IS)), 1);
    assert_figure(exceptions_of(calls->heap_realloc(heap, 0, block, MORE_THAN_THERE_IS)), 1);
    assert_true(RemoveVectoredExceptionHandler(handler) != 0);
    assert_true(calls->heap_destroy(heap));
}

/* ------------------------------------------------------------------------------------------------
 * Sizes
 * --------------------------------------------------------------------------------------------- */

static void size_and_validity_are_those_of_live_blocks_alone(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        char *block = filled(redirected, sizes[i]);

        assert_figure(calls->heap_size(process_heap(), 0, block), sizes[i]);
        assert_true(calls->heap_validate(process_heap(), 0, block));
        SetLastError(UNTOUCHED);
        assert_false(calls->heap_validate(process_heap(), 0, block + 1));
        assert_last_error(UNTOUCHED);
        assert_figure(calls->heap_size(process_heap(), 0, block + 1), (SIZE_T)-1);
        assert_last_error(ERROR_INVALID_PARAMETER);
        module_free(redirected, block);
        assert_figure(calls->heap_size(process_heap(), 0, block), (SIZE_T)-1);
        assert_false(calls->heap_validate(process_heap(), 0, block));
    }
    assert_true(calls->heap_validate(process_heap(), 0, NULL));
}

static void a_block_keeps_its_bytes_whatever_its_size_becomes(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        for (unsigned j = 0; j < COUNT_OF(sizes); j++) {
            SIZE_T kept = sizes[i] < sizes[j] ? sizes[i] : sizes[j];
            void *block = filled(redirected, sizes[i]);

            block = calls->heap_realloc(process_heap(), 0, block, sizes[j]);
            assert_true(is_block(redirected, block));
            assert_figure(calls->heap_size(process_heap(), 0, block), sizes[j]);
            assert_figure(bytes_of(block, 0x5a, kept), kept);
            assert_figure(statistics_of(&redirected->subject).Blocks.Now, 1);
            assert_figure(statistics_of(&redirected->subject).BlockBytes.Now, sizes[j]);
            memset(block, 0xa5, sizes[j]);
            module_free(redirected, block);
        }
    }
}

static void HEAP_ZERO_MEMORY_zeroes_what_a_block_grows_by(void **state)
{
    const struct redirected *redirected = *state;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        for (unsigned j = i + 1; j < COUNT_OF(sizes); j++) {
            char *block;

            module_free(redirected, filled(redirected, sizes[j]));
            block = redirected->calls->heap_realloc(process_heap(), HEAP_ZERO_MEMORY,
                                                    filled(redirected, sizes[i]), sizes[j]);
            assert_non_null(block);
            assert_figure(bytes_of(block, 0x5a, sizes[i]), sizes[i]);
            assert_figure(bytes_of(block + sizes[i], 0, sizes[j] - sizes[i]), sizes[j] - sizes[i]);
            module_free(redirected, block);
        }
    }
}

static void HEAP_REALLOC_IN_PLACE_ONLY_never_moves_a_block(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    unsigned done = 0;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        for (unsigned j = 0; j < COUNT_OF(sizes); j++) {
            void *block = filled(redirected, sizes[i]), *result;
            SIZE_T now;

            SetLastError(UNTOUCHED);
            result =
                calls->heap_realloc(process_heap(), HEAP_REALLOC_IN_PLACE_ONLY, block, sizes[j]);
            assert_last_error(result ? UNTOUCHED : ERROR_NOT_ENOUGH_MEMORY);
            if (result)
                assert_address(result, block);
            if (sizes[j] <= sizes[i])
                assert_address(result, block);
            now = result ? sizes[j] : sizes[i];
            /* A small block may be larger than what it has shrunk to. */
            assert_between(calls->heap_size(process_heap(), 0, block), now,
                           now < sizes[i] && sizes[i] <= 32768 ? sizes[i] : now);
            assert_figure(bytes_of(block, 0x5a, now < sizes[i] ? now : sizes[i]),
                          now < sizes[i] ? now : sizes[i]);
            module_free(redirected, block);
            done += result != NULL;
        }
    }
    assert_between(done, COUNT_OF(sizes), COUNT_OF(sizes) * COUNT_OF(sizes) - 1);
}

/* No page and no slab can be had: a block becomes smaller all the same, and keeps its bytes. */
static void assert_shrinks(struct redirected *redirected, SIZE_T from, SIZE_T to)
{
    const struct redirect_target *calls = redirected->calls;
    const struct subject *subject = &redirected->subject;
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits)};
    unsigned char *block = filled(redirected, from), *result;
    HOSTMEM_STATISTICS before = statistics_of(subject), after;

    limits.Committed = (HOSTMEM_LIMIT){before.Committed.Now, 0, HOSTMEM_NO_RESERVE};
    limits.Reserved = (HOSTMEM_LIMIT){before.Reserved.Now, 0, HOSTMEM_NO_RESERVE};
    assert_hresult(IHostMemInspection_SetLimits(subject->inspection, &limits), S_OK);
    SetLastError(UNTOUCHED);
    result = calls->heap_realloc(process_heap(), 0, block, to);
    assert_last_error(UNTOUCHED);
    assert_non_null(result);
    assert_between(calls->heap_size(process_heap(), 0, result), to, from);
    assert_figure(bytes_of(result, 0x5a, to), to);
    after = statistics_of(subject);
    assert_figure(after.Methods[HostMemMallocAlloc].Failures, 0);
    for (unsigned level = 0; level < 3; level++)
        assert_figure(after.RefusedRequests[level].Count, 0);
    if (from >= 32768 + 2 * PAGE && to < from - PAGE)
        assert_true(after.Committed.Now < before.Committed.Now);
    limits.Committed.Limit = limits.Reserved.Limit = 0;
    assert_hresult(IHostMemInspection_SetLimits(subject->inspection, &limits), S_OK);
    /* It grows again, and what is new is zero. */
    block = calls->heap_realloc(process_heap(), HEAP_ZERO_MEMORY, result, from);
    assert_non_null(block);
    assert_figure(bytes_of(block, 0x5a, to), to);
    assert_figure(bytes_of(block + to, 0, from - to), from - to);
    module_free(redirected, block);
}

static void a_block_becomes_smaller_whatever_the_limit(void **state)
{
    static const SIZE_T sizes_at_a_limit[] = {
        0, 1, 40, 1000, 5000, 32768, 40000, 100000, (SIZE_T)4 << 20, (SIZE_T)8 << 20};
    struct redirected *redirected = *state;

    for (unsigned i = 0; i < COUNT_OF(sizes_at_a_limit); i++) {
        for (unsigned j = 0; j <= i; j++)
            assert_shrinks(redirected, sizes_at_a_limit[i], sizes_at_a_limit[j]);
    }
}

static void a_guarded_block_becomes_smaller_whatever_the_limit(void **state)
{
    struct redirected *redirected = *state;
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .GuardAbove = 20};

    redirected_restart(redirected, &options);
    for (SIZE_T size = 3 * PAGE; size > 3; size /= 3) {
        assert_shrinks(redirected, size, size);
        assert_shrinks(redirected, size, size / 2);
    }
}

static void a_guarded_block_never_grows_into_its_guard_page(void **state)
{
    struct redirected *redirected = *state;
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .GuardAbove = 20};
    static const SIZE_T steps[] = {10, 24, 40, 2 * PAGE, 3 * PAGE, GRANULE, GRANULE + PAGE, PAGE};
    unsigned char *block;

    redirected_restart(redirected, &options);
    block = module_alloc(redirected, 0, 1);
    for (unsigned i = 0; i < COUNT_OF(steps); i++) {
        block = redirected->calls->heap_realloc(process_heap(), HEAP_ZERO_MEMORY, block, steps[i]);
        assert_non_null(block);
        block[steps[i] - 1] = 0;
        if (steps[i] > 20 && steps[i] % 16 == 0)
            assert_figure(memory_state(block + steps[i]), MEM_RESERVE);
    }
    module_free(redirected, block);
}

static void a_block_s_caller_is_kept_when_blocks_are_tracked(void **state)
{
    struct redirected *redirected = *state;
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .dwFlags = HOSTMEM_TRACK_BLOCKS};
    void *block;

    redirected_restart(redirected, &options);
    block = module_alloc(redirected, 0, 24);
    for (int i = 0; i < 2; i++) {
        HOSTMEM_BLOCK found;
        HMODULE holder = NULL;

        assert_hresult(IHostMemInspection_FindBlock(redirected->subject.inspection, block, &found),
                       S_OK);
        assert_figure(found.ThreadId, GetCurrentThreadId());
        assert_true(GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                           GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                                       (LPCWSTR)found.Caller, &holder));
        assert_address(holder, redirected->module);
        block = redirected->calls->heap_realloc(process_heap(), 0, block, 50000);
        assert_non_null(block);
    }
    module_free(redirected, block);
}

/* ------------------------------------------------------------------------------------------------
 * What is refused
 * --------------------------------------------------------------------------------------------- */

/* No function takes the address for a block, and none touches it. */
static void assert_refused(const struct redirected *redirected, HANDLE heap, void *address,
                           SIZE_T extent, const char *about)
{
    const struct redirect_target *calls = redirected->calls;
    struct memory_image image = memory_image_of(address, extent);
    HOSTMEM_STATISTICS before = statistics_of(&redirected->subject), after;

    SetLastError(UNTOUCHED);
    assert_figure_of(about, calls->heap_free(heap, 0, address), FALSE);
    assert_last_error(ERROR_INVALID_PARAMETER);
    SetLastError(UNTOUCHED);
    assert_address_of(about, calls->heap_realloc(heap, 0, address, 10), NULL);
    assert_last_error(ERROR_INVALID_PARAMETER);
    assert_figure_of(about, calls->heap_size(heap, 0, address), (SIZE_T)-1);
    assert_figure_of(about, calls->heap_validate(heap, 0, address), FALSE);
    assert_unchanged(about, &image);
    after = statistics_of(&redirected->subject);
    assert_same_books(about, &before, &after);
    assert_figure_of(about, after.RefusedFrees, before.RefusedFrees + 1);
    assert_figure_of(about, after.PassedFrees, before.PassedFrees);
}

static void a_second_free_is_refused(void **state)
{
    const struct redirected *redirected = *state;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        void *block = filled(redirected, sizes[i]);

        module_free(redirected, block);
        assert_refused(redirected, process_heap(), block, sizes[i] <= 32768 ? sizes[i] : 0,
                       "a block freed before");
    }
}

static void an_address_inside_a_block_is_refused(void **state)
{
    const struct redirected *redirected = *state;
    static const SIZE_T offsets[] = {1, 8, 16, 17, 4096, 65536, 99999};
    char *large = filled(redirected, 100000), *small = filled(redirected, 200);

    for (unsigned i = 0; i < COUNT_OF(offsets); i++)
        assert_refused(redirected, process_heap(), large + offsets[i], 1, "inside a large block");
    for (unsigned i = 0; offsets[i] < 200; i++)
        assert_refused(redirected, process_heap(), small + offsets[i], 1, "inside a small block");
    module_free(redirected, large);
    module_free(redirected, small);
}

static void memory_of_the_manager_s_that_is_no_block_is_refused(void **state)
{
    const struct redirected *redirected = *state;
    char *pages = redirected->calls->alloc(NULL, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    assert_non_null(pages);
    assert_refused(redirected, process_heap(), pages, GRANULE, "a region");
    assert_refused(redirected, process_heap(), pages + 64, GRANULE - 64, "inside a region");
    assert_true(redirected->calls->free(pages, 0, MEM_RELEASE));
}

static void a_block_of_another_heap_is_refused(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE heap = calls->heap_create(0, 0, 0), win32 = HeapCreate(0, 0, 0);

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        void *block = filled(redirected, sizes[i]);

        assert_refused(redirected, heap, block, sizes[i], "the process's, by the module's heap");
        assert_refused(redirected, win32, block, sizes[i], "the process's, by a heap of Win32's");
        module_free(redirected, block);
        block = calls->heap_alloc(heap, 0, sizes[i]);
        assert_refused(redirected, process_heap(), block, sizes[i], "the module's heap's");
        assert_true(calls->heap_free(heap, 0, block));
    }
    assert_true(calls->heap_destroy(heap));
    assert_true(HeapDestroy(win32));
}

/* ------------------------------------------------------------------------------------------------
 * Blocks of others
 * --------------------------------------------------------------------------------------------- */

static void blocks_from_elsewhere_stay_win32_s(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        void *block = HeapAlloc(process_heap(), 0, sizes[i]);

        assert_non_null(block);
        assert_figure(calls->heap_size(process_heap(), 0, block), sizes[i]);
        assert_true(calls->heap_validate(process_heap(), 0, block));
        block = calls->heap_realloc(process_heap(), HEAP_ZERO_MEMORY, block, sizes[i] + 3000);
        assert_non_null(block);
        assert_false(is_block(redirected, block));
        assert_figure(HeapSize(process_heap(), 0, block), sizes[i] + 3000);
        module_free(redirected, block);
    }
    assert_figure(statistics_of(&redirected->subject).PassedFrees, COUNT_OF(sizes));
    assert_figure(statistics_of(&redirected->subject).RefusedFrees, 0);
    assert_figure(statistics_of(&redirected->subject).Blocks.Peak, 0);
}

static void NULL_is_freed_and_no_block(void **state)
{
    const struct redirected *redirected = *state;

    SetLastError(UNTOUCHED);
    assert_true(redirected->calls->heap_free(process_heap(), 0, NULL));
    assert_last_error(UNTOUCHED);
    assert_address(redirected->calls->heap_realloc(process_heap(), 0, NULL, 10),
                   HeapReAlloc(process_heap(), 0, NULL, 10));
    assert_figure(statistics_of(&redirected->subject).PassedFrees, 0);
    assert_figure(statistics_of(&redirected->subject).Blocks.Peak, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        redirected_promise(without_the_flag_heap_calls_go_to_win32),
        redirected_heap_promise(blocks_of_the_module_are_in_the_books),
        redirected_heap_promise(HEAP_ZERO_MEMORY_gives_zeros),
        redirected_heap_promise(every_flag_is_taken),
        redirected_heap_promise(what_succeeds_leaves_the_last_error_alone),
        redirected_heap_promise(a_failure_is_NULL_with_the_last_error_or_an_exception),
        redirected_heap_promise(a_heap_made_with_HEAP_GENERATE_EXCEPTIONS_raises),
        redirected_heap_promise(size_and_validity_are_those_of_live_blocks_alone),
        redirected_heap_promise(a_block_keeps_its_bytes_whatever_its_size_becomes),
        redirected_heap_promise(HEAP_ZERO_MEMORY_zeroes_what_a_block_grows_by),
        redirected_heap_promise(HEAP_REALLOC_IN_PLACE_ONLY_never_moves_a_block),
        redirected_heap_promise(a_block_becomes_smaller_whatever_the_limit),
        redirected_heap_promise(a_guarded_block_becomes_smaller_whatever_the_limit),
        redirected_heap_promise(a_guarded_block_never_grows_into_its_guard_page),
        redirected_heap_promise(a_block_s_caller_is_kept_when_blocks_are_tracked),
        redirected_heap_promise(a_second_free_is_refused),
        redirected_heap_promise(an_address_inside_a_block_is_refused),
        redirected_heap_promise(memory_of_the_manager_s_that_is_no_block_is_refused),
        redirected_heap_promise(a_block_of_another_heap_is_refused),
        redirected_heap_promise(blocks_from_elsewhere_stay_win32_s),
        redirected_heap_promise(NULL_is_freed_and_no_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
