/*
 * pattern.h: the patterns that are measured. Each family of them is a file of its own.
 */
#ifndef HOSTMEM_BENCH_PATTERN_H
#define HOSTMEM_BENCH_PATTERN_H

#include "crew.h"
#include "side.h"

struct pattern {
    const char *name; /* family/what; lists and --filter go by it */
    unsigned threads;
    bool new_threads;       /* each round runs on threads that have just begun */
    const work *works;      /* one a side; NULL for a side that has no such thing */
    const void *parameters; /* the family's own */

    /* Makes what one side needs, before its first round, and gives it back after the last. */
    void *(*begin)(const struct pattern *pattern, enum side side, bool quick);
    bool (*end)(void *state);

    /*
     * Instead of the above, in patterns that are measured once: bytes held for each byte live;
     * negative when it went wrong. Such patterns come first, before the process has used its heaps.
     */
    double (*hold)(const struct pattern *pattern, enum side side, bool quick);
};

/* The families; each ends with a pattern without a name. */
extern const struct pattern memory_patterns[];
extern const struct pattern block_patterns[];
extern const struct pattern thread_patterns[];
extern const struct pattern page_patterns[];
extern const struct pattern find_patterns[];
extern const struct pattern make_patterns[];
extern const struct pattern many_patterns[];
extern const struct pattern redirected_patterns[];

/* All of them, one after the other: NULL after the last. */
const struct pattern *pattern_at(size_t index);

/* A side takes part in a pattern if it is here and has such a thing. */
bool pattern_has_side(const struct pattern *pattern, enum side side);

/* Numbers that look random, cheaply. */
static inline uint32_t next_chance(uint32_t *chance)
{
    *chance = *chance * 1664525u + 1013904223u;
    return *chance >> 8;
}

#endif
