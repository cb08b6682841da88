/*
 * thread_list.c: a hash table with open addressing on the board; memory_notes.h has its protocol.
 */
#include "agent/thread_list.h"

#include "census/census_threads.h"

static void add(void *context, uintptr_t teb)
{
    struct board *board = context;
    uint32_t at = (uint32_t)((uint64_t)teb >> 12) * 2654435761u >> 16;

    for (int i = 0; i < MEMORY_NOTES_THREADS; i++, at++) {
        _Atomic uintptr_t *place = &board->memory.threads[at & (MEMORY_NOTES_THREADS - 1)];
        uintptr_t there = 0;

        if (atomic_compare_exchange_strong_explicit(place, &there, teb, memory_order_relaxed,
                                                    memory_order_relaxed) ||
            there == teb)
            return;
    }
}

void thread_list_begin(struct board *board)
{
    census_each_thread(GetCurrentProcess(), add, board);
}

void thread_list_add_own(struct board *board)
{
    uintptr_t own;

#ifdef _WIN64
    __asm__("movq %%gs:0x30, %0" : "=r"(own));
#else
    __asm__("movl %%fs:0x18, %0" : "=r"(own));
#endif
    add(board, own);
}
