/*
 * spinlock.h: a lock for data that changes only while a module is redirected or a redirection is
 * removed.
 *
 * A thread that waits for the lock spins and yields its processor. Two rules follow:
 * - The holder must not call the loader: the waiting thread may hold the loader's lock.
 * - A hook that a CLR may call with threads suspended must not acquire it: the holder may be one of
 *   the suspended threads.
 */
#ifndef HOSTMEM_REDIRECT_SPINLOCK_H
#define HOSTMEM_REDIRECT_SPINLOCK_H

#include <stdatomic.h>

#define SPINLOCK_FREE ATOMIC_FLAG_INIT

void spinlock_acquire(atomic_flag *lock);
void spinlock_release(atomic_flag *lock);

#endif
