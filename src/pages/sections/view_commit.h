/*
 * view_commit.h: commits by VirtualAlloc at an address inside a view of a known section. They go to
 * the books of the section (section.h says how), and are charged against the limits like those in a
 * region.
 *
 * A commit for which no view was found is forwarded, and may land in a view that is mapped
 * meanwhile (only if the program commits memory that it does not hold). Both sides look for that,
 * as foreign.h says of regions: the foreign request settles the pages that it was for, if a view
 * holds them by then (views_settle); the thread that maps a view settles all of it if a foreign
 * request was under way since before it asked Win32. Pages are never decommitted, so to settle is
 * to book what Win32 has committed and the books have not. A commit in a view that is being
 * unmapped fails, as if it had come later.
 */
#ifndef HOSTMEM_PAGES_SECTIONS_VIEW_COMMIT_H
#define HOSTMEM_PAGES_SECTIONS_VIEW_COMMIT_H

#include "pages/pages.h"
#include "pages/range.h"

/*
 * Carries the request out, for the pages of `range`, if a live view holds its address. False: none
 * does, and nothing was done. Otherwise *result is how it ended.
 */
bool view_commit(struct pages *pages, const struct pages_request *request, struct range range,
                 void **memory, pages_result *result);

/*
 * Books what Win32 has committed in the pages, as far as the live view that holds the first of them
 * shows them. False: there is no such view.
 */
bool views_settle(struct pages *pages, struct range range);

#endif
