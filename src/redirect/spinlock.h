/*
 * spinlock.h: a lock for data that changes only while a module is redirected or a redirection is
 * removed.
 *
 * A thread that waits for the lock spins and yields its processor. Three rules follow:
 * - The holder must not call the loader: the waiting thread may hold the loader's lock.
 * - The holder must call nothing of the host's, not even by a last release: that may redirect.
 * - A hook that a CLR may call with threads suspended must not acquire it: the holder may be one of
 *   the suspended threads.
 *
 * Protocol. `owner` is 0 or the id of the thread that holds the lock: 0 -> id by compare-and-swap
 * with acquire; id -> 0 by the holder, with release. If a holder was terminated, a waiting thread
 * takes its place: that id -> its own id by compare-and-swap. So the data that a lock guards must
 * be of use after each single write.
 */
#ifndef HOSTMEM_REDIRECT_SPINLOCK_H
#define HOSTMEM_REDIRECT_SPINLOCK_H

#include <stdatomic.h>
#include <stdint.h>

struct spinlock {
    _Atomic uint32_t owner;
};

#define SPINLOCK_FREE                                                                              \
    {                                                                                              \
        0                                                                                          \
    }

void spinlock_acquire(struct spinlock *lock);
void spinlock_release(struct spinlock *lock);

#endif
