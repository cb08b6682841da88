/*
 * shared_world.h: what the threads of a run share: a manager, a heap, an arena in which all of them
 * commit and decommit, and regions and blocks that one thread takes and another gives back.
 */
#ifndef HOSTMEM_TESTS_SHARED_WORLD_H
#define HOSTMEM_TESTS_SHARED_WORLD_H

#include "calls.h"
#include "looked_up.h"

#define ARENA_PAGES 64u
#define HANDOVERS 64u
#define SHARED_VIEWS 8u
#define SECTION_SIZE (4 * GRANULE)

/* A callback that counts what it is told and how often it is referenced. */
struct listener {
    ICLRMemoryNotificationCallback ICLRMemoryNotificationCallback_iface;
    IHostMemoryManager *manager; /* that it asks for the load, as a runtime does */
    volatile LONG references, told;
};

struct world {
    struct subject subject;
    DWORD heap_flags;
    IHostMalloc *heap;
    char *arena; /* its contents are never touched */
    void *volatile regions[HANDOVERS];
    void *volatile blocks[HANDOVERS]; /* of the heap */
    struct looker looker;             /* the redirected module, whose calls these are: */
    struct section_calls section_calls;
    HANDLE section;                     /* of SECTION_SIZE, reserved */
    void *volatile views[SHARED_VIEWS]; /* of it */
    struct listener listeners[2];
    volatile LONG stop;
};

/* Fails the test if it cannot be made. */
void world_make(struct world *world, DWORD heap_flags);

/* Gives back all that is shared. Fails the test if anything is left in the books. */
void world_end(struct world *world);

struct caller world_caller(const struct world *world, EMemoryCriticalLevel level);

/* ------------------------------------------------------------------------------------------------
 * What any thread does with what is shared. Suspension-safe.
 * --------------------------------------------------------------------------------------------- */

/* Takes a region, or a block, and leaves it for others; gives back the one that was there. */
void hand_over_region(struct world *world, struct caller *caller, uint64_t random);
void hand_over_block(struct world *world, struct caller *caller, uint64_t random);

/* Commits, decommits or asks, somewhere in the arena. */
void use_shared_arena(struct world *world, struct caller *caller, uint64_t random);

/* Maps a view of the section, and leaves it for others; unmaps the one that was there. */
void hand_over_view(struct world *world, struct caller *caller, uint64_t random);

/* Makes a section of its own, shows it in views, commits pages, and ends it; looks at its books. */
void live_a_section_s_life(struct caller *caller, uint64_t random);

/* For world_make and world_end: what is shared of sections. */
void shared_sections_make(struct world *world);
void shared_sections_end(struct world *world);

/*
 * The owner of a block or region marks its first bytes with a value made from its address. Until it
 * is given back, nothing else may stand there.
 */
#define LEAST_MARKED sizeof(uintptr_t)
void mark(void *memory, SIZE_T size);
void expect_mark(struct caller *caller, const char *what, const void *memory, SIZE_T size);

/* Mostly a small block, sometimes one that is a region of its own. */
SIZE_T random_size(uint64_t random);

#endif
