/*
 * page_owner.h: the owners that a report knows of the pages of a process.
 */
#ifndef HOSTMEM_BOARD_PAGE_OWNER_H
#define HOSTMEM_BOARD_PAGE_OWNER_H

enum page_owner {
    PAGE_OWNER_HOSTMEM, /* handed out by hostmem */
    PAGE_OWNER_SECTION, /* sections that hostmem knows: a page that several views show counts once
                         */
    PAGE_OWNER_IMAGE,   /* programs and libraries */
    PAGE_OWNER_FILE,    /* mapped files and shared memory */
    PAGE_OWNER_BOOKS,   /* what hostmem itself keeps, shared with hostmem-run */
    PAGE_OWNER_OTHER,   /* other private memory: stacks, the system's heaps, hostmem's own */
    PAGE_OWNERS
};

#endif
