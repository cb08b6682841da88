/*
 * audit.h: compares the books with the system, region by region, and then the sections, view by
 * view (section_audit.h).
 *
 * Runs while other threads work, and keeps none of them waiting. The comparison of a part of a
 * region counts only if the part was at rest throughout (activity.h), and a difference only if no
 * foreign request was under way either (region_operation.h). Otherwise it is made again, a few
 * times.
 */
#ifndef HOSTMEM_PAGES_AUDIT_AUDIT_H
#define HOSTMEM_PAGES_AUDIT_AUDIT_H

#include "pages/audit/audit_result.h"
#include "pages/pages.h"

/* False: the callback ended it. */
bool audit_run(const struct pages *pages, struct audit *audit, audit_callback *callback,
               void *context);

/*
 * The same without the system: compares the totals with the records. For books of which nobody
 * changes anything any more (reader/).
 */
bool audit_records(const struct pages *pages, struct audit *audit, audit_callback *callback,
                   void *context);

#endif
