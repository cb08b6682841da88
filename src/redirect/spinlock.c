/*
 * turn.c: see turn.h.
 */
#include "redirect/spinlock.h"

#include <windows.h>

void turn_take(atomic_flag *turn)
{
    while (atomic_flag_test_and_set_explicit(turn, memory_order_acquire))
        SwitchToThread();
}

void turn_give(atomic_flag *turn)
{
    atomic_flag_clear_explicit(turn, memory_order_release);
}
