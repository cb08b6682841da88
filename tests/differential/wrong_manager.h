/*
 * wrong_manager.h: managers that are wrong in one respect, to test that the differential test finds
 * it.
 *
 * Such a manager passes every call on to the shipped one, except for one kind of request. The
 * inspection is the shipped manager's.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_WRONG_MANAGER_H
#define HOSTMEM_TESTS_DIFFERENTIAL_WRONG_MANAGER_H

#include "twin_world.h"

enum wrong {
    WRONG_SIZE,       /* of more than a granule, the last page is not committed */
    WRONG_CHUNK,      /* a commit across a chunk boundary is refused */
    WRONG_GUARD,      /* PAGE_GUARD is dropped where pages are committed */
    WRONG_WATCH,      /* MEM_WRITE_WATCH is dropped */
    WRONG_POINTER,    /* a failed VirtualAlloc leaves the out pointer as it was */
    WRONG_OLD,        /* VirtualProtect tells the new protection for the old one */
    WRONG_DECOMMIT,   /* one page more is decommitted */
    WRONG_OWNER,      /* a region is released by any of its addresses */
    WRONG_LAST_ERROR, /* a release sets the last error, though it is done */
    WRONG_BOOKS,      /* reservations of three granules go past the manager's books */
    WRONG_QUERY,      /* what is reserved is told to be free */
    WRONGS            /* how many there are */
};

extern const char *const wrong_names[WRONGS];

/* The one that managers are made with from now on. */
void wrong_choose(enum wrong wrong);

extern const struct world_maker wrong_manager;

#endif
