/*
 * segment.c: reserve, commit at interior addresses, decommit, release.
 */
#include "segment.h"

void segment_reserve(struct caller *caller, struct segment *segment, SIZE_T size, DWORD type,
                     DWORD protect)
{
    static unsigned seeds; /* segments are made by one thread at a time */

    segment->base = caller_alloc(caller, NULL, size, MEM_RESERVE | type, protect);
    segment->reserved = size;
    segment->committed = 0;
    segment->protect = protect;
    segment->seed = ++seeds;
}

void segment_commit(struct caller *caller, struct segment *segment, SIZE_T size)
{
    char *at;

    if (caller->failed)
        return;
    if (size > segment->reserved - segment->committed) {
        caller_fail(caller, "a commit beyond its segment", E_UNEXPECTED);
        return;
    }
    at = segment->base + segment->committed;
    if (caller_alloc(caller, at, size, MEM_COMMIT, segment->protect) != at)
        caller_fail(caller, "VirtualAlloc at an address", E_UNEXPECTED);
    caller_check_zero(caller, at, size);
    caller_fill(caller, at, size, segment->seed);
    if (!caller->failed)
        segment->committed += size;
}

void segment_decommit(struct caller *caller, struct segment *segment, SIZE_T from)
{
    if (caller->failed || from >= segment->committed)
        return;
    caller_free(caller, segment->base + from, segment->committed - from, MEM_DECOMMIT);
    segment->committed = from;
}

void segment_check(struct caller *caller, const struct segment *segment)
{
    caller_check(caller, segment->base, segment->committed, segment->seed);
}

void segment_release(struct caller *caller, struct segment *segment)
{
    if (!segment->base)
        return;
    segment_check(caller, segment);
    caller_free(caller, segment->base, 0, MEM_RELEASE);
    segment->base = NULL;
    segment->committed = 0;
}
