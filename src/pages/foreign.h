/*
 * foreign.h: requests for memory of someone else, which are forwarded to the system, beside regions
 * that are being made. Two protocols, by which threads whose requests concern one address, but not
 * one region, notice each other. In both, a sequentially consistent fence stands between writing
 * one's own part and reading the other's, so one of the two sees the other.
 *
 * Commits and decommits. Between the look-up that found no owner and the system's answer, the
 * address may be handed out to this manager (only if the program commits or frees what it does not
 * hold). Then the request has changed a page of a region that knows nothing of it. Both sides look
 * for that, by pages.foreign_requests (how many such requests have begun, above 16 bits of how many
 * are under way):
 * - The foreign request counts itself in, asks the system, and then looks again whether a live
 *   region holds the address. If one does, it settles its pages there. Then it counts itself out.
 * - The thread that makes a region reads the word before it asks the system, and again after it has
 *   made the region live, and unsettled (region.h). If the word changed, or a request was under
 * way, that thread settles the region. The same holds for the thread that makes a region live again
 *   because the system refused its release: until then a foreign request does not find the region.
 * Either the foreign request finds the region live; or the thread that makes the region finds the
 * request, and then settles after the request has ended or before the request itself settles.
 *
 * Releases. A release of memory that the books do not know must not hit a region that is just being
 * made at the address (it may have lost a race for the region that was there before, or be a second
 * one). It takes a slot of pages.foreign_releases, which holds the page and a state:
 *
 *   0 -> LOOKING           by the release, which then asks the system whether the address is
 *                          allocated, and the books whether they know it
 *   LOOKING -> RELEASING   by the release, if they do not; then it asks the system
 *   LOOKING -> DENIED      by a thread that has been handed the address by the system: it keeps it,
 *                          and the release is refused
 *   RELEASING -> ABANDONED by such a thread: it leaves the memory to the release, and asks the
 *                          system for other memory
 *   ABANDONED -> ABANDONED by another such thread, which does the same
 *   ABANDONED -> RELEASING by the release, before it releases what begins at the address now
 *   RELEASING -> DENIED    by the release, if nothing was abandoned to it since its last request
 *   any -> 0               by the release, at its end
 *
 * The thread that makes a region looks through the slots when the books know the region (MAKING,
 * region.h), and before it hands it out. The memory that it abandons may have been handed to it
 * before the release reached the system, which then took it away; or because the release had. So
 * the release, when it finds that it was abandoned to, releases what still begins at the address.
 * In the first case the system may hand out the same address again, also to the same thread: a
 * thread that finds the slot ABANDONED leaves the memory to the release as well.
 * A release that has ended by then, and was not there when the thread asked the system, may have
 * taken the memory away, too: pages.foreign_released counts them, and if it has changed, the thread
 * asks the system whether it still has what it was handed. Thus a release decides at once, whatever
 * other threads do, and nobody waits.
 *
 * A slot counts, above its state, how often memory was abandoned to its release: each step to
 * ABANDONED adds one. Memory that was abandoned is released by one of the release's requests to the
 * system, and was never the memory that it was asked for. So the release succeeds only if more of
 * its requests have succeeded than memory was abandoned to it.
 *
 * What the system tells and what the books tell are read one after the other. A region may leave in
 * between, so the system is asked again once one that was leaving is gone. A maker may have been
 * handed the memory and not have booked it yet, so a release looks a few times more while calls are
 * under way that may make regions.
 *
 * What cannot be decided, and why it hardly comes up. A maker may stand still between the system's
 * answer and its own next step. The memory then looks as somebody else's would, of the same
 * address, size and protection, with the maker right before its request: the system does not tell
 * who asked, and the maker has not written anything between. A release must answer at once. In the
 * first case it has to fail, and in the second to succeed, and it sees the same in both. No order
 * of steps helps. Announcing an address first and then asking for it does not either: the second
 * case is then that somebody else was quicker, and the maker's request is going to fail. So the two
 * cases must not both be possible, and where the system chooses the address, they are. Where this
 * manager chooses (places.h), they are apart by place and by time:
 * - By place: the system gives nobody else's memory an address there. So a release of memory that
 *   Win32 handed out is one of an address that never was a region's, and is forwarded as it is.
 *   Memory is somebody else's there only if that asked for the very address.
 * - By time: a record rests when its region is gone (region_table.h). Until 1,024 other regions
 *   have gone, nobody makes a region there. So a second release finds the region leaving, or the
 *   address free; and the release of what somebody else put there by name meets no maker.
 *
 * What is left, then, is on x86, and for regions that have no places: of more than 2 MiB, of code,
 * or with an address or with flags; and after 1,024 other releases, while a maker stands still.
 * If a program releases one address twice, and the system hands it out once more, and its maker
 * stands between the system's answer and the books for as long as the second release takes, that
 * release is told success, and the maker asks for other memory. If the system meanwhile hands out
 * the address to yet another maker, the first takes that for its own. And a release is refused
 * although it is of somebody else's memory, if at that moment a thread stands right behind the
 * system's release of a region of this manager that began and ended at the same addresses: nothing
 * tells that from the moment right before it.
 */
#ifndef HOSTMEM_PAGES_FOREIGN_H
#define HOSTMEM_PAGES_FOREIGN_H

#include "pages/region_operation.h"

/* The word now; and whether it is unchanged since, with no foreign request under way. */
uint64_t foreign_requests(const struct pages *pages);
bool foreign_none_since(const struct pages *pages, uint64_t before);

void foreign_begin(struct pages *pages);

/* range: the pages concerned; an empty one means the whole region, if there is one by now. */
void foreign_end(struct pages *pages, struct range range);

/* Whether the system has handed out the page, and not to this manager, as far as the books know. */
bool foreign_is(const struct pages *pages, uintptr_t page);

/* Releases memory that is not this manager's; OS_ERROR_INVALID_ADDRESS if it is, or is free. */
pages_result foreign_release(struct pages *pages, void *address);

/* What a thread that makes a region reads before it asks the system. */
uint64_t foreign_releases(const struct pages *pages);

/*
 * For a thread that makes a region of that range, which the books know: whether it may keep it.
 * False: the memory is gone, or is a release's now.
 */
bool foreign_releases_spare(struct pages *pages, struct range range, uint64_t before);

#endif
