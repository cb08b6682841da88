/*
 * segment.h: address space that is reserved at once and committed piece by piece from its start, as
 * loader heaps, code heaps and the collector's heap are. All that is committed in it carries the
 * segment's pattern.
 */
#ifndef STANDIN_SEGMENT_H
#define STANDIN_SEGMENT_H

#include "caller.h"

struct segment {
    char *base; /* NULL: not reserved */
    SIZE_T reserved;
    SIZE_T committed; /* bytes, from the base on */
    DWORD protect;    /* of committed pages */
    unsigned seed;    /* of the pattern */
};

/* type: what goes with MEM_RESERVE. The protection is that of pages committed later. */
void segment_reserve(struct caller *caller, struct segment *segment, SIZE_T size, DWORD type,
                     DWORD protect);

/* Commits so many bytes more, and fills them. */
void segment_commit(struct caller *caller, struct segment *segment, SIZE_T size);

/* Decommits all from there on; whole pages. */
void segment_decommit(struct caller *caller, struct segment *segment, SIZE_T from);

/* Looks at all that is committed. */
void segment_check(struct caller *caller, const struct segment *segment);

/* Checks and releases it; nothing if it is not reserved. */
void segment_release(struct caller *caller, struct segment *segment);

#endif
