/*
 * region_operation.h: what every operation on a region has in common: writing the committed bits,
 * and ending the operation so that the books are right (protocols: region.h, activity.h).
 */
#ifndef HOSTMEM_PAGES_REGION_OPERATION_H
#define HOSTMEM_PAGES_REGION_OPERATION_H

#include "pages/pages.h"

static inline bool range_is_inside(const struct region_operation *operation, struct range range)
{
    return range.begin >= operation->base && range.end - operation->base <= operation->size;
}

/* Says which pages the operation may change. Comes before the system is asked. */
void operation_concerns(struct pages *pages, struct region_operation *operation,
                        struct range range);

/*
 * Sets the bits of a range that the system has committed in the region, and notes as granted those
 * that were clear. `asked` is what was charged for that, in bytes: what was charged too much is
 * returned, and what is missing is charged, whatever the limit.
 */
void operation_book_commit(struct pages *pages, struct region *region, struct range range,
                           uint64_t asked);

/* Clears the bits of a range that is no longer committed, and refunds those that were set. */
void operation_book_decommit(struct pages *pages, struct region *region, struct range range);

/*
 * Ends an operation. If it is the last one on a region that has been claimed for release, it
 * releases it; the result is that of the release.
 */
pages_result operation_end(struct pages *pages, struct region_operation *operation);

/*
 * Ends the operation of the thread that has made the region live. settled: no foreign request can
 * have changed a page.
 */
pages_result operation_end_making(struct pages *pages, struct region_operation *operation,
                                  bool settled);

/*
 * Ends a release that others are under way beside: the last of them gives the memory back. Unless
 * they may be reading (pages_release_block), all pages have been decommitted before.
 */
pages_result operation_end_release(struct pages *pages, struct region_operation *operation);

/*
 * Has the operation settle the range in any case when it ends: for pages that others may have
 * changed.
 */
void operation_must_settle(struct pages *pages, struct region_operation *operation,
                           struct range range);

/*
 * Settles the range in the live region, if any, that holds its first byte. All of the region if the
 * range is empty, or does not lie in it.
 */
void operation_settle_owner(struct pages *pages, struct range range);

/*
 * The result of an operation, when `ended` is the result of operation_end. If the operation
 * released the region for another thread and the system refused, that is not its own failure. A
 * contradiction is.
 */
static inline pages_result operation_result(pages_result result, pages_result ended)
{
    return result == PAGES_OK && ended == PAGES_CONTRADICTED ? ended : result;
}

/* Gives a claimed region back to the system. Only its last operation calls this. */
pages_result operation_finish_release(struct pages *pages, struct region_operation *operation);

#endif
