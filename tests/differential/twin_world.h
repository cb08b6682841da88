/*
 * twin_world.h: what a sequence is played on: a manager and Win32, a window of address space for
 * each, and the regions in them.
 *
 * The windows have the same size and lie alike within their chunks (64 MiB), so a request means the
 * same in both. The test learns of regions from Win32's answers alone. It never asks the manager's
 * books, so it can compare them.
 */
#ifndef HOSTMEM_TESTS_TWIN_WORLD_H
#define HOSTMEM_TESTS_TWIN_WORLD_H

#include "step.h"

#define MOST_REGIONS 48

struct twin {
    IHostMemoryManager *manager; /* NULL: this is Win32 */
    char *window;
    char *made[MADE]; /* NULL: none */
};

struct world_region {
    enum step_place place; /* PLACE_WINDOW or PLACE_MADE */
    unsigned made;
    uintptr_t begin; /* 0 for PLACE_MADE */
    SIZE_T size;
    SIZE_T committed; /* as the last walk found it in Win32's twin */
    bool owned;       /* made by STEP_ALLOC: the manager's, in its twin */
    bool watched;     /* with MEM_WRITE_WATCH */
    bool fence;       /* the first or last granule of the window */
};

/* What the manager's books must say. */
struct world_books {
    ULONGLONG reserved, committed, regions;
    ULONGLONG reserved_peak, committed_peak, regions_peak;
    ULONGLONG refused_frees, foreign_commits;
};

struct world {
    struct subject subject;
    struct twin ours, theirs;
    struct world_region regions[MOST_REGIONS];
    unsigned region_count;
    struct world_books books;
    uintptr_t last_address; /* that a program can have */
    unsigned char *reset;   /* one bit a page of the window: MEM_RESET has been there */
};

/* How a world gets its manager, and what is done with it in the end. */
struct world_maker {
    struct subject (*make)(void);
    void (*end)(struct subject *subject);
};

/* The shipped manager, with its defaults. */
extern const struct world_maker shipped_manager;

/* A new manager and empty windows. Fails the test if there are none. */
void world_open(struct world *world, const struct world_maker *maker);

/* Gives back everything in it, whatever the manager's books say. */
void world_close(struct world *world, const struct world_maker *maker);

/* Where the step points, for a twin. */
char *world_address(const struct twin *twin, const struct step *step);

/* The region that holds what the step points at; NULL: none. */
struct world_region *world_find(struct world *world, const struct step *step);

/* The region that holds that offset; NULL: none. */
struct world_region *world_find_at(struct world *world, enum step_place place, unsigned made,
                                   uintptr_t offset);

/* A region that a step has made at that address of Win32's twin. */
void world_add(struct world *world, const struct step *step, const char *memory);
void world_remove(struct world *world, struct world_region *region);

/* Adds the regions up into the books. */
void world_sum(struct world *world);

/* Whether MEM_RESET has left it open what stands in the page at that offset of the window. */
bool world_was_reset(const struct world *world, uintptr_t offset);
void world_note_reset(struct world *world, uintptr_t offset, SIZE_T size);
void world_note_write(struct world *world, uintptr_t offset);

#endif
