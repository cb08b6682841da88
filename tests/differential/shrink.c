/*
 * shrink.c: see shrink.h.
 */
#include "shrink.h"

#include <stdlib.h>
#include <string.h>

/*
 * The difference to show, the shortest sequence so far that shows it, and room to try another
 * sequence.
 */
struct search {
    const struct world_maker *maker;
    struct sequence *best;
    struct outcome *outcome; /* of the best */
    struct sequence candidate;
    struct outcome candidate_outcome;
    const char *what;
    enum step_kind kind; /* of the step that shows it */
};

/* Plays the candidate. If it shows the same, it is the best, up to the step that shows it. */
static bool try_candidate(struct search *search)
{
    struct outcome *outcome = &search->candidate_outcome;

    if (play_again(search->maker, &search->candidate, outcome) ||
        strcmp(outcome->difference.what, search->what) != 0 ||
        search->candidate.steps[outcome->step].kind != search->kind)
        return false;
    search->candidate.count = outcome->step + 1;
    *search->best = search->candidate;
    *search->outcome = *outcome;
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * Fewer steps
 * --------------------------------------------------------------------------------------------- */

static bool leave_out(struct search *search, size_t at, size_t count)
{
    const struct sequence *best = search->best;
    struct sequence *candidate = &search->candidate;

    *candidate = *best;
    if (count > best->count - at)
        count = best->count - at;
    memmove(&candidate->steps[at], &candidate->steps[at + count],
            (best->count - at - count) * sizeof(candidate->steps[0]));
    candidate->count -= count;
    return try_candidate(search);
}

/* Begins at the end: later steps need the last ones least. True: a step was left out. */
static bool leave_out_all_of(struct search *search, size_t count)
{
    bool shorter = false;

    for (size_t at = search->best->count; at > 0;) {
        at = at > count ? at - count : 0;
        if (at < search->best->count && leave_out(search, at, count))
            shorter = true;
    }
    return shorter;
}

static bool shorten(struct search *search)
{
    bool shorter = false;

    for (size_t count = search->best->count / 2; count > 0; count /= 2) {
        while (leave_out_all_of(search, count))
            shorter = true;
    }
    return shorter;
}

/* ------------------------------------------------------------------------------------------------
 * Plainer steps
 * --------------------------------------------------------------------------------------------- */

static bool is_same_step(const struct step *a, const struct step *b)
{
    return a->offset == b->offset && a->size == b->size && a->type == b->type &&
           a->protect == b->protect;
}

static bool try_step(struct search *search, size_t at, const struct step *step)
{
    if (is_same_step(&search->best->steps[at], step))
        return false;
    search->candidate = *search->best;
    search->candidate.steps[at] = *step;
    return try_candidate(search);
}

static bool plainer_size(struct search *search, size_t at)
{
    const SIZE_T size = search->best->steps[at].size;
    const SIZE_T plainer[] = {0,
                              PAGE,
                              GRANULE,
                              2 * GRANULE,
                              (size + PAGE - 1) & ~(PAGE - 1),
                              size / 2 & ~(PAGE - 1),
                              size > PAGE ? size - PAGE : size};

    for (size_t i = 0; i < COUNT_OF(plainer); i++) {
        struct step step = search->best->steps[at];

        step.size = plainer[i];
        /* Smaller, or filled up to a page. */
        if ((step.size < size || step.size - size < PAGE) && try_step(search, at, &step))
            return true;
    }
    return false;
}

static bool plainer_offset(struct search *search, size_t at)
{
    const uintptr_t offset = search->best->steps[at].offset;
    const uintptr_t plainer[] = {offset & ~(GRANULE - 1), offset & ~(PAGE - 1)};

    for (size_t i = 0; i < COUNT_OF(plainer); i++) {
        struct step step = search->best->steps[at];

        step.offset = plainer[i];
        if (try_step(search, at, &step))
            return true;
    }
    return false;
}

static bool plainer_flags(struct search *search, size_t at)
{
    for (int bit = 31; bit >= 0; bit--) {
        struct step step = search->best->steps[at];

        step.type &= ~((DWORD)1 << bit);
        if (try_step(search, at, &step))
            return true;
    }
    return false;
}

static bool plainer_protection(struct search *search, size_t at)
{
    struct step step = search->best->steps[at];

    if (step.kind == STEP_FREE || step.kind == STEP_FREE_ALIEN)
        step.protect = 0;
    else if (step.kind != STEP_GET_WATCH)
        step.protect = PAGE_READWRITE;
    return try_step(search, at, &step);
}

/* A step that became plainer may become plainer still. A size can be halved at most 64 times. */
static bool simplify_step(struct search *search, size_t at)
{
    bool plainer = false;

    for (int times = 0; times < 64 && at < search->best->count; times++) {
        if (!plainer_protection(search, at) && !plainer_flags(search, at) &&
            !plainer_offset(search, at) && !plainer_size(search, at))
            break;
        plainer = true;
    }
    return plainer;
}

static bool simplify(struct search *search)
{
    bool plainer = false;

    for (size_t at = 0; at < search->best->count; at++)
        plainer = simplify_step(search, at) || plainer;
    return plainer;
}

/* ------------------------------------------------------------------------------------------------
 * Both
 * --------------------------------------------------------------------------------------------- */

/* With everything compared after each step, the difference may be seen earlier, or as another. */
static bool begin(struct search *search)
{
    struct outcome *outcome = search->outcome;

    if (play_again(search->maker, search->best, outcome))
        return false;
    search->best->count = outcome->step + 1;
    search->what = outcome->difference.what;
    search->kind = search->best->steps[outcome->step].kind;
    return true;
}

bool shrink(const struct world_maker *maker, struct sequence *sequence, struct outcome *outcome)
{
    struct search *search = calloc(1, sizeof(*search));
    bool found;

    assert_non_null(search);
    search->maker = maker;
    search->best = sequence;
    search->outcome = outcome;
    found = begin(search);
    if (found) {
        do
            shorten(search);
        while (simplify(search));
        shorten(search);
    }
    free(search);
    return found;
}
