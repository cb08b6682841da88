/*
 * manager_model.h: what a manager's books must say, worked out by the test alone.
 *
 * A player makes random requests, many of them wrong, and adds up what each must have changed. It
 * does not know how the manager keeps its books and does not ask them what to expect. Several
 * players can share a manager, each on its own thread. A player asserts nothing: it remembers the
 * first answer that was wrong.
 *
 * This is not core/ledger_model.h: a player knows whole units of pages, heap blocks, peaks and
 * counts of calls, but no single bytes, since its requests go through the interfaces.
 */
#ifndef HOSTMEM_TESTS_MANAGER_MODEL_H
#define HOSTMEM_TESTS_MANAGER_MODEL_H

#include "heaps.h"

#define MODEL_REGIONS 128
#define MODEL_BLOCKS 64

/*
 * A region has 64 units of `unit` pages each, fewer when it is small. A bit of `committed` stands
 * for a unit.
 */
struct model_region {
    char *base; /* NULL: none */
    SIZE_T unit;
    unsigned units;
    uint64_t committed;
};

struct model_block {
    void *memory; /* NULL: none */
    SIZE_T size;
    bool has_region; /* of its own */
};

/* A quantity and the most that it has been. */
struct model_gauge {
    ULONGLONG now, peak;
};

/*
 * How much memory a heap takes for its blocks is not fixed by any promise: small blocks share
 * slabs, and large ones may get the memory of freed ones. The model asks the manager for these
 * figures and adds them to its own; the enumerated regions must agree.
 */
struct model_books {
    ULONGLONG slab_bytes; /* in reserved, committed and (by slab) regions */
    /* Likewise: regions of heaps that are no slabs. */
    ULONGLONG large_bytes, large_committed, large_regions;
    struct model_gauge reserved, committed, regions, blocks, block_bytes;
    ULONGLONG refused_frees;
    HOSTMEM_METHOD_COUNT methods[HOSTMEM_METHODS];
};

struct player {
    const struct subject *subject;
    IHostMalloc *heap;
    uint64_t random; /* the seed, then the state */
    unsigned rounds; /* how many requests play makes */
    unsigned round;  /* how many it has made */
    struct model_region regions[MODEL_REGIONS];
    struct model_block blocks[MODEL_BLOCKS];
    struct model_books books;

    /* What went wrong first; wrong is NULL when nothing has. */
    const char *wrong;
    ULONGLONG wrong_actual, wrong_expected;
};

/* One random request; false if something was not as expected. */
bool player_move(struct player *player);

/* For CreateThread, on a struct player: makes that many moves. */
DWORD WINAPI player_play(void *player);

/* Asks the manager for the memory of its heaps, after a request that may have changed it. */
void model_take_heaps(struct model_books *books, const struct subject *subject);

/* Gives back everything that the player has. */
void player_give_back(struct player *player);

/* Fails the test if something went wrong. */
void assert_nothing_went_wrong(const struct player *player);

/* The manager's statistics are what the books say, peaks and calls included. */
void assert_books_agree(const struct subject *subject, const struct model_books *books,
                        const char *about);

/* Each of the player's regions is enumerated as the model has it, and no other but the slabs and
 * what freed blocks have left, of which there is not too much. */
void assert_regions_agree(const struct player *player);

#endif
