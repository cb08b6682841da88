/*
 * region_operation.h: what every operation on a region has in common: writing the committed bits,
 * and ending the operation so that the books are right (protocols: region.h, activity.h). Also
 * the protocols of pages.foreign_requests and pages.transfers, by which threads whose requests
 * concern one address, but not one region, notice each other.
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

/* Ends a release that others are under way beside, after it has decommitted all pages. */
pages_result operation_end_release(struct pages *pages, struct region_operation *operation);

/*
 * Requests for memory of someone else are forwarded to the system. Between the look-up that
 * found no owner and the system's answer, the address may be handed out to this manager (only if
 * the program commits or frees what it does not hold). Then the request has changed a page of a
 * region that knows nothing of it. Both sides look for that, by pages.foreign_requests (how many
 * such requests have begun, above 16 bits of how many are under way):
 * - The foreign request counts itself in, asks the system, and then looks again whether a live
 *   region holds the address. If one does, it settles its pages there. Then it counts itself out.
 * - The thread that makes a region reads the word before it asks the system, and again after it has
 *   made the region live, with an operation of its own under way. If the word changed, or a request
 *   was under way, that operation settles before it ends. The same holds for the thread that makes
 *   a region live again because the system refused its release: until then a foreign request does
 *   not find the region.
 * A sequentially consistent fence stands between writing one's own part and reading the other's, so
 * one of the two sees the other. Either the foreign request finds the region live; or the thread
 * that makes the region finds the request, and then settles after the request has ended or before
 * the request itself settles.
 */
void operation_foreign_begin(struct pages *pages);

/* range: the pages concerned; an empty one means the whole region, if there is one by now. */
void operation_foreign_end(struct pages *pages, struct range range);

/*
 * A free of memory that the books do not know must not hit a region that is just being made at the
 * address (the free may have lost a race for the region that was there before). Threads that make
 * or release a region count themselves in pages.transfers, in the same form, from before they ask
 * the system until the books are written. While none is under way and the word does not change,
 * memory that the system calls allocated and that the books do not know is somebody else's.
 */
void operation_transfer_begin(struct pages *pages);
void operation_transfer_end(struct pages *pages);

uint64_t operation_transfers(const struct pages *pages);
bool operation_no_transfers_since(const struct pages *pages, uint64_t before);

/* True if the address is allocated, and not by this manager. False also when in doubt. */
bool operation_is_foreign(const struct pages *pages, uintptr_t address);

/* The word now; and whether it is unchanged since, with no foreign request under way. */
uint64_t operation_foreign_requests(const struct pages *pages);
bool operation_no_foreign_since(const struct pages *pages, uint64_t before);

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
