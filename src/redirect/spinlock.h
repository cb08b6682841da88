/*
 * spinlock.h: whose turn it is to change something that redirecting and removing change.
 *
 * A thread that finds it taken spins, and gives its time to others meanwhile. So nobody may call
 * the loader while it is his lock, for who waits may hold the loader's lock; and no hook may take a
 * turn that a CLR calls with threads suspended.
 */
#ifndef HOSTMEM_REDIRECT_SPINLOCK_H
#define HOSTMEM_REDIRECT_SPINLOCK_H

#include <stdatomic.h>

#define SPINLOCK_FREE ATOMIC_FLAG_INIT

void spinlock_acquire(atomic_flag *lock);
void spinlock_release(atomic_flag *lock);

#endif
