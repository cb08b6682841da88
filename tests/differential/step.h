/*
 * step.h: one request of a differential test, as plain data, and a sequence of them.
 *
 * A step says what is requested and where, in terms that mean the same for both twins: an offset
 * into a window of address space (each twin has its own), an offset into memory that Win32 placed,
 * or an address where no memory can be. So a sequence can be printed, cut, changed and played
 * again.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_STEP_H
#define HOSTMEM_TESTS_DIFFERENTIAL_STEP_H

#include "support.h"

enum step_kind {
    STEP_ALLOC,
    STEP_FREE,
    STEP_PROTECT,
    STEP_QUERY,
    STEP_WRITE,       /* a byte, as the program that has the memory would */
    STEP_GET_WATCH,   /* GetWriteWatch; the manager has no such method: Win32 for both */
    STEP_RESET_WATCH, /* ResetWriteWatch; likewise */
    STEP_ALLOC_ALIEN, /* Win32's VirtualAlloc for both: memory that the manager does not own */
    STEP_FREE_ALIEN,  /* Win32's VirtualFree for both, of such memory */
    STEP_KINDS
};

enum step_place {
    PLACE_WINDOW,  /* offset is from the window's begin */
    PLACE_MADE,    /* offset is from the base of the region that made[] names */
    PLACE_ANYWHERE /* offset is the address; a region made at NULL is made[]'s from then on */
};

/* Regions at a time that Win32 found a place for. */
#define MADE 4

struct step {
    enum step_kind kind;
    enum step_place place;
    unsigned made;
    uintptr_t offset;
    SIZE_T size;
    DWORD type;    /* of an allocation or a free; GetWriteWatch's flags */
    DWORD protect; /* or how many addresses GetWriteWatch may tell */
};

#define MOST_STEPS 640

struct sequence {
    size_t count;
    struct step steps[MOST_STEPS];
};

/*
 * A window: a chunk of the ledger's (64 MiB) with 2 MiB on either side, so that it has two chunk
 * boundaries. Its first and last granule are taken, so that nothing reaches out of it.
 */
#define CHUNK ((SIZE_T)64 << 20)
#define WINDOW_MARGIN ((SIZE_T)2 << 20)
#define WINDOW_SIZE (WINDOW_MARGIN + CHUNK + WINDOW_MARGIN)

#endif
