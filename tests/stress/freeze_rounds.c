/*
 * freeze_rounds.c: see freeze_rounds.h.
 */
#include "freeze_rounds.h"

#include <inttypes.h>

/* Every so many rounds all workers are frozen. */
#define ALL_EVERY 8u

/*
 * Freezes that stop a thread in hostmem's own code must be at least one in INSIDE_SHARE of those
 * asked for; with fewer the test shows too little. On some machines they are rare, because the
 * system's calls are slow. So the rounds go on until there are enough, up to MOST_TIMES_FREEZES
 * times the freezes asked for.
 */
#define INSIDE_SHARE 10u
#define MOST_TIMES_FREEZES 12u

/* ------------------------------------------------------------------------------------------------
 * Freezing. From the first SuspendThread to the last ResumeThread: see controller.h.
 * --------------------------------------------------------------------------------------------- */

/* SuspendThread only asks for it; a thread whose registers can be read has stopped. */
static void suspend(struct freezer *freezer, unsigned i)
{
    HANDLE thread = freezer->threads.handles[i];
    struct worker *worker = &freezer->workers[i];
    uintptr_t instruction, stack;

    freezer->frozen[i] = SuspendThread(thread) != (DWORD)-1;
    if (!freezer->frozen[i] || !thread_position(thread, &instruction, &stack)) {
        freezer->not_suspended++;
        return;
    }
    places_count(&freezer->places, (enum method)worker->caller.method, instruction);
    freezer->calls[i] = worker->caller.calls;
    freezer->freezes_of[i]++;
}

static void resume(struct freezer *freezer, unsigned i)
{
    if (freezer->frozen[i]) {
        freezer->frozen[i] = 0;
        ResumeThread(freezer->threads.handles[i]);
    }
}

/*
 * A resumed thread runs only after a while. If it were frozen before that, it would be where it
 * was.
 */
static void wait_until_it_got_on(const struct freezer *freezer, unsigned i)
{
    for (unsigned looks = 0; freezer->workers[i].caller.calls == freezer->calls[i]; looks++) {
        if (looks > 2000)
            SwitchToThread();
        else
            YieldProcessor();
    }
}

/*
 * A pause of any length up to some milliseconds. Half of the pauses are short, so that the next
 * freeze comes soon after the last.
 */
static void pause(uint64_t random)
{
    const unsigned most = random & 1 ? 1u << 21 : 1u << random / 2 % 16;
    const unsigned turns = (unsigned)(random >> 8) % most;

    for (volatile unsigned turn = 0; turn < turns; turn++)
        continue;
}

/* The watchdog ends the process. */
static void stop_if_stalled(const struct freezer *freezer)
{
    if (freezer->stalled)
        Sleep(INFINITE);
}

static void freeze_once(struct freezer *freezer)
{
    const uint64_t random = next_random(&freezer->random);
    const unsigned one = (unsigned)(random >> 32) % freezer->worker_count;
    const bool all = random % ALL_EVERY == 0;

    for (unsigned i = 0; i < freezer->worker_count; i++) {
        if (all || i == one)
            wait_until_it_got_on(freezer, i);
    }
    pause(next_random(&freezer->random));
    stop_if_stalled(freezer);
    for (unsigned i = 0; i < freezer->worker_count; i++) {
        if (all || i == one)
            suspend(freezer, i);
    }
    controller_complete_everything(&freezer->controller, &freezer->workers[one], all);
    for (unsigned i = 0; i < freezer->worker_count; i++)
        resume(freezer, i);
    freezer->freezes++;
    freezer->freezes_of_all += all;
    freezer->rounds++;
}

/* ------------------------------------------------------------------------------------------------
 * What must hold afterwards
 * --------------------------------------------------------------------------------------------- */

static void print_what_was_done(const struct freezer *freezer)
{
    HOSTMEM_STATISTICS statistics = statistics_of(&freezer->world.subject);
    ULONGLONG calls = 0;

    for (unsigned i = 0; i < freezer->worker_count; i++)
        calls += (ULONG)freezer->workers[i].caller.calls;
    print_message("  frozen %" PRIu64 " times, %" PRIu64 " of them all workers at once\n",
                  (uint64_t)freezer->freezes, (uint64_t)freezer->freezes_of_all);
    print_message("  calls completed meanwhile: %lu; by the workers in all: %" PRIu64 "\n",
                  (ULONG)freezer->controller.caller.calls, (uint64_t)calls);
    print_message("  regions released that the frozen thread was using: %" PRIu64 "\n",
                  (uint64_t)freezer->controller.contested_releases);
    print_message("  views unmapped that it was using: %" PRIu64 "\n",
                  (uint64_t)freezer->controller.contested_unmaps);
    print_message("  pressure told: %ld times; bookkeeping: %" PRIu64 " KiB\n",
                  freezer->world.listeners[0].told + freezer->world.listeners[1].told,
                  (uint64_t)statistics.Metadata.Now / 1024);
    places_print(&freezer->places);
}

static void assert_no_complaint(const struct caller *caller, const char *who, unsigned number)
{
    const struct complaint *first = &caller->first;

    if (!caller->complaints)
        return;
    print_error("%s %u: %u complaints, the first of %s: %s is 0x%" PRIx64 ", not 0x%" PRIx64 "\n",
                who, number, caller->complaints, method_names[first->method], first->what,
                (uint64_t)first->actual, (uint64_t)first->expected);
    fail();
}

/*
 * Checks that every thread has called every method, and that every worker went on after each
 * freeze.
 */
static void assert_completed(const struct caller *caller, ULONGLONG freezes)
{
    assert_at_least(caller->calls, freezes);
    for (int method = NO_METHOD + 1; method < METHODS; method++)
        assert_at_least(caller->completed[method], 1);
}

static void assert_all_went_well(const struct freezer *freezer, unsigned freezes)
{
    assert_figure(freezer->not_suspended, 0);
    for (unsigned i = 0; i < freezer->worker_count; i++) {
        assert_no_complaint(&freezer->workers[i].caller, "worker", i);
        assert_completed(&freezer->workers[i].caller, freezer->freezes_of[i]);
    }
    assert_no_complaint(&freezer->controller.caller, "the thread that froze", 0);
    assert_completed(&freezer->controller.caller, freezer->freezes);
    assert_at_least(places_frozen(&freezer->places, PLACE_HOSTMEM, true), freezes / INSIDE_SHARE);
    assert_at_least(places_frozen(&freezer->places, PLACE_SYSTEM, true), 1);
}

/* ------------------------------------------------------------------------------------------------
 * A run
 * --------------------------------------------------------------------------------------------- */

static HANDLE this_thread(void)
{
    HANDLE thread = NULL;

    assert_true(DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(),
                                &thread, 0, FALSE, DUPLICATE_SAME_ACCESS));
    return thread;
}

static bool frozen_enough(const struct freezer *freezer, unsigned freezes)
{
    if (freezer->freezes < freezes)
        return false;
    return places_frozen(&freezer->places, PLACE_HOSTMEM, true) >= freezes / INSIDE_SHARE ||
           freezer->freezes >= (ULONGLONG)freezes * MOST_TIMES_FREEZES;
}

void freezer_run(struct freezer *freezer, DWORD heap_flags, unsigned freezes, uint64_t seed)
{
    freezer->random = seed * UINT64_C(0xd1342543de82ef95) | 1;
    world_make(&freezer->world, heap_flags);
    workers_make(freezer->workers, freezer->worker_count, &freezer->world, seed);
    controller_make(&freezer->controller, &freezer->world, freezer->random);
    places_load(&freezer->places, freezer->world.subject.manager);
    freezer->thread = this_thread();
    watchdog_start(freezer);
    threads_start(&freezer->threads, freezer->worker_count, worker_run, freezer->workers,
                  sizeof(freezer->workers[0]));
    while (!frozen_enough(freezer, freezes))
        freeze_once(freezer);
    freezer->world.stop = 1;
    threads_join(&freezer->threads);
    watchdog_end();
    CloseHandle(freezer->thread);
    controller_end(&freezer->controller);
    print_what_was_done(freezer);
    assert_all_went_well(freezer, freezes);
    world_end(&freezer->world);
}
