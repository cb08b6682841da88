/*
 * measure.c: see measure.h.
 */
#include "measure.h"

/* With fewer operations a round of many threads would measure little but the threads' start. */
#define FEWEST_OF_NEW_THREADS 4096

/* One pattern while it is measured. A side that takes no part has no state. */
struct stage {
    const struct pattern *pattern;
    const struct effort *effort;
    struct crew *crew;
    void *states[SIDES];
    uint64_t times[SIDES];
    double *values[SIDES]; /* one a round */
    double *ratios;
};

unsigned processors(void)
{
    SYSTEM_INFO information;

    GetSystemInfo(&information);
    return information.dwNumberOfProcessors;
}

/* ------------------------------------------------------------------------------------------------
 * Spreads
 * --------------------------------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* Sorts the values. */
static struct spread spread_of(double *values, size_t count)
{
    size_t last = count - 1;

    qsort(values, count, sizeof(*values), compare_doubles);
    return (struct spread){values[0], values[(last + 2) / 4], values[last / 2],
                           values[(3 * last + 2) / 4], values[last]};
}

/* The ratios of two sides, round by round. Call it before the values are sorted. */
static struct spread ratios_to(const struct stage *stage, enum side side)
{
    size_t rounds = stage->effort->rounds;

    if (!stage->states[side])
        return (struct spread){0};
    for (size_t i = 0; i < rounds; i++)
        stage->ratios[i] = stage->values[SIDE_HOSTMEM][i] / stage->values[side][i];
    return spread_of(stage->ratios, rounds);
}

static void read_figures(const struct stage *stage, struct figures *figures)
{
    figures->to_win32 = ratios_to(stage, SIDE_WIN32);
    figures->to_mimalloc = ratios_to(stage, SIDE_MIMALLOC);
    for (enum side side = 0; side < SIDES; side++)
        if (stage->states[side])
            figures->sides[side] = spread_of(stage->values[side], stage->effort->rounds);
}

/* ------------------------------------------------------------------------------------------------
 * Rounds
 * --------------------------------------------------------------------------------------------- */

/* Outside the time that is measured. */
static bool renew_crew(struct stage *stage)
{
    if (stage->crew)
        crew_end(stage->crew);
    stage->crew = crew_begin(stage->pattern->threads, stage->pattern->new_threads);
    return stage->crew != NULL;
}

/* The seconds of a round; negative when something went wrong. */
static double run_round(struct stage *stage, enum side side)
{
    struct round round = {stage->pattern->works[side], stage->states[side], stage->times[side],
                          stage->pattern->new_threads};

    if (stage->pattern->new_threads && !renew_crew(stage))
        return -1;
    return crew_run(stage->crew, &round);
}

/*
 * How long a round of the pattern shall take. With more threads than processors it takes time until
 * the threads disturb each other, and new threads take time to set up their allocators' data.
 */
static double round_seconds(const struct stage *stage)
{
    double seconds = stage->effort->seconds;

    if (stage->pattern->new_threads)
        return 20 * seconds;
    return stage->pattern->threads > 1 ? 5 * seconds : seconds;
}

/*
 * The shortest of some rounds: the first one warms the caches, and a thread that shares its
 * processor with other work may wait for it longer than a round takes. Negative: it went wrong.
 */
static double shortest_round(struct stage *stage, enum side side)
{
    unsigned tries = stage->pattern->threads > 1 ? 8 : 2;
    double shortest = run_round(stage, side);

    while (--tries > 0 && shortest >= round_seconds(stage) / 4) {
        double taken = run_round(stage, side);

        shortest = taken < shortest ? taken : shortest;
    }
    return shortest;
}

/*
 * How many times the work fills half a round at least; 0 when something went wrong. It is tried out
 * in steps, since a thread's first times may take longer than many later ones. The rounds that find
 * it out also warm everything up.
 */
static uint64_t times_for(struct stage *stage, enum side side)
{
    double seconds = round_seconds(stage);

    stage->times[side] = stage->pattern->new_threads ? FEWEST_OF_NEW_THREADS : 1;
    for (;; stage->times[side] *= 4) {
        double taken = shortest_round(stage, side);

        if (taken < 0)
            return 0;
        if (taken >= seconds / 2)
            return stage->times[side];
        if (taken >= seconds / 4)
            return 2 * stage->times[side];
    }
}

/* Nanoseconds of an operation on each side in one round; which side goes first changes. */
static bool run_sides(struct stage *stage, unsigned round)
{
    unsigned threads = stage->pattern->threads;
    unsigned used = threads < processors() ? threads : processors();

    for (unsigned i = 0; i < SIDES; i++) {
        enum side side = (i + round) % SIDES;
        double seconds;

        if (!stage->states[side])
            continue;
        seconds = run_round(stage, side);
        if (seconds < 0)
            return false;
        stage->values[side][round] = seconds * 1e9 * used / ((double)stage->times[side] * threads);
    }
    return true;
}

static bool run_rounds(struct stage *stage)
{
    for (enum side side = 0; side < SIDES; side++) {
        if (!stage->states[side])
            continue;
        stage->times[side] = times_for(stage, side);
        if (!stage->times[side])
            return false;
    }
    for (unsigned round = 0; round < stage->effort->rounds; round++) {
        if (!run_sides(stage, round))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * A pattern
 * --------------------------------------------------------------------------------------------- */

static bool begin_sides(struct stage *stage)
{
    const struct pattern *pattern = stage->pattern;

    for (enum side side = 0; side < SIDES; side++) {
        if (!pattern_has_side(pattern, side))
            continue;
        stage->states[side] = pattern->begin(pattern, side, stage->effort->quick);
        if (!stage->states[side])
            return false;
    }
    return true;
}

static bool end_sides(const struct stage *stage)
{
    bool done = true;

    for (enum side side = 0; side < SIDES; side++)
        if (stage->states[side])
            done = stage->pattern->end(stage->states[side]) && done;
    return done;
}

/* values: room for rounds of all sides, and of the ratios. */
static bool measure_times(struct stage *stage, double *values, struct figures *figures)
{
    size_t rounds = stage->effort->rounds;
    bool done;

    for (enum side side = 0; side < SIDES; side++)
        stage->values[side] = values + side * rounds;
    stage->ratios = values + SIDES * rounds;
    done = begin_sides(stage) && renew_crew(stage) && run_rounds(stage);
    if (done)
        read_figures(stage, figures);
    done = end_sides(stage) && done;
    if (stage->crew)
        crew_end(stage->crew);
    return done;
}

static struct spread all_the_same(double value)
{
    return (struct spread){value, value, value, value, value};
}

static bool measure_held(const struct pattern *pattern, bool quick, struct figures *figures)
{
    double held[SIDES] = {0};

    for (enum side side = 0; side < SIDES; side++) {
        if (!pattern_has_side(pattern, side))
            continue;
        held[side] = pattern->hold(pattern, side, quick);
        if (held[side] < 0)
            return false;
        figures->sides[side] = all_the_same(held[side]);
    }
    figures->to_win32 = all_the_same(held[SIDE_HOSTMEM] / held[SIDE_WIN32]);
    if (held[SIDE_MIMALLOC] > 0)
        figures->to_mimalloc = all_the_same(held[SIDE_HOSTMEM] / held[SIDE_MIMALLOC]);
    return true;
}

bool measure(const struct pattern *pattern, const struct effort *effort, struct figures *figures)
{
    struct stage stage = {.pattern = pattern, .effort = effort};
    double *values;
    bool done;

    *figures = (struct figures){0};
    if (pattern->hold)
        return measure_held(pattern, effort->quick, figures);
    values = calloc((size_t)(SIDES + 1) * effort->rounds, sizeof(*values));
    if (!values)
        return false;
    done = measure_times(&stage, values, figures);
    free(values);
    return done;
}
