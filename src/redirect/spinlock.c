/*
 * spinlock.c: see spinlock.h.
 */
#include "redirect/spinlock.h"

#include "os/os.h"
#include "hosting/parts/ended_thread.h"

#include <windows.h>

/* After so many turns a waiting thread looks whether the holder still lives. */
#define PATIENCE 1000u

void spinlock_acquire(struct spinlock *lock)
{
    uint32_t owner = 0;

    for (unsigned turns = 1; !atomic_compare_exchange_strong_explicit(
             &lock->owner, &owner, os_thread_id(), memory_order_acquire, memory_order_relaxed);
         turns++) {
        SwitchToThread();
        if (turns % PATIENCE || !owner || !ended_thread_is(owner))
            owner = 0;
    }
}

void spinlock_release(struct spinlock *lock)
{
    atomic_store_explicit(&lock->owner, 0, memory_order_release);
}
