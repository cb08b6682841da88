/*
 * section_twins.h: what steps about sections are played on: a module that is redirected to a
 * manager, and Win32; and a window of address space for each.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_SECTION_TWINS_H
#define HOSTMEM_TESTS_DIFFERENTIAL_SECTION_TWINS_H

#include "looked_up.h"
#include "section_step.h"

/* The functions that a twin calls: Win32's own, or what the module gets instead. */
struct section_calls {
    __typeof__(CreateFileMappingW) *make;
    __typeof__(OpenFileMappingW) *open;
    __typeof__(DuplicateHandle) *duplicate;
    __typeof__(CloseHandle) *close;
    __typeof__(MapViewOfFileEx) *map;
    __typeof__(UnmapViewOfFile) *unmap;
    __typeof__(VirtualAlloc) *alloc;
    __typeof__(VirtualFree) *free;
    __typeof__(VirtualProtect) *protect;
};

struct section_twin {
    struct section_calls calls;
    const wchar_t *names[SECTION_NAMES + 1]; /* names[0] is NULL */
    char *window;
    HANDLE handles[SECTION_HANDLES];  /* NULL: none */
    ULONGLONG sizes[SECTION_HANDLES]; /* as asked for; 0: not known */
    char *views[SECTION_VIEWS];       /* NULL: none */
    SIZE_T extents[SECTION_VIEWS];    /* of the views, by VirtualQuery when they were mapped */
};

struct section_twins {
    struct looker *looker;
    struct section_twin ours, theirs;
};

struct section_answer {
    bool given; /* false: the step could not be made, and neither twin was asked */
    bool done;
    DWORD last_error; /* UNTOUCHED: it was not set */
    ULONGLONG figure; /* an address from its origin; the old protection; the byte that was there */
};

/* With a new manager, and nothing but it. Fails the test if there is no free address space. */
void section_twins_open(struct section_twins *twins, struct looker *looker);

/* Unmaps, closes and releases all that is left, by the twins' own functions. */
void section_twins_close(struct section_twins *twins);

/* False: the step makes no sense in the world as it is, or the twins may answer unlike. */
bool section_can_be_asked(const struct section_twins *twins, const struct section_step *step);

/* The step, done by a twin. What it has got is in its slot then. */
struct section_answer section_ask(struct section_twin *twin, const struct section_step *step);

/* Where the step points. */
char *section_address(const struct section_twin *twin, const struct section_step *step);

/* The slot of the view that holds the address; SECTION_VIEWS: none does. */
unsigned section_view_at(const struct section_twin *twin, const char *address);

/* How far the view, or the region, that begins there reaches. */
SIZE_T section_extent(const char *base);

/*
 * Compares what VirtualQuery says of both windows, and of the views in the slots from first to
 * last. NULL: the same; else what differs.
 */
const char *section_compare_window(const struct section_twins *twins);
const char *section_compare_views(const struct section_twins *twins, unsigned first, unsigned last);

#endif
