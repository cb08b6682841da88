/*
 * census_threads.c: the first fields of a thread's environment block (TEB) are in Windows' headers
 * (NT_TIB). Where the others lie has not changed since Windows NT for x86 and x64; a block counts
 * only if it names itself and the process's own block.
 */
#include "census/census_threads.h"

#include <winternl.h>

NTSTATUS NTAPI NtGetNextThread(HANDLE process, HANDLE thread, ACCESS_MASK access, ULONG attributes,
                               ULONG flags, HANDLE *next);

enum {
#ifdef _WIN64
    TEB_PEB = 0x60,
    TEB_SYSTEM = 0x2f0, /* GdiTebBatch; Wine keeps its own words there */
    TEB_STACK = 0x1478  /* DeallocationStack: the lower end */
#else
    TEB_PEB = 0x30,
    TEB_SYSTEM = 0x1d4,
    TEB_STACK = 0xe0c
#endif
};

/* THREAD_BASIC_INFORMATION, which MinGW-w64's headers lack. */
struct thread_facts {
    NTSTATUS exit_status;
    void *teb;
    CLIENT_ID client;
    ULONG_PTR affinity;
    LONG priority;
    LONG base_priority;
};

enum {
    BASIC_FACTS = 0,       /* ThreadBasicInformation */
    THREADS_MOST = 100000, /* whatever the system says */
    SYSTEM_WORDS = 32
};

/* ------------------------------------------------------------------------------------------------
 * One thread
 * --------------------------------------------------------------------------------------------- */

/*
 * Wine runs its Unix side on a second stack, and keeps its lower end in the block, where Windows
 * has a place for GDI. On Windows nothing there is the address of an allocation.
 */
static void know_second_stack(struct census_work *work, uintptr_t teb)
{
    uintptr_t words[SYSTEM_WORDS];

    if (!census_read(work, teb + TEB_SYSTEM, words, sizeof(words)))
        return;
    for (int i = 0; i < SYSTEM_WORDS; i++)
        census_know(census_find_base(work, words[i]), PAGE_OWNER_STACK);
}

/* A stack is one whole allocation: it ends where the thread says that the stack begins. */
static void know_thread(struct census_work *work, uintptr_t teb, uintptr_t peb)
{
    struct census_allocation *stack;
    uintptr_t low, named_peb;
    NT_TIB block;

    if (!census_read(work, teb, &block, sizeof(block)) || (uintptr_t)block.Self != teb ||
        !census_read(work, teb + TEB_PEB, &named_peb, sizeof(named_peb)) || named_peb != peb ||
        !census_read(work, teb + TEB_STACK, &low, sizeof(low)))
        return;
    census_know(census_find(work, teb), PAGE_OWNER_SYSTEM);
    stack = census_find_base(work, low);
    if (!stack || stack->end != (uintptr_t)block.StackBase)
        return;
    if (stack->owner == PAGE_OWNER_UNKNOWN)
        work->threads++;
    census_know(stack, PAGE_OWNER_STACK);
    know_second_stack(work, teb);
}

/* ------------------------------------------------------------------------------------------------
 * All of them
 * --------------------------------------------------------------------------------------------- */

void census_each_thread(HANDLE process, void (*callback)(void *context, uintptr_t teb),
                        void *context)
{
    HANDLE thread = NULL, next;

    for (int i = 0;
         i < THREADS_MOST &&
         NtGetNextThread(process, thread, THREAD_QUERY_LIMITED_INFORMATION, 0, 0, &next) >= 0;
         i++) {
        struct thread_facts facts;

        if (thread)
            NtClose(thread);
        thread = next;
        if (NtQueryInformationThread(thread, (THREADINFOCLASS)BASIC_FACTS, &facts, sizeof(facts),
                                     NULL) >= 0)
            callback(context, (uintptr_t)facts.teb);
    }
    if (thread)
        NtClose(thread);
}

struct living {
    struct census_work *work;
    uintptr_t peb;
};

static void know_living(void *context, uintptr_t teb)
{
    const struct living *living = context;

    know_thread(living->work, teb, living->peb);
}

void census_threads(struct census_work *work, const struct memory_notes *notes, uintptr_t peb)
{
    struct living living = {work, peb};

    census_each_thread(work->process, know_living, &living);
    for (int i = 0; i < MEMORY_NOTES_THREADS; i++) {
        uintptr_t noted = atomic_load_explicit(&notes->threads[i], memory_order_relaxed);

        if (noted)
            know_thread(work, noted, peb);
    }
}
