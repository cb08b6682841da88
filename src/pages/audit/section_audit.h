/*
 * section_audit.h: the part of an audit (pages/audit/audit.h) that compares sections with the
 * system.
 *
 * Only views have addresses that the system can be asked about. So the pages of a section are
 * compared through each of its views; what no view shows is not compared: Win32 does not tell how
 * much of a section is committed, and a view that the audit mapped for itself might take the
 * address that the program wants next, or show something else if the handle was closed unseen. The
 * comparison of a view counts only if the view was there throughout, and no thread was committing
 * pages of its section. Otherwise it is made again, a few times, and then left out.
 *
 * All views are looked through for each section, and once more for each run of pages that one view
 * says is not committed: 1,000 sections with a view each take some 15 ms, 8,000 some 600.
 *
 * A page is committed for the system if any view says so. All should say the same; but Wine 8 does
 * not tell other views of a commit that reaches the end of the view in which it is made.
 */
#ifndef HOSTMEM_PAGES_AUDIT_SECTION_AUDIT_H
#define HOSTMEM_PAGES_AUDIT_SECTION_AUDIT_H

#include "pages/audit/audit_result.h"
#include "pages/sections/sections.h"

/* Compares all sections, and adds them up in *audit. False: the callback ended it. */
bool section_audit_run(const struct sections *sections, struct audit *audit,
                       audit_callback *callback, void *context);

/* Adds up what the records say, without the system. */
void section_audit_records(const struct sections *sections, struct audit *audit);

#endif
