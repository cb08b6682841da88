/*
 * checked.h: an operation of a heap that looks for overruns and late writes. It has a file of its
 * own: in operations.c it would change how the compiler inlines the others.
 */
#ifndef HOSTMEM_TESTS_INSTRUCTIONS_CHECKED_H
#define HOSTMEM_TESTS_INSTRUCTIONS_CHECKED_H

struct stage;
struct world;

/* flags: those of the heap. */
void checked_set_up(struct world *world, unsigned flags);

/* Prints what `count` live blocks of that size have committed, for each. */
void checked_bytes(unsigned size, unsigned count);

/* What fills the block's bytes is a loop of the system's (os_fill): it is not counted. */
void small_checked(struct stage *stage);

#endif
