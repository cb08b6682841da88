/*
 * made_up_snapshot.h: a snapshot of no process, for the tests of the reports. A test sets what its
 * promise is about; all else is 0.
 */
#ifndef HOSTMEM_TESTS_RUN_MADE_UP_SNAPSHOT_H
#define HOSTMEM_TESTS_RUN_MADE_UP_SNAPSHOT_H

#include "report/snapshot.h"

enum {
    DIFFERENCE_KINDS = HostMemSectionViewsTotal /* they begin at 1 */
};

/*
 * CoreCLR 2.0.0 ran Program.exe, whose Main returned 3. The audit compared 7 regions of 1,234,567
 * committed bytes, and the totals.
 */
struct snapshot made_up_snapshot(void);

/*
 * A difference of that kind: 4,096,000 in the books, 8,192 in the system. address: where, in the
 * region at 0x10000; NULL: nowhere.
 */
HOSTMEM_DIFFERENCE made_up_difference(HOSTMEM_DIFFERENCE_KIND kind, void *address);

#endif
