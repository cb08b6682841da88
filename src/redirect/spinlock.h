/*
 * turn.h: whose turn it is to change something that redirecting and removing change.
 *
 * A thread that finds it taken spins, and gives its time to others meanwhile. So nobody may call
 * the loader while it is his turn, for who waits may hold the loader's lock; and no hook may take a
 * turn that a CLR calls with threads suspended.
 */
#ifndef HOSTMEM_REDIRECT_SPINLOCK_H
#define HOSTMEM_REDIRECT_SPINLOCK_H

#include <stdatomic.h>

#define TURN_FREE ATOMIC_FLAG_INIT

void turn_take(atomic_flag *turn);
void turn_give(atomic_flag *turn);

#endif
