/*
 * test_read_books_killed.c: a process that is terminated at any moment leaves books that tell every
 * call that had returned, and how many had not.
 *
 * The program starts itself as a child, which works on a manager with several threads and notes, in
 * a second section, what it has: after a call has returned, and before it gives something back.
 */
#include "section.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the workers that pause: they are between calls most of the time. */
#define PAUSE_MILLISECONDS 10
#define WORKERS 3
#define HELD 16

struct worker_notes {
    void *volatile regions[HELD];
    void *volatile blocks[HELD];
    volatile LONG64 allocations; /* VirtualAlloc calls that have returned */
};

struct notes {
    volatile LONG ready;
    struct worker_notes workers[WORKERS];
};

/* ------------------------------------------------------------------------------------------------
 * The child
 * --------------------------------------------------------------------------------------------- */

struct worker {
    IHostMemoryManager *manager;
    IHostMalloc *heap;
    struct worker_notes *notes;
    uint64_t random;
    bool pauses; /* between two calls */
};

static void change_region(struct worker *worker, unsigned slot)
{
    void *memory = worker->notes->regions[slot];
    SIZE_T size = GRANULE * (1 + next_random(&worker->random) % 8);

    if (memory) {
        worker->notes->regions[slot] = NULL;
        IHostMemoryManager_VirtualFree(worker->manager, memory, 0, MEM_RELEASE);
        return;
    }
    if (IHostMemoryManager_VirtualAlloc(worker->manager, NULL, size, MEM_RESERVE, PAGE_READWRITE,
                                        eTaskCritical, &memory) != S_OK)
        return;
    worker->notes->allocations++;
    worker->notes->regions[slot] = memory;
    if (IHostMemoryManager_VirtualAlloc(worker->manager, memory, PAGE, MEM_COMMIT, PAGE_READWRITE,
                                        eTaskCritical, &memory) == S_OK)
        worker->notes->allocations++;
}

static void change_block(struct worker *worker, unsigned slot)
{
    void *memory = worker->notes->blocks[slot];
    uint64_t random = next_random(&worker->random);
    SIZE_T size = random % 8 == 0 ? 40000 : random % 1000;
    char file[] = "child.c";
    HRESULT hr;

    if (memory) {
        worker->notes->blocks[slot] = NULL;
        IHostMalloc_Free(worker->heap, memory);
        return;
    }
    hr = random % 5 ? IHostMalloc_Alloc(worker->heap, size, eTaskCritical, &memory)
                    : IHostMalloc_DebugAlloc(worker->heap, size, eTaskCritical, file, 7, &memory);
    if (hr == S_OK)
        worker->notes->blocks[slot] = memory;
}

static DWORD WINAPI work(void *context)
{
    struct worker *worker = context;

    while (worker->manager) {
        unsigned slot = (unsigned)(next_random(&worker->random) % HELD);

        if (next_random(&worker->random) % 4 == 0)
            change_region(worker, slot);
        else
            change_block(worker, slot);
        if (worker->pauses)
            Sleep(PAUSE_MILLISECONDS);
    }
    return 0;
}

static int be_child(HANDLE books, HANDLE shared, uint64_t seed)
{
    struct shared_section section = section_of(books, HostMemGetBooksSize());
    HOSTMEM_OPTIONS options = options_in(&section, 0);
    struct notes *notes = MapViewOfFile(shared, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
    struct worker workers[WORKERS];
    IHostMemoryManager *manager;
    IHostMalloc *heap;

    if (!notes || HostMemCreateManager(&options, &manager) != S_OK ||
        IHostMemoryManager_CreateMalloc(manager, 0, &heap) != S_OK)
        return 1;
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){manager, heap, &notes->workers[i], seed * WORKERS + i + 1,
                                     seed % 2 != 0};
        if (!CreateThread(NULL, 0, work, &workers[i], 0, NULL))
            return 1;
    }
    notes->ready = 1;
    Sleep(INFINITE);
    return 1;
}

/* ------------------------------------------------------------------------------------------------
 * The parent
 * --------------------------------------------------------------------------------------------- */

struct killed {
    struct shared_section books;
    HANDLE shared;
    struct notes *notes;
};

static void make_child(struct killed *killed, unsigned seed, PROCESS_INFORMATION *child)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    char path[MAX_PATH], line[MAX_PATH + 100];

    killed->books = section_make(SEC_RESERVE, HostMemGetBooksSize());
    killed->shared = CreateFileMappingW(INVALID_HANDLE_VALUE, &inherited, PAGE_READWRITE, 0,
                                        sizeof(struct notes), NULL);
    assert_non_null(killed->shared);
    killed->notes = MapViewOfFile(killed->shared, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
    assert_non_null(killed->notes);
    assert_true(GetModuleFileNameA(NULL, path, MAX_PATH) != 0);
    snprintf(line, sizeof(line), "\"%s\" --child %p %p %u", path, killed->books.handle,
             killed->shared, seed);
    assert_true(CreateProcessA(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, child));
}

static void kill_child(struct killed *killed, unsigned seed)
{
    uint64_t random = seed + 1;
    PROCESS_INFORMATION child;

    make_child(killed, seed, &child);
    while (!killed->notes->ready)
        assert_figure(WaitForSingleObject(child.hProcess, 1), WAIT_TIMEOUT);
    Sleep((DWORD)(next_random(&random) % 40));
    assert_true(TerminateProcess(child.hProcess, 42));
    assert_figure(WaitForSingleObject(child.hProcess, 10000), WAIT_OBJECT_0);
    CloseHandle(child.hProcess);
    CloseHandle(child.hThread);
}

static void assert_all_noted_is_told(const struct killed *killed, const struct subject *books)
{
    ULONGLONG returned = 0;
    HOSTMEM_STATISTICS statistics = statistics_of(books);
    const HOSTMEM_METHOD_COUNT *allocations = &statistics.Methods[HostMemVirtualAlloc];

    for (unsigned i = 0; i < WORKERS; i++) {
        const struct worker_notes *notes = &killed->notes->workers[i];

        returned += (ULONGLONG)notes->allocations;
        for (unsigned slot = 0; slot < HELD; slot++) {
            HOSTMEM_REGION region;
            HOSTMEM_BLOCK block;
            void *base = notes->regions[slot], *memory = notes->blocks[slot];

            if (base) {
                assert_hresult(IHostMemInspection_FindRegion(books->inspection, base, &region),
                               S_OK);
                assert_address(region.Base, base);
            }
            if (memory) {
                assert_hresult(IHostMemInspection_FindBlock(books->inspection, memory, &block),
                               S_OK);
                assert_address(block.Address, memory);
            }
        }
    }
    /* A call may have returned and not been noted. */
    assert_between(allocations->Calls - allocations->UnderWay, returned, returned + WORKERS);
    assert_between(statistics.CallsUnderWay, 0, WORKERS);
}

static void assert_totals_are_right(const struct subject *books, unsigned *exact)
{
    HOSTMEM_STATISTICS statistics = statistics_of(books);
    HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};

    assert_hresult(IHostMemInspection_Audit(books->inspection, &audit, NULL, NULL), S_OK);
    assert_figure(audit.CallsUnderWay, statistics.CallsUnderWay);
    assert_figure(audit.TotalsCompared != 0, statistics.CallsUnderWay == 0);
    if (!audit.TotalsCompared)
        return;
    ++*exact;
    assert_figure(audit.Regions, statistics.Regions.Now);
    assert_figure(audit.ReservedBytes, statistics.Reserved.Now);
    assert_figure(audit.CommittedBytes, statistics.Committed.Now);
}

static void a_process_that_is_killed_leaves_books_that_tell_all(void **state)
{
    unsigned rounds = is_long_form() ? 200 : 12, most = 10 * rounds, round = 0, exact = 0;
    unsigned seed = (unsigned)GetTickCount();

    (void)state;
    print_message("seed %u\n", seed);
    /* It goes on until a process was killed between calls, and one within a call. */
    for (; round < rounds || (round < most && (exact == 0 || exact == round)); round++) {
        struct killed killed;
        struct subject books;

        kill_child(&killed, seed + round);
        books = books_of_section(&killed.books);
        assert_all_noted_is_told(&killed, &books);
        assert_totals_are_right(&books, &exact);
        IHostMemInspection_Release(books.inspection);
        section_end(&killed.books);
        UnmapViewOfFile(killed.notes);
        CloseHandle(killed.shared);
    }
    print_message("%u of %u were killed between calls\n", exact, round);
    assert_between(exact, 1, round - 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_that_is_killed_leaves_books_that_tell_all)};

    if (argc == 5 && strcmp(argv[1], "--child") == 0)
        return be_child((HANDLE)(uintptr_t)strtoull(argv[2], NULL, 16),
                        (HANDLE)(uintptr_t)strtoull(argv[3], NULL, 16),
                        strtoull(argv[4], NULL, 10));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
