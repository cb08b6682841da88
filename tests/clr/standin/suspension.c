/*
 * suspension.c: mutators and the thread that suspends them.
 *
 * While the mutators are frozen the collector calls nothing but the memory manager: a mutator may
 * hold any lock of the C library's, the loader's or a heap's. So failures are only noted, and
 * reported later.
 */
#include "suspension.h"

#include "host.h"

#include <stdatomic.h>
#include <stdint.h>

#define MUTATORS 4
#define ROUNDS 30
#define LONG_FORM_ROUNDS 200 /* with HOSTMEM_TEST_LONG in the environment */
#define SLOTS 24
#define ARENA (4 * GRANULE)

struct mutator {
    struct caller caller;
    HANDLE thread;
    uint32_t random;
    char *arena; /* reserved; pages in it come and go */
    struct {
        void *block;
        SIZE_T size;
        unsigned seed;
    } slots[SLOTS];
};

/*
 * The collector sets it once, when it is done. It orders nothing: whoever reads the mutators'
 * results waits for the threads to end.
 */
static atomic_bool stop;

static uint32_t next_random(uint32_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 17;
    *random ^= *random << 5;
    return *random;
}

/* ------------------------------------------------------------------------------------------------
 * Mutators
 * --------------------------------------------------------------------------------------------- */

static void use_region(struct mutator *mutator, uint32_t random)
{
    struct caller *caller = &mutator->caller;
    const SIZE_T size = PAGE * (1 + random % 20);
    char *region = caller_alloc(caller, NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    caller_fill(caller, region, PAGE, random);
    caller_check(caller, region, PAGE, random);
    caller_free(caller, region, 0, MEM_RELEASE);
}

static void use_arena(struct mutator *mutator, uint32_t random)
{
    struct caller *caller = &mutator->caller;
    char *pages = mutator->arena + random % 48 * PAGE;
    const SIZE_T size = PAGE * (1 + random / 64 % 16);

    caller_alloc(caller, pages, size, MEM_COMMIT, PAGE_READWRITE);
    caller_check_zero(caller, pages, size);
    caller_fill(caller, pages, size, random);
    caller_check(caller, pages, size, random);
    caller_free(caller, pages, size, MEM_DECOMMIT);
}

static void empty_slot(struct mutator *mutator, unsigned i)
{
    struct caller *caller = &mutator->caller;

    caller_check(caller, mutator->slots[i].block, mutator->slots[i].size, mutator->slots[i].seed);
    caller_malloc_free(caller, mutator->slots[i].block);
    mutator->slots[i].block = NULL;
}

static void fill_slot(struct mutator *mutator, unsigned i, uint32_t random)
{
    struct caller *caller = &mutator->caller;
    const SIZE_T size = random % 32 == 0 ? 40000 + random / 32 % 60000 : random / 32 % 700;
    void *block;

    if (random / 8 % 4 == 0)
        block = caller_debug_malloc(caller, size, __FILE__, __LINE__);
    else
        block = caller_malloc(caller, size);
    caller_fill(caller, block, size, random);
    mutator->slots[i].block = block;
    mutator->slots[i].size = size;
    mutator->slots[i].seed = random;
}

static void mutate(struct mutator *mutator)
{
    const uint32_t random = next_random(&mutator->random);
    const unsigned slot = random % SLOTS;

    switch (random >> 16 & 7) {
    case 0:
        use_region(mutator, random);
        break;
    case 1:
        use_arena(mutator, random);
        break;
    case 2:
        caller_query(&mutator->caller, &random);
        caller_malloc_free(&mutator->caller, NULL);
        break;
    default:
        if (mutator->slots[slot].block)
            empty_slot(mutator, slot);
        else
            fill_slot(mutator, slot, random);
        break;
    }
}

/*
 * Also gives back what a mutator that failed still holds: the runtime goes on, and must not keep
 * it.
 */
static void give_back(struct mutator *mutator)
{
    const struct caller met = mutator->caller;

    mutator->caller.failed = NULL;
    for (unsigned i = 0; i < SLOTS; i++)
        if (mutator->slots[i].block)
            empty_slot(mutator, i);
    if (mutator->arena)
        caller_free(&mutator->caller, mutator->arena, 0, MEM_RELEASE);
    if (met.failed)
        mutator->caller = met;
}

static DWORD WINAPI mutator_main(void *parameter)
{
    struct mutator *mutator = parameter;

    mutator->arena = caller_alloc(&mutator->caller, NULL, ARENA, MEM_RESERVE, PAGE_READWRITE);
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        if (mutator->caller.failed)
            Sleep(1); /* the thread stays: the collector waits for all of them */
        else
            mutate(mutator);
    }
    give_back(mutator);
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * The collector
 * --------------------------------------------------------------------------------------------- */

/* SuspendThread only asks for it; a thread whose registers can be read has stopped. */
static bool freeze(HANDLE thread)
{
    CONTEXT context = {.ContextFlags = CONTEXT_CONTROL};

    if (SuspendThread(thread) == (DWORD)-1)
        return false;
    if (GetThreadContext(thread, &context))
        return true;
    ResumeThread(thread);
    return false;
}

static void use_block(struct caller *caller, uint32_t random)
{
    const SIZE_T size = random / 16 % 3000;
    void *block = caller_malloc(caller, size);

    caller_fill(caller, block, size, random);
    caller_check(caller, block, size, random);
    caller_malloc_free(caller, block);
}

static void collect_once(struct caller *caller, char *arena, uint32_t random)
{
    const SIZE_T size = PAGE * (1 + random % 16);

    caller_alloc(caller, arena + PAGE, size, MEM_COMMIT, PAGE_READWRITE);
    caller_fill(caller, arena + PAGE, size, random);
    if (host_has_heap())
        use_block(caller, random);
    caller_memory_load(caller);
    if (!caller->failed && caller_query(caller, arena + PAGE).State != MEM_COMMIT)
        caller_fail(caller, "VirtualQuery while threads are frozen", E_UNEXPECTED);
    caller_check(caller, arena + PAGE, size, random);
    caller_free(caller, arena + PAGE, size, MEM_DECOMMIT);
}

static void run_round(struct caller *caller, struct mutator *mutators, unsigned count, char *arena,
                      uint32_t random)
{
    unsigned frozen = 0;

    while (frozen < count && freeze(mutators[frozen].thread))
        frozen++;
    if (frozen == count)
        collect_once(caller, arena, random);
    else
        caller_fail(caller, "SuspendThread", E_UNEXPECTED);
    while (frozen > 0)
        ResumeThread(mutators[--frozen].thread);
}

/* Until the mutators are somewhere else. */
static void pause_for(uint32_t random)
{
    if (random % 8 == 0)
        Sleep(1);
    for (unsigned i = 0; i < random % 2000; i++)
        YieldProcessor();
}

static void run_rounds(struct caller *caller, struct mutator *mutators, unsigned count)
{
    const int rounds =
        GetEnvironmentVariableW(L"HOSTMEM_TEST_LONG", NULL, 0) ? LONG_FORM_ROUNDS : ROUNDS;
    uint32_t random = 0x5eed;
    char *arena = caller_alloc(caller, NULL, ARENA, MEM_RESERVE, PAGE_READWRITE);

    for (int round = 0; round < rounds && !caller->failed; round++) {
        pause_for(next_random(&random));
        run_round(caller, mutators, count, arena, next_random(&random));
    }
    if (arena) {
        struct caller last = {.level = caller->level};

        caller_free(&last, arena, 0, MEM_RELEASE);
        caller_join(caller, &last);
    }
}

void collect_with_frozen_threads(struct caller *caller)
{
    static const EMemoryCriticalLevel levels[MUTATORS] = {eTaskCritical, eAppDomainCritical,
                                                          eProcessCritical, eTaskCritical};
    struct mutator mutators[MUTATORS] = {{.caller = {.level = eTaskCritical}}};
    unsigned count = 0;

    if (caller->failed)
        return;
    atomic_store_explicit(&stop, false, memory_order_relaxed);
    while (count < MUTATORS) {
        struct mutator *mutator = &mutators[count];

        mutator->caller.level = levels[count];
        mutator->random = 0x1234567 + count;
        mutator->thread = CreateThread(NULL, 0, mutator_main, mutator, 0, NULL);
        if (!mutator->thread) {
            caller_fail(caller, "CreateThread", HRESULT_FROM_WIN32(GetLastError()));
            break;
        }
        count++;
    }
    run_rounds(caller, mutators, count);
    atomic_store_explicit(&stop, true, memory_order_relaxed);
    for (unsigned i = 0; i < count; i++) {
        WaitForSingleObject(mutators[i].thread, INFINITE);
        CloseHandle(mutators[i].thread);
        caller_join(caller, &mutators[i].caller);
    }
}
