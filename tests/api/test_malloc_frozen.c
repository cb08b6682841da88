/*
 * test_malloc_frozen.c: invariant I4 for heaps: a thread that is suspended anywhere in Alloc,
 * DebugAlloc or Free keeps no other thread from completing the same calls on the same heap.
 *
 * While a thread is suspended, the thread that suspended it calls nothing but the manager: the
 * suspended thread may hold any lock of the C library or the system.
 */
#include "heaps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FREEZES (is_long_form() ? 5000u : 1500u)

/* Each freeze tries only one in so many of the size classes, in rotation, to save time. */
#define SHARES 4

#define AUDIT_EVERY 50

/*
 * A call that has not ended after so many seconds never will: even on a busy machine a freeze takes
 * milliseconds.
 */
#define STALL_SECONDS 60u
#define SEED UINT64_C(0xf05e17f05e17f05e)

/*
 * One in so many of the FREEZES must have stopped the thread inside the DLL; with fewer the test
 * shows too little. The test goes on until there are as many, up to MOST_TIMES_FREEZES times the
 * FREEZES.
 */
#define INSIDE_SHARE 50u
#define MOST_TIMES_FREEZES 8u

/* More than there are size classes. */
#define MOST_CLASSES 128

#define SLOTS 96
#define HANDOVERS 16

struct worker {
    IHostMalloc *heap;
    volatile LONG stop;
    volatile LONG turns; /* how many it has begun */
    uint64_t random;
    unsigned failures;
    ULONGLONG allocations, frees;
    void *blocks[SLOTS];
    void *volatile handovers[HANDOVERS]; /* for the other thread to free */
};

static SIZE_T random_size(uint64_t random)
{
    static const SIZE_T limits[] = {16, 64, 64, 200, 200, 500, 1500, 9000, 33000};
    SIZE_T number = (SIZE_T)(random >> 16);

    if (random % 64 == 0)
        return LARGEST_SMALL + 1 + number % 100000;
    return number % limits[random % COUNT_OF(limits)];
}

static void *take_block(struct worker *worker, SIZE_T size, bool named)
{
    char file[] = "frozen.c";
    void *block = NULL;
    HRESULT hr = named ? IHostMalloc_DebugAlloc(worker->heap, size, eTaskCritical, file, 1, &block)
                       : IHostMalloc_Alloc(worker->heap, size, eTaskCritical, &block);

    worker->failures += hr != S_OK;
    worker->allocations++;
    return block;
}

static void *take(struct worker *worker, uint64_t random)
{
    return take_block(worker, random_size(random), random >> 61 == 0);
}

static void give(struct worker *worker, void *block)
{
    worker->failures += IHostMalloc_Free(worker->heap, block) != S_OK;
    worker->frees++;
}

static void work_once(struct worker *worker)
{
    uint64_t random = next_random(&worker->random);
    void **slot = &worker->blocks[(random >> 32) % SLOTS];
    void *old;

    if (!*slot) {
        *slot = take(worker, random);
    } else if ((random >> 40) % 8) {
        give(worker, *slot);
        *slot = NULL;
    } else {
        old = InterlockedExchangePointer(&worker->handovers[(random >> 48) % HANDOVERS], *slot);
        *slot = old;
    }
}

static DWORD WINAPI work(void *context)
{
    struct worker *worker = context;

    while (!worker->stop) {
        worker->turns++;
        work_once(worker);
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * Where a thread was frozen
 * --------------------------------------------------------------------------------------------- */

struct image {
    uintptr_t base;
    SIZE_T size;
};

/* The DLL: what the heap's methods are in. */
static struct image image_of_methods(const IHostMalloc *heap)
{
    MEMORY_BASIC_INFORMATION range;
    const IMAGE_DOS_HEADER *dos;
    const IMAGE_NT_HEADERS *nt;

    assert_true(VirtualQuery(heap->lpVtbl, &range, sizeof(range)) != 0);
    dos = range.AllocationBase;
    nt = (const IMAGE_NT_HEADERS *)((const char *)range.AllocationBase + dos->e_lfanew);
    return (struct image){(uintptr_t)range.AllocationBase, nt->OptionalHeader.SizeOfImage};
}

/* 0 if it is not known. */
static uintptr_t instruction_of(HANDLE thread)
{
    CONTEXT context;

    memset(&context, 0, sizeof(context));
    context.ContextFlags = CONTEXT_CONTROL;
    if (!GetThreadContext(thread, &context))
        return 0;
#ifdef _WIN64
    return (uintptr_t)context.Rip;
#else
    return (uintptr_t)context.Eip;
#endif
}

/* ------------------------------------------------------------------------------------------------
 * The one that freezes
 * --------------------------------------------------------------------------------------------- */

struct controller {
    struct worker calls; /* its own heap calls, counted alike */
    const struct subject *subject;
    HANDLE thread;
    struct image image;
    volatile uintptr_t frozen_at;   /* the instruction, while the thread is frozen */
    volatile LONG freezes;          /* that it has begun */
    SIZE_T sizes[MOST_CLASSES + 1]; /* one of each size class, and a large one */
    unsigned size_count;
    unsigned inside, not_suspended;
    HRESULT worst_audit;
    unsigned totals_compared;
};

/* ------------------------------------------------------------------------------------------------
 * The watchdog, for a freeze that does not end
 * --------------------------------------------------------------------------------------------- */

static HANDLE finished;

static void bite(const struct controller *controller)
{
    const uintptr_t at = controller->frozen_at;
    const bool inside = at - controller->image.base < controller->image.size;
    char words[200];
    DWORD written;
    int length;

    length = snprintf(words, sizeof(words),
                      "[  FAILED  ] freeze %ld has not ended for %u s: a call waits for the thread "
                      "frozen at 0x%" PRIxPTR "%s\n",
                      controller->freezes, STALL_SECONDS, at, inside ? ", in the DLL" : "");
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), words, (DWORD)length, &written, NULL);
    TerminateProcess(GetCurrentProcess(), 3);
}

static DWORD WINAPI watch(void *context)
{
    const struct controller *controller = context;
    LONG freezes = 0;
    unsigned still = 0;

    while (WaitForSingleObject(finished, 1000) == WAIT_TIMEOUT) {
        still = controller->freezes == freezes ? still + 1 : 0;
        freezes = controller->freezes;
        if (still == STALL_SECONDS)
            bite(controller);
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * The rounds
 * --------------------------------------------------------------------------------------------- */

static void spin(unsigned turns)
{
    for (volatile unsigned turn = 0; turn < turns; turn++)
        continue;
}

/*
 * A resumed thread runs only after a while. If it were frozen before that, it would be in no call.
 */
static void wait_for_turn(const struct worker *worker, LONG turns)
{
    for (unsigned looks = 0; worker->turns == turns; looks++) {
        if (looks > 20000)
            SwitchToThread();
        else
            YieldProcessor();
    }
}

static void audit(struct controller *controller)
{
    HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};
    HRESULT hr = IHostMemInspection_Audit(controller->subject->inspection, &audit, NULL, NULL);

    if (hr != S_OK)
        controller->worst_audit = hr;
    controller->totals_compared += audit.TotalsCompared != 0;
}

/* Asks a manager of its own, without histories: the classes there are no coarser. */
static void find_sizes(struct controller *controller)
{
    struct subject subject = subject_make(NULL);
    IHostMalloc *heap = subject_heap(&subject);
    SIZE_T size = 0;

    while (size <= LARGEST_SMALL) {
        void *block = heap_block(heap, size);

        assert_true(controller->size_count < MOST_CLASSES);
        controller->sizes[controller->size_count++] = size;
        size = size_class_of(&subject, 1, size, FALSE).LargestRequest + 1;
        free_block(heap, block);
    }
    controller->sizes[controller->size_count++] = size; /* is a region of its own */
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

/*
 * All calls that must succeed while the other thread is frozen: blocks of the round's size classes,
 * with and without names.
 */
static void use_the_heap(struct controller *controller, struct worker *worker, unsigned round)
{
    struct worker *calls = &controller->calls;
    void *blocks[2 * COUNT_OF(controller->sizes)];
    unsigned count = 0;

    for (unsigned i = round % SHARES; i < controller->size_count; i += SHARES) {
        blocks[count++] = take_block(calls, controller->sizes[i], false);
        blocks[count++] = take_block(calls, controller->sizes[i], true);
    }
    while (count)
        give(calls, blocks[--count]);
    for (unsigned i = 0; i < HANDOVERS; i++) {
        void *block = InterlockedExchangePointer(&worker->handovers[i], NULL);

        if (block)
            give(calls, block);
    }
}

static void freeze(struct controller *controller, struct worker *worker, unsigned round)
{
    LONG turns;

    controller->freezes++;
    if (SuspendThread(controller->thread) == (DWORD)-1) {
        controller->not_suspended++;
        return;
    }
    controller->frozen_at = instruction_of(controller->thread);
    controller->inside += controller->frozen_at - controller->image.base < controller->image.size;
    use_the_heap(controller, worker, round);
    if (round % AUDIT_EVERY == 0)
        audit(controller);
    turns = worker->turns;
    ResumeThread(controller->thread);
    wait_for_turn(worker, turns);
}

static void give_everything_back(struct worker *worker)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        if (worker->blocks[i])
            give(worker, worker->blocks[i]);
    }
    for (unsigned i = 0; i < HANDOVERS; i++) {
        if (worker->handovers[i])
            give(worker, worker->handovers[i]);
    }
}

static void assert_counted(const struct subject *subject, const struct worker *worker,
                           const struct worker *calls)
{
    HOSTMEM_HEAP figures = heap_figures_of(subject, 1);

    assert_figure(figures.Allocations, worker->allocations + calls->allocations);
    assert_figure(figures.Frees, worker->frees + calls->frees);
    assert_figure(figures.Blocks.Now, figures.Allocations - figures.Frees);
    assert_clean_audit(subject);
}

static void run(DWORD flags)
{
    const unsigned freezes = FREEZES;
    unsigned round = 0;
    struct subject subject = subject_with_flags(flags);
    static struct worker worker;
    struct controller controller = {.subject = &subject};
    struct threads threads, watchdog;

    print_message("seed 0x%" PRIx64 "\n", SEED);
    worker = (struct worker){.heap = subject_heap(&subject), .random = SEED};
    controller.calls = (struct worker){.heap = worker.heap, .random = SEED + 1};
    controller.image = image_of_methods(worker.heap);
    find_sizes(&controller);
    finished = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_non_null(finished);
    threads_start(&watchdog, 1, watch, &controller, 0);
    threads_start(&threads, 1, work, &worker, sizeof(worker));
    controller.thread = threads.handles[0];
    wait_for_turn(&worker, 0);
    for (; round < freezes ||
           (controller.inside < freezes / INSIDE_SHARE && round < freezes * MOST_TIMES_FREEZES);
         round++) {
        spin((unsigned)(next_random(&controller.calls.random) >> 32) % 2000);
        freeze(&controller, &worker, round);
    }
    worker.stop = 1;
    threads_join(&threads);
    SetEvent(finished);
    threads_join(&watchdog);
    CloseHandle(finished);

    print_message("             frozen %u times, of these in the DLL %u; blocks of %u sizes; %u "
                  "totals compared\n",
                  round, controller.inside, controller.size_count, controller.totals_compared);
    assert_figure(controller.not_suspended, 0);
    assert_figure(worker.failures, 0);
    assert_figure(controller.calls.failures, 0);
    assert_hresult(controller.worst_audit, S_OK);
    assert_at_least(controller.inside, freezes / INSIDE_SHARE);
    assert_at_least(worker.allocations, freezes);
    assert_counted(&subject, &worker, &controller.calls);
    give_everything_back(&worker);
    assert_counted(&subject, &worker, &controller.calls);
    end_only_heap(&subject, worker.heap);
    assert_figure(statistics_of(&subject).DamagedBlocks, 0);
    subject_end(&subject);
}

static void a_thread_frozen_in_a_heap_s_call_keeps_nobody_waiting(void **state)
{
    (void)state;
    run(0);
}

static void a_thread_frozen_in_a_checked_heap_s_call_keeps_nobody_waiting(void **state)
{
    (void)state;
    run(HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_frozen_in_a_heap_s_call_keeps_nobody_waiting),
        cmocka_unit_test(a_thread_frozen_in_a_checked_heap_s_call_keeps_nobody_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
