/*
 * section_step.h: one request of the differential test of sections, as plain data, and a sequence
 * of them. Handles and views are named by slots, which each twin has of its own; addresses by an
 * offset into a window or into a view.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_SECTION_STEP_H
#define HOSTMEM_TESTS_DIFFERENTIAL_SECTION_STEP_H

#include "support.h"

enum section_step_kind {
    SECTION_MAKE,         /* CreateFileMapping, into an empty slot for handles */
    SECTION_OPEN,         /* OpenFileMapping, likewise */
    SECTION_DUPLICATE,    /* DuplicateHandle, into the slot `target` */
    SECTION_GUARD,        /* whether the handle can be closed */
    SECTION_CLOSE,        /* CloseHandle */
    SECTION_CLOSE_UNSEEN, /* by somebody whom the manager does not see */
    SECTION_MAP,          /* MapViewOfFileEx, into the slot `target` for views */
    SECTION_UNMAP,
    SECTION_ALLOC,
    SECTION_FREE,
    SECTION_PROTECT,
    SECTION_WRITE, /* a byte */
    SECTION_KINDS
};

enum section_place {
    SECTION_AT_WINDOW, /* offset is from the window's begin */
    SECTION_AT_VIEW,   /* offset is from the base of the view in the slot `target` */
    SECTION_NOWHERE    /* offset is the address; of a view that is mapped, 0: Win32 finds a place */
};

#define SECTION_HANDLES 6u
#define SECTION_VIEWS 8u
#define SECTION_NAMES 2u

/* Slots that hold no handle ever: what they stand for is NULL, and INVALID_HANDLE_VALUE. */
#define SECTION_NO_HANDLE SECTION_HANDLES
#define SECTION_BAD_HANDLE (SECTION_HANDLES + 1)

struct section_step {
    enum section_step_kind kind;
    enum section_place place;
    unsigned handle;
    unsigned target;
    unsigned name; /* of a section; 0: it has none */
    uintptr_t offset;
    ULONGLONG from; /* where in the section a view begins */
    ULONGLONG size;
    DWORD type; /* of an allocation or a free; DuplicateHandle's options; whether it is guarded */
    DWORD protect; /* or access */
};

#define SECTION_MOST_STEPS 512

struct section_sequence {
    size_t count;
    struct section_step steps[SECTION_MOST_STEPS];
};

/* In the middle of it a chunk of the ledger's (64 MiB) begins. */
#define SECTION_WINDOW ((SIZE_T)8 << 20)

/* The most that a view shows; sections are not larger, but for one size. */
#define SECTION_MOST_VIEW (24 * GRANULE)

#ifdef _WIN64
#define SECTION_HUGE ((ULONGLONG)2 << 40) /* as .NET asks for */
#else
#define SECTION_HUGE ((ULONGLONG)64 << 20)
#endif

#endif
