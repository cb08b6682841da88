/*
 * books_read.h: the books of another process, through the section that it keeps them in.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_BOOKS_READ_H
#define HOSTMEM_RUN_SNAPSHOT_BOOKS_READ_H

#include <hostmem/hostmem.h>

/* What they say now. Release it. NULL: the books make no sense, or there is no memory. */
IHostMemInspection *books_read(HANDLE section);

/* Books can be read by hostmem.dll of the same version alone. GO_ON, or the exit code of the
 * failure that it has announced. */
int books_check_version(void);

#endif
