/*
 * measure.c: see measure.h.
 */
#include "measure.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <windows.h>

/* One thread's part of a round. */
struct part {
    work work;
    void *context;
    unsigned thread;
    uint64_t times;
    _Atomic unsigned *missing; /* threads that have not come to the start yet */
    double seconds;
    bool done;
};

static double now(void)
{
    LARGE_INTEGER count;
    LARGE_INTEGER frequency;

    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    return (double)count.QuadPart / (double)frequency.QuadPart;
}

static void run_part(struct part *part)
{
    double start;

    atomic_fetch_sub_explicit(part->missing, 1, memory_order_acq_rel);
    while (atomic_load_explicit(part->missing, memory_order_acquire))
        SwitchToThread();
    start = now();
    part->done = part->work(part->context, part->thread, part->times);
    part->seconds = now() - start;
}

static DWORD WINAPI part_main(LPVOID argument)
{
    run_part(argument);
    return 0;
}

/* Runs part 0 here and the others on threads of their own. One that finds no thread is not done. */
static void run_parts(struct part *parts, unsigned count)
{
    HANDLE threads[MOST_THREADS] = {NULL};

    for (unsigned i = 1; i < count; i++) {
        threads[i] = CreateThread(NULL, 0, part_main, &parts[i], 0, NULL);
        if (!threads[i])
            atomic_fetch_sub_explicit(parts[i].missing, 1, memory_order_acq_rel);
    }
    run_part(&parts[0]);
    for (unsigned i = 1; i < count; i++) {
        if (threads[i]) {
            WaitForSingleObject(threads[i], INFINITE);
            CloseHandle(threads[i]);
        }
    }
}

/* A round of one side: the slowest thread's seconds; negative when something went wrong. */
static double run_round(const struct comparison *comparison, work work, uint64_t times)
{
    struct part parts[MOST_THREADS];
    _Atomic unsigned missing = comparison->threads;
    double slowest = 0;

    for (unsigned i = 0; i < MOST_THREADS; i++)
        parts[i] = (struct part){work, comparison->context, i, times, &missing, 0, false};
    run_parts(parts, comparison->threads);
    for (unsigned i = 0; i < comparison->threads; i++) {
        if (!parts[i].done)
            return -1;
        if (parts[i].seconds > slowest)
            slowest = parts[i].seconds;
    }
    return slowest;
}

/* How many times the work fills a round; 0 when something went wrong. The rounds that find it out
 * also warm everything up. */
static uint64_t times_for(const struct comparison *comparison, work work, double seconds)
{
    for (uint64_t times = 8;; times *= 2) {
        double taken = run_round(comparison, work, times);

        if (taken < 0)
            return 0;
        if (taken >= seconds)
            return times;
        if (taken >= seconds / 16)
            return (uint64_t)((double)times * seconds / taken) + 1;
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* Sorts the values. */
static double quantile(double *values, size_t count, double share)
{
    qsort(values, count, sizeof(*values), compare_doubles);
    return values[(size_t)((double)(count - 1) * share + 0.5)];
}

/* The seconds of one operation on each side in one round; which side goes first alternates. */
static bool run_both(const struct comparison *comparison, unsigned round, const uint64_t times[2],
                     double *win32, double *hostmem)
{
    const work works[2] = {comparison->win32, comparison->hostmem};
    double seconds[2];

    for (unsigned i = 0; i < 2; i++) {
        unsigned side = (i + round) % 2;

        seconds[side] = run_round(comparison, works[side], times[side]);
        if (seconds[side] < 0)
            return false;
    }
    *win32 = seconds[0] / (double)times[0];
    *hostmem = seconds[1] / (double)times[1];
    return true;
}

static bool measure_into(const struct comparison *comparison, const struct effort *effort,
                         double *win32, double *hostmem, double *ratio)
{
    const uint64_t times[2] = {times_for(comparison, comparison->win32, effort->seconds),
                               times_for(comparison, comparison->hostmem, effort->seconds)};

    if (!times[0] || !times[1])
        return false;
    for (unsigned round = 0; round < effort->rounds; round++) {
        if (!run_both(comparison, round, times, &win32[round], &hostmem[round]))
            return false;
        ratio[round] = hostmem[round] / win32[round];
    }
    return true;
}

bool measure(const struct comparison *comparison, const struct effort *effort,
             struct figures *figures)
{
    size_t rounds = effort->rounds;
    double *values = malloc(3 * rounds * sizeof(*values));
    bool done;

    if (!values)
        return false;
    done = measure_into(comparison, effort, values, values + rounds, values + 2 * rounds);
    if (done) {
        figures->win32_ns = quantile(values, rounds, 0.5) * 1e9;
        figures->hostmem_ns = quantile(values + rounds, rounds, 0.5) * 1e9;
        figures->ratio = quantile(values + 2 * rounds, rounds, 0.5);
        figures->ratio_low = quantile(values + 2 * rounds, rounds, 0.25);
        figures->ratio_high = quantile(values + 2 * rounds, rounds, 0.75);
    }
    free(values);
    return done;
}
