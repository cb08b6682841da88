/*
 * test_census.c: each kind of memory of this process, and of another one, is found to be whose it
 * is, and all of it is counted (src/census/).
 */
#include "support.h"

#include "census/census.h"
#include "census/census_threads.h"
#include "census/census_work.h"

#include <stdio.h>
#include <string.h>

#include <psapi.h>

#define MIB ((SIZE_T)1 << 20)

static struct page_map before, after;
static struct memory_notes notes;
static struct census_work work;

static void take(struct page_map *map, void **state)
{
    const struct subject *subject = *state;
    const struct census_subject own = {GetCurrentProcess(), subject->inspection, &notes};

    census_take(map, &own);
}

static ULONGLONG grown(enum page_owner owner)
{
    return after.owners[owner].committed - before.owners[owner].committed;
}

/* Nothing else has grown. */
static void assert_grown(enum page_owner owner, ULONGLONG bytes)
{
    static const enum page_owner still[] = {PAGE_OWNER_HOSTMEM, PAGE_OWNER_SECTION,
                                            PAGE_OWNER_FILE,    PAGE_OWNER_SHARED,
                                            PAGE_OWNER_STACK,   PAGE_OWNER_UNKNOWN};

    for (size_t i = 0; i < COUNT_OF(still); i++)
        assert_figure(grown(still[i]), still[i] == owner ? bytes : 0);
}

/* ------------------------------------------------------------------------------------------------
 * Whose it is
 * --------------------------------------------------------------------------------------------- */

static void what_the_manager_has_handed_out_is_in_the_books(void **state)
{
    const struct subject *subject = *state;
    void *region = NULL;

    take(&before, state);
    assert_hresult(IHostMemoryManager_VirtualAlloc(subject->manager, NULL, 3 * PAGE,
                                                   MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE,
                                                   eTaskCritical, &region),
                   S_OK);
    take(&after, state);
    assert_figure(grown(PAGE_OWNER_HOSTMEM), 3 * PAGE);
    IHostMemoryManager_VirtualFree(subject->manager, region, 0, MEM_RELEASE);
}

/* Without a name nothing is guessed, to the page. */
static void what_nobody_has_told_of_is_unknown(void **state)
{
    char *memory;

    take(&before, state);
    memory = VirtualAlloc(NULL, MIB, MEM_RESERVE, PAGE_READWRITE);
    VirtualAlloc(memory + 5 * PAGE, 7 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    take(&after, state);
    assert_grown(PAGE_OWNER_UNKNOWN, 7 * PAGE);
    assert_figure(after.owners[PAGE_OWNER_UNKNOWN].reserved,
                  before.owners[PAGE_OWNER_UNKNOWN].reserved + MIB);
    VirtualFree(memory, 0, MEM_RELEASE);
}

static void a_section_that_is_not_in_the_books_is_others(void **state)
{
    HANDLE section =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4 * PAGE, NULL);
    void *view;

    take(&before, state);
    view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    take(&after, state);
    assert_grown(PAGE_OWNER_SHARED, 4 * PAGE);
    UnmapViewOfFile(view);
    CloseHandle(section);
}

static void a_mapped_file_is_one(void **state)
{
    wchar_t path[MAX_PATH];
    HANDLE file, section;
    void *view;

    GetModuleFileNameW(NULL, path, MAX_PATH);
    file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                       0, NULL);
    section = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
    take(&before, state);
    view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 2 * PAGE);
    assert_non_null(view);
    take(&after, state);
    assert_grown(PAGE_OWNER_FILE, 2 * PAGE);
    UnmapViewOfFile(view);
    CloseHandle(section);
    CloseHandle(file);
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

/* Segments that it grew by, and blocks that are allocations of their own. */
static void all_that_a_heap_has_is_its_own(void **state)
{
    enum {
        SMALL_BLOCKS = 3000,
        SMALL_SIZE = 2000,
        LARGE_BLOCKS = 6
    };
    HANDLE heap;

    take(&before, state);
    heap = HeapCreate(0, 0, 0);
    for (int i = 0; i < SMALL_BLOCKS; i++)
        assert_non_null(HeapAlloc(heap, 0, SMALL_SIZE));
    for (int i = 0; i < LARGE_BLOCKS; i++)
        assert_non_null(HeapAlloc(heap, 0, (size_t)(i + 1) * MIB));
    take(&after, state);
    assert_figure(after.heaps, before.heaps + 1);
    assert_at_least(grown(PAGE_OWNER_HEAP), SMALL_BLOCKS * SMALL_SIZE + 21 * MIB);
    assert_grown(PAGE_OWNER_HEAP, 0);
    HeapDestroy(heap);
    take(&after, state);
    assert_figure(after.heaps, before.heaps);
    assert_figure(after.owners[PAGE_OWNER_UNKNOWN].committed,
                  before.owners[PAGE_OWNER_UNKNOWN].committed);
}

static void the_process_heap_is_one(void **state)
{
    void *blocks[4];

    take(&before, state);
    assert_at_least(before.heaps, 1);
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = HeapAlloc(GetProcessHeap(), 0, 3 * MIB);
    take(&after, state);
    assert_at_least(grown(PAGE_OWNER_HEAP), 12 * MIB);
    assert_grown(PAGE_OWNER_HEAP, 0);
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        HeapFree(GetProcessHeap(), 0, blocks[i]);
}

/* Two allocations that are linked with each other, and with no heap. */
static void a_list_that_no_heap_begins_makes_no_heap(void **state)
{
    void **one = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    void **other = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    one[0] = one[1] = other;
    other[0] = other[1] = one;
    take(&before, state);
    VirtualFree(one, 0, MEM_RELEASE);
    VirtualFree(other, 0, MEM_RELEASE);
    take(&after, state);
    assert_figure(before.owners[PAGE_OWNER_UNKNOWN].committed -
                      after.owners[PAGE_OWNER_UNKNOWN].committed,
                  2 * PAGE);
}

/* A list of the heap's user, kept in its block: the allocations are the user's. */
static void a_list_in_a_block_makes_no_heap(void **state)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    void **head, **member = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    for (int i = 0; i < 8; i++) /* beyond the first page */
        assert_non_null(HeapAlloc(heap, 0, 1000));
    head = HeapAlloc(heap, 0, 2 * sizeof(void *));
    take(&before, state);
    head[0] = head[1] = member;
    member[0] = member[1] = head;
    take(&after, state);
    assert_grown(PAGE_OWNER_UNKNOWN, 0);
    assert_figure(grown(PAGE_OWNER_HEAP), 0);
    HeapDestroy(heap);
    VirtualFree(member, 0, MEM_RELEASE);
}

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

static HANDLE go_on;
static ULONG_PTR stack_low, stack_high, teb;

static DWORD WINAPI wait_there(void *unused)
{
    (void)unused;
#ifdef _WIN64
    __asm__("movq %%gs:0x30, %0" : "=r"(teb));
    stack_high = *(ULONG_PTR *)(teb + 8);
    stack_low = *(ULONG_PTR *)(teb + 0x1478);
#else
    __asm__("movl %%fs:0x18, %0" : "=r"(teb));
    stack_high = *(ULONG_PTR *)(teb + 4);
    stack_low = *(ULONG_PTR *)(teb + 0xe0c);
#endif
    SetEvent(go_on);
    Sleep(INFINITE);
    return 0;
}

static HANDLE start_thread(void)
{
    HANDLE thread;

    go_on = CreateEventW(NULL, FALSE, FALSE, NULL);
    thread = CreateThread(NULL, 0, wait_there, NULL, 0, NULL);
    assert_non_null(thread);
    WaitForSingleObject(go_on, INFINITE);
    CloseHandle(go_on);
    return thread;
}

static void end_thread(HANDLE thread)
{
    TerminateThread(thread, 0);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static void a_thread_has_a_stack(void **state)
{
    HANDLE thread;

    take(&before, state);
    assert_at_least(before.threads, 1);
    thread = start_thread();
    take(&after, state);
    assert_figure(after.threads, before.threads + 1);
    /* As much as is not reserved only. Wine's threads have a second one. */
    assert_at_least(after.owners[PAGE_OWNER_STACK].reserved -
                        before.owners[PAGE_OWNER_STACK].reserved,
                    stack_high - stack_low);
    assert_grown(PAGE_OWNER_STACK, grown(PAGE_OWNER_STACK));
    assert_at_least(grown(PAGE_OWNER_STACK), 2 * PAGE);
    end_thread(thread);
}

static void note_thread(void *context, uintptr_t found)
{
    (void)context;
    if (found == teb)
        atomic_store(&notes.threads[77], found);
}

/* Where the system leaves it, as Wine does until another thread ends. */
static void the_stack_of_an_ended_thread_is_known_by_the_note(void **state)
{
    MEMORY_BASIC_INFORMATION pages;
    HANDLE thread;

    take(&before, state);
    thread = start_thread();
    census_each_thread(GetCurrentProcess(), note_thread, NULL);
    assert_figure(notes.threads[77], teb);
    end_thread(thread);
    VirtualQuery((void *)stack_low, &pages, sizeof(pages));
    take(&after, state);
    assert_figure(after.threads, before.threads + (pages.State != MEM_FREE));
    assert_figure(grown(PAGE_OWNER_UNKNOWN), 0);
    memset(&notes, 0, sizeof(notes));
}

/* A note is a place to look at, and no more. */
static void a_note_that_is_wrong_names_nothing(void **state)
{
    void **memory = VirtualAlloc(NULL, MIB, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    take(&before, state);
    atomic_store(&notes.threads[0], 1);
    atomic_store(&notes.threads[1], (uintptr_t)memory);
    atomic_store(&notes.threads[2], (uintptr_t)&notes);
    atomic_store(&notes.threads[3], (uintptr_t)-1);
    notes.early[0] = (struct memory_note){(uintptr_t)memory, 2 * MIB};
    notes.early_count = 0xffffffffu;
    take(&after, state);
    assert_memory_equal(&before, &after, sizeof(before));
    notes.early[0].size = MIB;
    take(&after, state);
    assert_figure(before.owners[PAGE_OWNER_UNKNOWN].committed -
                      after.owners[PAGE_OWNER_UNKNOWN].committed,
                  MIB);
    memset(&notes, 0, sizeof(notes));
    VirtualFree(memory, 0, MEM_RELEASE);
}

/* ------------------------------------------------------------------------------------------------
 * All of it
 * --------------------------------------------------------------------------------------------- */

static void check_whole(const struct page_map *map, HANDLE process)
{
    MEMORY_BASIC_INFORMATION pages;
    ULONGLONG private_bytes = 0, image = 0, mapped = 0, reserved = 0, owned = 0, of_owners = 0;

    for (char *at = NULL; VirtualQueryEx(process, at, &pages, sizeof(pages)) == sizeof(pages);
         at = (char *)pages.BaseAddress + pages.RegionSize) {
        ULONGLONG *count = pages.Type == MEM_PRIVATE ? &private_bytes
                           : pages.Type == MEM_IMAGE ? &image
                                                     : &mapped;

        if (pages.State == MEM_COMMIT)
            *count += pages.RegionSize;
        if (pages.State != MEM_FREE)
            reserved += pages.RegionSize;
    }
    for (int owner = 0; owner < PAGE_OWNERS; owner++) {
        owned += map->owners[owner].committed;
        of_owners += map->owners[owner].reserved;
    }
    assert_figure(map->private_bytes, private_bytes);
    assert_figure(map->image_bytes, image);
    assert_figure(map->mapped_bytes, mapped);
    assert_figure(owned, private_bytes + image + mapped);
    assert_figure(of_owners, reserved);
}

static void every_page_of_this_process_is_counted_once(void **state)
{
    take(&after, state);
    check_whole(&after, GetCurrentProcess());
    assert_figure(after.is_cut, false);
}

static void every_page_of_another_process_is_counted_once(void **state)
{
    const struct subject *subject = *state;
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    struct census_subject other = {NULL, subject->inspection, &notes};
    PROCESS_INFORMATION made;
    wchar_t line[MAX_PATH + 16];

    GetModuleFileNameW(NULL, line, MAX_PATH);
    wcscat(line, L" wait");
    go_on = CreateEventW(NULL, FALSE, FALSE, L"hostmem-test-census");
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &made));
    WaitForSingleObject(go_on, INFINITE);
    other.process = made.hProcess;
    census_take(&after, &other);
    check_whole(&after, made.hProcess);
    assert_figure(after.threads, 1);
    assert_at_least(after.heaps, 1);
    assert_at_least(after.owners[PAGE_OWNER_SYSTEM].committed, 2 * PAGE);
    TerminateProcess(made.hProcess, 0);
    CloseHandle(made.hThread);
    CloseHandle(made.hProcess);
    CloseHandle(go_on);
}

/* ------------------------------------------------------------------------------------------------
 * The table
 * --------------------------------------------------------------------------------------------- */

static void an_allocation_is_found_by_each_of_its_addresses(void **state)
{
    (void)state;
    memset(&work, 0, sizeof(work));
    for (uintptr_t i = 1; i <= 5; i++) {
        const MEMORY_BASIC_INFORMATION pages = {.BaseAddress = (void *)(i * GRANULE),
                                                .RegionSize = i * PAGE,
                                                .State = i % 2 ? MEM_COMMIT : MEM_RESERVE,
                                                .Protect = PAGE_READWRITE};

        census_add_pages(census_add(&work, i * GRANULE), &pages);
    }
    assert_null(census_find(&work, GRANULE - 1));
    for (uintptr_t i = 1; i <= 5; i++) {
        assert_ptr_equal(census_find(&work, i * GRANULE), &work.allocations[i - 1]);
        assert_ptr_equal(census_find(&work, i * GRANULE + i * PAGE - 1), &work.allocations[i - 1]);
        assert_null(census_find(&work, i * GRANULE + i * PAGE));
        assert_null(census_find_base(&work, i * GRANULE + 1));
        assert_figure(work.allocations[i - 1].committed, i % 2 ? i : 0);
    }
}

static void the_first_word_counts(void **state)
{
    struct census_allocation *allocation;

    (void)state;
    memset(&work, 0, sizeof(work));
    allocation = census_add(&work, GRANULE);
    census_know(NULL, PAGE_OWNER_STACK);
    census_know(allocation, PAGE_OWNER_HEAP);
    census_know(allocation, PAGE_OWNER_STACK);
    assert_int_equal(allocation->owner, PAGE_OWNER_HEAP);
}

static void a_full_table_is_told(void **state)
{
    (void)state;
    memset(&work, 0, sizeof(work));
    for (uintptr_t i = 1; i <= CENSUS_ALLOCATIONS; i++)
        assert_non_null(census_add(&work, i * GRANULE));
    assert_false(work.is_cut);
    assert_null(census_add(&work, (CENSUS_ALLOCATIONS + 1) * GRANULE));
    assert_true(work.is_cut);
}

static int wait_for_the_end(void)
{
    SetEvent(OpenEventW(EVENT_MODIFY_STATE, FALSE, L"hostmem-test-census"));
    Sleep(60 * 1000);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        promise(what_the_manager_has_handed_out_is_in_the_books),
        promise(what_nobody_has_told_of_is_unknown),
        promise(a_section_that_is_not_in_the_books_is_others),
        promise(a_mapped_file_is_one),
        promise(all_that_a_heap_has_is_its_own),
        promise(the_process_heap_is_one),
        promise(a_list_that_no_heap_begins_makes_no_heap),
        promise(a_list_in_a_block_makes_no_heap),
        promise(a_thread_has_a_stack),
        promise(the_stack_of_an_ended_thread_is_known_by_the_note),
        promise(a_note_that_is_wrong_names_nothing),
        promise(every_page_of_this_process_is_counted_once),
        promise(every_page_of_another_process_is_counted_once),
        cmocka_unit_test(an_allocation_is_found_by_each_of_its_addresses),
        cmocka_unit_test(the_first_word_counts),
        cmocka_unit_test(a_full_table_is_told),
    };

    if (argc > 1 && !strcmp(argv[1], "wait"))
        return wait_for_the_end();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
