/*
 * watchdog.c: see freeze_rounds.h.
 */
#include "freeze_rounds.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STACK_WORDS 1024u
#define MOST_RETURNS 40u

/* Where a thread stood: noted while it is frozen, printed when it no longer is. */
struct stand {
    bool known;
    bool frozen; /* by the thread that freezes */
    enum method method;
    uintptr_t instruction;
    uintptr_t words[STACK_WORDS]; /* the top of its stack */
    unsigned count;
};

static HANDLE finished;
static struct threads watchdog;
static struct stand stands[MOST_WORKERS + 1]; /* of the workers, and of the one that freezes */

/* The committed part of a stack ends at its highest address, where the stack begins. */
static uintptr_t end_of_stack(uintptr_t stack)
{
    MEMORY_BASIC_INFORMATION range;

    if (!VirtualQuery((const void *)stack, &range, sizeof(range)))
        return stack;
    return (uintptr_t)range.BaseAddress + range.RegionSize;
}

static void note_stand(struct stand *stand, HANDLE thread, const struct caller *caller)
{
    uintptr_t stack, end;

    stand->method = (enum method)caller->method;
    stand->known = thread_position(thread, &stand->instruction, &stack);
    if (!stand->known)
        return;
    end = end_of_stack(stack);
    while (stand->count < STACK_WORDS && stack + sizeof(uintptr_t) <= end) {
        memcpy(&stand->words[stand->count++], (const void *)stack, sizeof(uintptr_t));
        stack += sizeof(uintptr_t);
    }
}

/* A thread that is frozen already is frozen once more. */
static void note_stand_of(struct stand *stand, HANDLE thread, const struct caller *caller)
{
    SuspendThread(thread);
    note_stand(stand, thread, caller);
    ResumeThread(thread);
}

static void note_all(struct freezer *freezer)
{
    for (unsigned i = 0; i < freezer->worker_count; i++) {
        stands[i].frozen = freezer->frozen[i] != 0;
        note_stand_of(&stands[i], freezer->threads.handles[i], &freezer->workers[i].caller);
    }
    note_stand_of(&stands[freezer->worker_count], freezer->thread, &freezer->controller.caller);
}

static void tell_stand(const struct places *places, const struct stand *stand, const char *who)
{
    char name[PLACE_NAME];
    unsigned told = 0;

    if (!stand->known)
        return;
    places_name(places, stand->instruction, name);
    print_message("  %s, in %s, at 0x%" PRIxPTR ": %s\n", who, method_names[stand->method],
                  stand->instruction, name);
    for (unsigned i = 0; i < stand->count && told < MOST_RETURNS; i++) {
        if (!places_is_return(places, stand->words[i]))
            continue;
        places_name(places, stand->words[i], name);
        print_message("    on its stack: %s\n", name);
        told++;
    }
}

/* Of the workers that are frozen, or of those that are not. */
static void tell_workers(const struct freezer *freezer, bool frozen)
{
    char who[32];

    for (unsigned i = 0; i < freezer->worker_count; i++) {
        if (stands[i].frozen != frozen)
            continue;
        snprintf(who, sizeof(who), "%s: worker %u", frozen ? "frozen" : "running", i);
        tell_stand(&freezer->places, &stands[i], who);
    }
}

static void tell_all(const struct freezer *freezer)
{
    const struct stand *waiting = &stands[freezer->worker_count];

    print_message("[  FAILED  ] the watchdog: after %" PRIu64
                  " freezes, %s has not ended for %u s\n",
                  (uint64_t)freezer->freezes,
                  waiting->method ? method_names[waiting->method] : "the wait for other threads",
                  freezer->stall_seconds);
    tell_stand(&freezer->places, waiting, "waiting: the thread that freezes");
    tell_workers(freezer, false);
    tell_workers(freezer, true);
    fflush(stdout);
}

/*
 * Notes where all threads stand before it resumes any, and prints nothing before it has resumed
 * all.
 */
static void bite(struct freezer *freezer)
{
    freezer->stalled = 1;
    note_all(freezer);
    for (unsigned i = 0; i < freezer->worker_count; i++) {
        if (stands[i].frozen)
            ResumeThread(freezer->threads.handles[i]);
    }
    tell_all(freezer);
    TerminateProcess(GetCurrentProcess(), 3);
}

static DWORD WINAPI watch(void *context)
{
    struct freezer *freezer = context;
    LONG calls = 0, rounds = 0;
    unsigned still = 0;

    while (WaitForSingleObject(finished, 1000) == WAIT_TIMEOUT) {
        const bool moved = freezer->controller.caller.calls != calls || freezer->rounds != rounds;

        still = moved ? 0 : still + 1;
        calls = freezer->controller.caller.calls;
        rounds = freezer->rounds;
        if (still == freezer->stall_seconds)
            bite(freezer);
    }
    return 0;
}

void watchdog_start(struct freezer *freezer)
{
    finished = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_non_null(finished);
    threads_start(&watchdog, 1, watch, freezer, 0);
}

void watchdog_end(void)
{
    SetEvent(finished);
    threads_join(&watchdog);
    CloseHandle(finished);
}
