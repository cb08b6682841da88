/*
 * pattern.c: see pattern.h.
 */
#include "pattern.h"

const struct pattern *pattern_at(size_t index)
{
    static const struct pattern *const families[] = {
        memory_patterns, block_patterns, thread_patterns, page_patterns,
        find_patterns,   make_patterns,  many_patterns,   redirected_patterns};

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        for (const struct pattern *pattern = families[i]; pattern->name; pattern++) {
            if (index-- == 0)
                return pattern;
        }
    }
    return NULL;
}

bool pattern_has_side(const struct pattern *pattern, enum side side)
{
    return side_is_here(side) && (!pattern->works || pattern->works[side]);
}
