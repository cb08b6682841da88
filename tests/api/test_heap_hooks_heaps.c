/*
 * test_heap_hooks_heaps.c: a module whose calls of Win32's heap functions reach a manager, as far
 * as heaps go: heaps that the module creates, the process's heap, what becomes of them when the
 * redirection ends or the manager closes, and threads.
 */
#include "redirected.h"

#include <inttypes.h>
#include <string.h>

/* The seed of random numbers; a thread's number is added to it. */
#define SEED UINT64_C(0x4ea95eed4ea95eed)

static bool is_block(const struct subject *subject, const void *address)
{
    HOSTMEM_BLOCK block;

    return IHostMemInspection_FindBlock(subject->inspection, address, &block) == S_OK &&
           block.Address == address;
}

static HANDLE module_heap(const struct redirected *redirected, DWORD options)
{
    HANDLE heap = redirected->calls->heap_create(options, 0, 0);

    assert_non_null(heap);
    return heap;
}

static void *block_of(const struct redirected *redirected, HANDLE heap, SIZE_T size)
{
    void *block = redirected->calls->heap_alloc(heap, 0, size);

    assert_non_null(block);
    return memset(block, 0x5a, size);
}

/* ------------------------------------------------------------------------------------------------
 * Heaps of the module's own
 * --------------------------------------------------------------------------------------------- */

static void a_heap_of_the_module_s_is_one_of_the_manager_s(void **state)
{
    const struct redirected *redirected = *state;
    const struct subject *subject = &redirected->subject;
    HANDLE heap;
    void *block, *of_win32;

    SetLastError(UNTOUCHED);
    heap = module_heap(redirected, 0);
    assert_last_error(UNTOUCHED);
    assert_figure(statistics_of(subject).Heaps.Now, 2);
    block = block_of(redirected, heap, 100);
    assert_true(is_block(subject, block));
    assert_true(redirected->calls->heap_free(heap, 0, block));

    /* For all other code the handle is a real heap of Win32's. */
    of_win32 = HeapAlloc(heap, 0, 100);
    assert_non_null(of_win32);
    assert_false(is_block(subject, of_win32));
    assert_true(redirected->calls->heap_free(heap, 0, of_win32));

    SetLastError(UNTOUCHED);
    assert_true(redirected->calls->heap_destroy(heap));
    assert_last_error(UNTOUCHED);
    assert_figure(statistics_of(subject).Heaps.Now, 1);
}

static void blocks_of_executable_heaps_can_be_executed(void **state)
{
    const struct redirected *redirected = *state;
    HANDLE plain = module_heap(redirected, 0);
    HANDLE executable = module_heap(redirected, HEAP_CREATE_ENABLE_EXECUTE);
    static const SIZE_T sizes[] = {10, 100000};

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        assert_figure(memory_protection(block_of(redirected, plain, sizes[i])), PAGE_READWRITE);
        assert_figure(memory_protection(block_of(redirected, executable, sizes[i])),
                      PAGE_EXECUTE_READWRITE);
    }
    assert_true(redirected->calls->heap_destroy(executable));
    assert_true(redirected->calls->heap_destroy(plain));
}

static HRESULT CALLBACK note_leak(void *context, const HOSTMEM_BLOCK *block)
{
    (void)block;
    ++*(unsigned *)context;
    return S_OK;
}

static void destroying_a_heap_frees_its_blocks_and_they_are_no_leaks(void **state)
{
    struct redirected *redirected = *state;
    static const DWORD flags[] = {0, HOSTMEM_TRACK_BLOCKS, HOSTMEM_FILL_ON_FREE,
                                  HOSTMEM_DELAY_REUSE};
    unsigned leaks = 0;

    for (unsigned i = 0; i < COUNT_OF(flags); i++) {
        HOSTMEM_OPTIONS options = {.cbSize = sizeof(options),
                                   .dwFlags = flags[i],
                                   .pfnLeak = note_leak,
                                   .pLeakContext = &leaks};
        HOSTMEM_STATISTICS before, after;
        HANDLE heap;
        void *kept;

        redirected_restart(redirected, &options);
        kept = block_of(redirected, GetProcessHeap(), 50);
        before = statistics_of(&redirected->subject);
        heap = module_heap(redirected, 0);
        for (SIZE_T size = 0; size < 200000; size = size * 3 / 2 + 1) {
            block_of(redirected, heap, size);
            block_of(redirected, heap, size);
        }
        assert_true(redirected->calls->heap_destroy(heap));
        after = statistics_of(&redirected->subject);
        assert_same_books("HeapDestroy", &before, &after);
        assert_figure(after.LeakedBlocks, 0);
        assert_figure(after.RefusedFrees, 0);
        assert_figure(leaks, 0);
        assert_true(redirected->calls->heap_free(GetProcessHeap(), 0, kept));
    }
}

static void the_process_s_heap_cannot_be_destroyed(void **state)
{
    const struct redirected *redirected = *state;
    void *block = block_of(redirected, GetProcessHeap(), 100);

    assert_false(redirected->calls->heap_destroy(GetProcessHeap()));
    assert_true(is_block(&redirected->subject, block));
    assert_true(redirected->calls->heap_free(GetProcessHeap(), 0, block));
}

static void a_heap_with_a_maximum_is_win32_s(void **state)
{
    const struct redirected *redirected = *state;
    HANDLE heap = redirected->calls->heap_create(0, 0, 16 * PAGE);
    void *block;

    assert_non_null(heap);
    assert_figure(statistics_of(&redirected->subject).Heaps.Now, 1);
    block = block_of(redirected, heap, 100);
    assert_false(is_block(&redirected->subject, block));
    assert_null(redirected->calls->heap_alloc(heap, 0, 32 * PAGE));
    assert_true(redirected->calls->heap_free(heap, 0, block));
    assert_true(redirected->calls->heap_destroy(heap));
}

/* hostmem.h: 64, the process's among them. */
static void heaps_beyond_those_that_there_is_room_for_are_win32_s(void **state)
{
    const struct redirected *redirected = *state;
    HANDLE heaps[70];
    unsigned served = 0;

    for (int round = 0; round < 2; round++) {
        served = 0;
        for (unsigned i = 0; i < COUNT_OF(heaps); i++)
            heaps[i] = module_heap(redirected, 0);
        assert_figure(statistics_of(&redirected->subject).Heaps.Now, 64);
        for (unsigned i = 0; i < COUNT_OF(heaps); i++) {
            void *block = block_of(redirected, heaps[i], 100);

            served += is_block(&redirected->subject, block);
            assert_figure(redirected->calls->heap_size(heaps[i], 0, block), 100);
            block = redirected->calls->heap_realloc(heaps[i], 0, block, 300);
            assert_true(redirected->calls->heap_free(heaps[i], 0, block));
        }
        assert_figure(served, 63);
        for (unsigned i = 0; i < COUNT_OF(heaps); i++)
            assert_true(redirected->calls->heap_destroy(heaps[i]));
        assert_figure(statistics_of(&redirected->subject).Heaps.Now, 1);
    }
}

static void api_sets_of_heap_functions_are_redirected_too(void **state)
{
    const struct redirected *redirected = *state;
    struct redirected second = {.subject = redirected->subject, .flags = HOSTMEM_REDIRECT_HEAP};
    HANDLE heap;
    void *block;

    redirected_load(&second, L"redirect_api_set.dll");
    redirected_begin(&second);
    block = block_of(&second, GetProcessHeap(), 100);
    assert_true(is_block(&redirected->subject, block));
    assert_figure(second.calls->heap_size(GetProcessHeap(), 0, block), 100);
    assert_true(second.calls->heap_validate(GetProcessHeap(), 0, block));
    block = second.calls->heap_realloc(GetProcessHeap(), 0, block, 200);
    assert_true(is_block(&redirected->subject, block));
    /* One module's blocks are another's to free. */
    assert_true(redirected->calls->heap_free(GetProcessHeap(), 0, block));
    heap = module_heap(&second, 0);
    assert_true(is_block(&redirected->subject, block_of(&second, heap, 100)));
    assert_true(second.calls->heap_destroy(heap));
    redirected_end(&second);
    redirected_unload(&second);
}

/* ------------------------------------------------------------------------------------------------
 * The end of a redirection
 * --------------------------------------------------------------------------------------------- */

static void after_removal_heaps_without_blocks_are_gone(void **state)
{
    struct redirected *redirected = *state;
    HANDLE heap = module_heap(redirected, 0);
    ULONG before;

    assert_true(redirected->calls->heap_free(heap, 0, block_of(redirected, heap, 100)));
    redirected_end(redirected);
    assert_figure(statistics_of(&redirected->subject).Heaps.Now, 0);
    before = references_of(redirected->subject.manager);

    /* The handle is Win32's now, before a further redirection and in it. */
    for (int round = 0; round < 2; round++) {
        void *block = block_of(redirected, heap, 100);

        assert_false(is_block(&redirected->subject, block));
        assert_true(redirected->calls->heap_free(heap, 0, block));
        if (!round)
            redirected_begin(redirected);
    }
    redirected_end(redirected);
    assert_figure(references_of(redirected->subject.manager), before);
    assert_true(redirected->calls->heap_destroy(heap));
}

static void blocks_held_at_removal_live_on_and_keep_the_manager_alive(void **state)
{
    struct redirected *redirected = *state;
    const struct subject *subject = &redirected->subject;
    HANDLE heap = module_heap(redirected, 0);
    unsigned char *blocks[] = {block_of(redirected, GetProcessHeap(), 100),
                               block_of(redirected, heap, 100000)};
    ULONG without;

    redirected_end(redirected);
    without = references_of(subject->manager) - 3; /* two heaps, and the list of such managers */
    assert_figure(statistics_of(subject).Heaps.Now, 2);
    for (unsigned i = 0; i < COUNT_OF(blocks); i++) {
        assert_true(is_block(subject, blocks[i]));
        assert_figure(blocks[i][99], 0x5a);
    }
    assert_figure(statistics_of(subject).LeakedBlocks, 0);
    assert_clean_audit(subject);

    /* Redirected again, the module finds its heaps as they were. */
    redirected_begin(redirected);
    assert_figure(statistics_of(subject).Heaps.Now, 2);
    assert_true(redirected->calls->heap_free(GetProcessHeap(), 0, blocks[0]));
    assert_figure(redirected->calls->heap_size(heap, 0, blocks[1]), 100000);
    assert_true(redirected->calls->heap_destroy(heap));
    redirected_end(redirected);
    assert_figure(statistics_of(subject).Heaps.Now, 0);
    assert_figure(statistics_of(subject).Blocks.Now, 0);
    assert_figure(references_of(subject->manager), without);
}

static void another_manager_does_not_meet_the_heaps_of_the_one_before(void **state)
{
    struct redirected *redirected = *state;
    struct subject first = redirected->subject;
    void *old = block_of(redirected, GetProcessHeap(), 100), *block;

    redirected_end(redirected);
    redirected->subject = subject_make(NULL);
    redirected_begin(redirected);
    block = block_of(redirected, GetProcessHeap(), 100);
    assert_true(is_block(&redirected->subject, block));
    assert_figure(statistics_of(&first).Blocks.Now, 1);
    assert_true(redirected->calls->heap_free(GetProcessHeap(), 0, block));
    redirected_end(redirected);
    assert_figure(statistics_of(&redirected->subject).Heaps.Now, 0);
    subject_end(&redirected->subject);

    redirected->subject = first;
    redirected_begin(redirected);
    assert_true(redirected->calls->heap_free(GetProcessHeap(), 0, old));
}

static void a_handle_of_a_heap_destroyed_out_of_sight_can_come_back(void **state)
{
    struct redirected *redirected = *state;
    HANDLE heap = module_heap(redirected, 0), again;
    void *old = block_of(redirected, heap, 100);

    redirected_end(redirected);
    assert_true(redirected->calls->heap_destroy(heap)); /* Win32's */
    assert_true(is_block(&redirected->subject, old));
    redirected_begin(redirected);
    again = module_heap(redirected, 0);
    if (again == heap) /* its blocks went with it */
        assert_figure(statistics_of(&redirected->subject).Blocks.Now, 0);
    assert_true(is_block(&redirected->subject, block_of(redirected, again, 100)));
    assert_true(redirected->calls->heap_destroy(again));
    if (again != heap) /* ends the manager's heap; Win32's is gone */
        assert_true(redirected->calls->heap_free(heap, 0, old));
}

static void after_close_new_blocks_are_win32_s_and_old_ones_are_served(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE heap = module_heap(redirected, 0);
    void *old = block_of(redirected, GetProcessHeap(), 100), *block, *moved;

    block_of(redirected, heap, 100);
    assert_hresult(IHostMemInspection_Close(redirected->subject.inspection), S_OK);
    block = block_of(redirected, GetProcessHeap(), 100);
    assert_false(is_block(&redirected->subject, block));
    assert_true(calls->heap_free(GetProcessHeap(), 0, block));

    assert_figure(calls->heap_size(GetProcessHeap(), 0, old), 100);
    assert_true(calls->heap_validate(GetProcessHeap(), 0, old));
    moved = calls->heap_realloc(GetProcessHeap(), 0, old, 50000);
    assert_non_null(moved);
    assert_figure(((unsigned char *)moved)[99], 0x5a);
    assert_false(calls->heap_free(GetProcessHeap(), 0, old));
    assert_true(calls->heap_free(GetProcessHeap(), 0, moved));
    assert_true(calls->heap_destroy(heap));
    assert_figure(statistics_of(&redirected->subject).Blocks.Now, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

#define MIXERS 8
#define ROUNDS 3000
#define SLOTS 64

/* Threads that change each other's blocks, of the process's heap, and heaps of their own. */
struct mixing {
    const struct redirect_target *calls;
    SIZE_T largest; /* of blocks */
    void *volatile slots[SLOTS];
    volatile LONG failures;
};

struct mixer {
    struct mixing *mixing;
    uint64_t random;
};

static void expect(struct mixing *mixing, bool good)
{
    if (!good)
        InterlockedIncrement(&mixing->failures);
}

/* A block says by its first and last byte how large it is. */
static void mark(unsigned char *block, SIZE_T size)
{
    block[0] = block[size - 1] = (unsigned char)size;
}

static bool is_marked(const struct redirect_target *calls, HANDLE heap, const unsigned char *block)
{
    SIZE_T size = calls->heap_size(heap, 0, block);

    return size != (SIZE_T)-1 && block[0] == (unsigned char)size &&
           block[size - 1] == (unsigned char)size && calls->heap_validate(heap, 0, block);
}

/* Small ones more often than large ones. */
static SIZE_T some_size(const struct mixing *mixing, uint64_t random)
{
    return 1 + (SIZE_T)(random % (mixing->largest >> (random >> 32) % 10));
}

static void exchange_block(struct mixing *mixing, uint64_t random)
{
    const struct redirect_target *calls = mixing->calls;
    HANDLE heap = GetProcessHeap();
    SIZE_T size = some_size(mixing, random >> 8);
    unsigned char *mine = calls->heap_alloc(heap, random & 1 ? HEAP_ZERO_MEMORY : 0, size);

    expect(mixing, mine != NULL);
    if (!mine)
        return;
    mark(mine, size);
    mine = InterlockedExchangePointer(&mixing->slots[(random >> 40) % SLOTS], mine);
    if (!mine)
        return;
    expect(mixing, is_marked(calls, heap, mine));
    if (random & 2) {
        mine = calls->heap_realloc(heap, 0, mine, some_size(mixing, random >> 16));
        expect(mixing, mine != NULL);
    }
    expect(mixing, calls->heap_free(heap, 0, mine));
}

static void use_own_heap(struct mixing *mixing, uint64_t random)
{
    const struct redirect_target *calls = mixing->calls;
    HANDLE heap = calls->heap_create(random & 4 ? HEAP_CREATE_ENABLE_EXECUTE : 0, 0, 0);
    void *block = calls->heap_alloc(heap, 0, some_size(mixing, random >> 8));

    expect(mixing, heap && block);
    expect(mixing, calls->heap_alloc(heap, 0, 100) != NULL);
    expect(mixing, calls->heap_free(heap, 0, block));
    expect(mixing, calls->heap_destroy(heap));
}

static DWORD WINAPI mix(void *context)
{
    struct mixer *mixer = context;

    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t random = next_random(&mixer->random);

        if (round % 32 == 0)
            use_own_heap(mixer->mixing, random);
        else
            exchange_block(mixer->mixing, random);
    }
    return 0;
}

static void mix_threads(const struct redirected *redirected, SIZE_T largest)
{
    const struct subject *subject = &redirected->subject;
    struct mixing mixing = {.calls = redirected->calls, .largest = largest};
    struct mixer mixers[MIXERS];
    struct threads threads;

    for (unsigned i = 0; i < MIXERS; i++)
        mixers[i] = (struct mixer){&mixing, SEED + i};
    threads_start(&threads, MIXERS, mix, mixers, sizeof(mixers[0]));
    threads_join(&threads);
    assert_figure(mixing.failures, 0);
    assert_clean_audit(subject);
    for (unsigned i = 0; i < SLOTS; i++) {
        if (mixing.slots[i])
            assert_true(redirected->calls->heap_free(GetProcessHeap(), 0, mixing.slots[i]));
    }
    assert_figure(statistics_of(subject).Blocks.Now, 0);
    assert_figure(statistics_of(subject).Heaps.Now, 1);
    assert_figure(statistics_of(subject).RefusedFrees, 0);
    assert_figure(statistics_of(subject).PassedFrees, 0);
    assert_figure(statistics_of(subject).DamagedBlocks, 0);
    assert_figure(statistics_of(subject).Status, HostMemStatusOpen);
}

static void eight_threads_share_blocks_and_make_heaps(void **state)
{
    struct redirected *redirected = *state;
    static const HOSTMEM_OPTIONS options[] = {
        {.cbSize = sizeof(options[0])},
        {.cbSize = sizeof(options[0]),
         .dwFlags = HOSTMEM_TRACK_BLOCKS | HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE |
                    HOSTMEM_DELAY_REUSE},
        {.cbSize = sizeof(options[0]), .GuardAbove = 4000}};

    for (unsigned i = 0; i < COUNT_OF(options); i++) {
        redirected_restart(redirected, &options[i]);
        /* A 32-bit process has room for the histories of few size classes. */
        mix_threads(redirected, options[i].dwFlags ? 600 : 70000);
    }
}

/* Threads that are in the hooks all the time, with a block that only Win32 knows. */
struct visit {
    const struct redirect_target *calls;
    void *block;
    volatile LONG ended, failures;
};

static DWORD WINAPI visit_hooks(void *context)
{
    struct visit *visit = *(struct visit **)context;

    while (!visit->ended) {
        if (visit->calls->heap_size(GetProcessHeap(), 0, visit->block) != 100 ||
            !visit->calls->heap_validate(GetProcessHeap(), 0, visit->block))
            InterlockedIncrement(&visit->failures);
    }
    return 0;
}

static void redirections_come_and_go_while_threads_are_in_the_hooks(void **state)
{
    struct redirected *redirected = *state;
    struct visit visit = {.calls = redirected->calls, .block = HeapAlloc(GetProcessHeap(), 0, 100)};
    struct visit *contexts[4] = {&visit, &visit, &visit, &visit};
    struct threads threads;
    ULONG without = references_of(redirected->subject.manager) - 2;

    assert_non_null(visit.block);
    threads_start(&threads, COUNT_OF(contexts), visit_hooks, contexts, sizeof(contexts[0]));
    for (int round = 0; round < 500; round++) {
        void *block = block_of(redirected, GetProcessHeap(), 100);

        assert_true(is_block(&redirected->subject, block));
        assert_true(redirected->calls->heap_free(GetProcessHeap(), 0, block));
        redirected_end(redirected);
        redirected_begin(redirected);
    }
    InterlockedIncrement(&visit.ended);
    threads_join(&threads);
    assert_figure(visit.failures, 0);
    redirected_end(redirected);
    assert_figure(statistics_of(&redirected->subject).Heaps.Now, 0);
    assert_figure(references_of(redirected->subject.manager), without);
    HeapFree(GetProcessHeap(), 0, visit.block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        redirected_heap_promise(a_heap_of_the_module_s_is_one_of_the_manager_s),
        redirected_heap_promise(blocks_of_executable_heaps_can_be_executed),
        redirected_heap_promise(destroying_a_heap_frees_its_blocks_and_they_are_no_leaks),
        redirected_heap_promise(the_process_s_heap_cannot_be_destroyed),
        redirected_heap_promise(a_heap_with_a_maximum_is_win32_s),
        redirected_heap_promise(heaps_beyond_those_that_there_is_room_for_are_win32_s),
        redirected_heap_promise(api_sets_of_heap_functions_are_redirected_too),
        redirected_heap_promise(after_removal_heaps_without_blocks_are_gone),
        redirected_heap_promise(blocks_held_at_removal_live_on_and_keep_the_manager_alive),
        redirected_heap_promise(another_manager_does_not_meet_the_heaps_of_the_one_before),
        redirected_heap_promise(a_handle_of_a_heap_destroyed_out_of_sight_can_come_back),
        redirected_heap_promise(after_close_new_blocks_are_win32_s_and_old_ones_are_served),
        redirected_heap_promise(eight_threads_share_blocks_and_make_heaps),
        redirected_heap_promise(redirections_come_and_go_while_threads_are_in_the_hooks),
    };

    print_message("seed 0x%" PRIx64 "\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
