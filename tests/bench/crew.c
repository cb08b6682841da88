/*
 * crew.c: see crew.h.
 */
#include "crew.h"

#include <stdatomic.h>

struct member {
    struct crew *crew;
    HANDLE thread; /* NULL: the caller of crew_run itself */
    HANDLE begin;  /* set for each round, and once more for the end */
    HANDLE done;
    unsigned number;
    double start; /* of its part of the round */
    double end;
    bool succeeded;
};

/*
 * Protocol. `round` is written before the members' begin events are set, and read after: the events
 * order both. `missing` counts the members that have not come to the start yet; the last one's
 * fetch_sub releases the others, which spin on it.
 */
struct crew {
    unsigned count;
    const struct round *round; /* NULL: the members are to end */
    _Atomic unsigned missing;
    struct member members[MOST_THREADS];
};

double now_in_seconds(void)
{
    LARGE_INTEGER count;
    LARGE_INTEGER frequency;

    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    return (double)count.QuadPart / (double)frequency.QuadPart;
}

static void run_part(struct member *member, const struct round *round)
{
    struct crew *crew = member->crew;

    if (round->warm)
        round->work(round->state, member->number, 1);
    atomic_fetch_sub_explicit(&crew->missing, 1, memory_order_acq_rel);
    while (atomic_load_explicit(&crew->missing, memory_order_acquire))
        SwitchToThread();
    member->start = now_in_seconds();
    member->succeeded = round->work(round->state, member->number, round->times);
    member->end = now_in_seconds();
}

static DWORD WINAPI member_main(LPVOID argument)
{
    struct member *member = argument;

    for (;;) {
        const struct round *round;

        WaitForSingleObject(member->begin, INFINITE);
        round = member->crew->round;
        if (!round)
            return 0;
        run_part(member, round);
        SetEvent(member->done);
    }
}

static bool begin_member(struct member *member)
{
    member->begin = CreateEventW(NULL, FALSE, FALSE, NULL);
    member->done = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (member->begin && member->done)
        member->thread = CreateThread(NULL, 0, member_main, member, 0, NULL);
    return member->thread != NULL;
}

struct crew *crew_begin(unsigned threads, bool all_new)
{
    struct crew *crew = calloc(1, sizeof(*crew));

    if (!crew)
        return NULL;
    crew->count = threads;
    for (unsigned i = 0; i < threads; i++) {
        crew->members[i].crew = crew;
        crew->members[i].number = i;
        if ((i > 0 || all_new) && !begin_member(&crew->members[i])) {
            crew_end(crew);
            return NULL;
        }
    }
    return crew;
}

static void end_member(struct member *member)
{
    if (member->thread) {
        SetEvent(member->begin);
        WaitForSingleObject(member->thread, INFINITE);
        CloseHandle(member->thread);
    }
    if (member->begin)
        CloseHandle(member->begin);
    if (member->done)
        CloseHandle(member->done);
}

void crew_end(struct crew *crew)
{
    crew->round = NULL;
    for (unsigned i = 0; i < crew->count; i++)
        end_member(&crew->members[i]);
    free(crew);
}

/* The seconds between the first start and the last end; negative: a member did not succeed. */
static double seconds_of(const struct crew *crew)
{
    double start = crew->members[0].start;
    double end = crew->members[0].end;

    for (unsigned i = 0; i < crew->count; i++) {
        const struct member *member = &crew->members[i];

        if (!member->succeeded)
            return -1;
        start = member->start < start ? member->start : start;
        end = member->end > end ? member->end : end;
    }
    return end - start;
}

double crew_run(struct crew *crew, const struct round *round)
{
    crew->round = round;
    atomic_store_explicit(&crew->missing, crew->count, memory_order_relaxed);
    for (unsigned i = 0; i < crew->count; i++)
        if (crew->members[i].thread)
            SetEvent(crew->members[i].begin);
    if (!crew->members[0].thread)
        run_part(&crew->members[0], round);
    for (unsigned i = 0; i < crew->count; i++)
        if (crew->members[i].thread)
            WaitForSingleObject(crew->members[i].done, INFINITE);
    return seconds_of(crew);
}
