/*
 * memory_notes.h: what the agent notes of the process's memory, so that whoever counts pages
 * (census.h), inside or outside, need not guess.
 */
#ifndef HOSTMEM_BOARD_MEMORY_NOTES_H
#define HOSTMEM_BOARD_MEMORY_NOTES_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    MEMORY_NOTES_THREADS = 1024, /* a power of two; further threads are found while they live */
    MEMORY_NOTES_EARLY = 64      /* further allocations are not noted */
};

/* A private allocation. */
struct memory_note {
    uint64_t base;
    uint64_t size; /* bytes of address space */
};

/*
 * Protocol. All but the threads is written while the agent starts, before the
 * board says so. A place for a thread is claimed by compare-and-swap from 0 and never changes then:
 * it names the address of a thread's environment block (TEB), which the system gives to another
 * thread when the thread has ended. A reader takes from it no more than where to look.
 */
struct memory_notes {
    uint64_t board_view; /* base addresses; 0: there is none */
    uint64_t books_view;
    uint64_t books_size;
    uint64_t injected; /* the block of injected.h */

    /* What was there before anything of the program ran, if hostmem-run has put the agent there. */
    struct memory_note early[MEMORY_NOTES_EARLY];
    uint32_t early_count;
    _Atomic uintptr_t threads[MEMORY_NOTES_THREADS];
};

#endif
