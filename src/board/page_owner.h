/*
 * page_owner.h: the owners that a report knows of the pages of a process, and what each has.
 *
 * The owners up to PAGE_OWNER_SECTION are in the books, and the rest is what is not: every page of
 * the process is somebody's, and of one owner only.
 */
#ifndef HOSTMEM_BOARD_PAGE_OWNER_H
#define HOSTMEM_BOARD_PAGE_OWNER_H

#include <stdbool.h>
#include <stdint.h>

enum page_owner {
    PAGE_OWNER_HOSTMEM, /* handed out by hostmem */
    PAGE_OWNER_SECTION, /* sections that hostmem knows: a page that several views show counts once
                         */
    PAGE_OWNER_IMAGE,   /* programs and libraries, whatever part of them was ever touched */
    PAGE_OWNER_FILE,    /* mapped files */
    PAGE_OWNER_SHARED,  /* views of sections of the paging file that hostmem does not know */
    PAGE_OWNER_BOOKS,   /* what hostmem itself keeps, shared with hostmem-run */
    PAGE_OWNER_STACK,   /* stacks of threads */
    PAGE_OWNER_HEAP,    /* Windows' heaps: of modules that are not redirected, and of Windows */
    PAGE_OWNER_SYSTEM,  /* what Windows keeps of the process and of each thread (PEB, TEBs) */
    PAGE_OWNER_UNKNOWN, /* other private memory */
    PAGE_OWNERS
};

struct page_count {
    uint64_t committed;   /* bytes */
    uint64_t reserved;    /* bytes of address space, committed or not */
    uint64_t allocations; /* regions, images, views */
};

/* All pages of a process, as they were at one moment. */
struct page_map {
    struct page_count owners[PAGE_OWNERS];
    uint64_t threads;       /* whose stacks these are; ended ones too, while theirs are there */
    uint64_t heaps;         /* Windows' */
    uint64_t section_views; /* bytes committed in sections, as often as a view shows them */
    uint64_t image_written; /* bytes of images that are the process's own copy */
    uint64_t private_bytes; /* committed: by the system's types of memory, whoever owns it */
    uint64_t image_bytes;   /* likewise */
    uint64_t mapped_bytes;  /* likewise, as often as a view shows them */
    bool is_cut;            /* too many stacks and heaps: some of theirs is unknown */
};

#endif
