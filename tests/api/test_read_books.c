/*
 * test_read_books.c: a manager that keeps its books in a section, and HostMemReadBooks.
 */
#include "full_books.h"

#include <string.h>

#define NO_BOOKS HRESULT_FROM_WIN32(ERROR_INVALID_DATA)
#define OTHER_REVISION HRESULT_FROM_WIN32(ERROR_REVISION_MISMATCH)
#define NOT_READY HRESULT_FROM_WIN32(ERROR_NOT_READY)

/* The places of the header's fields. They are part of the layout: books.h of src/hosting. */
#define AT_LAYOUT 4
#define AT_VERSION 8
#define AT_POINTER_SIZE 12
#define AT_SIZE 16
#define AT_STATE 52

static int set_up(void **state)
{
    static struct shared_section section;

    section = section_make(SEC_RESERVE, HostMemGetBooksSize());
    *state = &section;
    return 0;
}

static int tear_down(void **state)
{
    section_end(*state);
    return 0;
}

#define in_section(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* ------------------------------------------------------------------------------------------------
 * The option
 * --------------------------------------------------------------------------------------------- */

static void assert_refused_options(const char *about, const HOSTMEM_OPTIONS *options)
{
    IHostMemoryManager *manager = SOMETHING;

    assert_hresult_of(about, HostMemCreateManager(options, &manager), E_INVALIDARG);
    assert_address_of(about, manager, NULL);
}

static void memory_that_cannot_hold_books_is_E_INVALIDARG(void **state)
{
    const struct shared_section *section = *state;
    HOSTMEM_OPTIONS options = options_in(section, 0);

    options.cbBooks = section->size - 1;
    assert_refused_options("too small", &options);
    options.cbBooks = section->size + GRANULE;
    assert_refused_options("smaller than it is said to be", &options);
    options.cbBooks = 0;
    assert_refused_options("without a size", &options);
    options = options_in(section, 0);
    options.pBooks = NULL;
    assert_refused_options("a size alone", &options);
    options.pBooks = section->writing + PAGE;
    assert_refused_options("not aligned", &options);
    options.pBooks = section->writing + GRANULE;
    assert_refused_options("not the view's start", &options);
    options.pBooks = (char *)section->reading;
    assert_refused_options("not writable", &options);
    options.pBooks = (void *)KERNEL_ADDRESS;
    assert_refused_options("no memory", &options);
    assert_figure(memory_state(section->writing), MEM_RESERVE);
}

static void memory_that_holds_books_already_is_E_INVALIDARG_and_keeps_them(void **state)
{
    const struct shared_section *section = *state;
    HOSTMEM_OPTIONS options = options_in(section, 0);
    struct subject first = subject_make(&options);
    struct answers before = answers_of(first.inspection), after;

    assert_refused_options("alive", &options);
    after = answers_of(first.inspection);
    assert_same_answers("after a refusal", &after, &before);
    subject_end(&first);
    assert_refused_options("ended", &options);
}

static void a_manager_that_cannot_be_made_leaves_its_memory_as_it_was(void **state)
{
    const struct shared_section *section = *state;
    HOSTMEM_LIMITS limits = {.cbSize = 1};
    HOSTMEM_OPTIONS options = options_in(section, 0);
    MEMORY_BASIC_INFORMATION page;
    struct subject subject;

    options.pLimits = &limits;
    assert_refused_options("limits of a wrong size", &options);
    for (const char *at = section->writing; at < section->writing + section->size;
         at += page.RegionSize) {
        assert_true(VirtualQuery(at, &page, sizeof(page)) != 0);
        for (SIZE_T i = 0; page.State == MEM_COMMIT && i < page.RegionSize; i += 8)
            assert_figure(*(const ULONGLONG *)(at + i), 0);
    }
    options.pLimits = NULL;
    subject = subject_make(&options);
    assert_clean_audit(&subject);
    subject_end(&subject);
}

/* Windows commits all of such a section at once, and may have no room for that. */
static void books_in_a_committed_section_can_be_read(void **state)
{
    ULONGLONG size = HostMemGetBooksSize();
    HANDLE handle = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_COMMIT,
                                       (DWORD)(size >> 32), (DWORD)size, NULL);
    struct shared_section section;
    HOSTMEM_OPTIONS options;
    struct subject subject, books;

    (void)state;
    if (!handle && GetLastError() == ERROR_COMMITMENT_LIMIT)
        skip();
    assert_non_null(handle);
    section = section_of(handle, (SIZE_T)size);
    options = options_in(&section, 0);
    subject = subject_make(&options);
    books = books_of_section(&section);
    assert_figure(statistics_of(&books).Status, HostMemStatusOpen);
    IHostMemInspection_Release(books.inspection);
    subject_end(&subject);
    section_end(&section);
}

static void a_manager_never_gives_its_makers_memory_back(void **state)
{
    const struct shared_section *section = *state;
    HOSTMEM_OPTIONS options = options_in(section, 0);
    struct subject subject = subject_make(&options);

    subject_end(&subject);
    assert_figure(memory_state(section->writing), MEM_COMMIT);
    assert_true(section->writing[0] != 0);
}

/* ------------------------------------------------------------------------------------------------
 * Reading
 * --------------------------------------------------------------------------------------------- */

static void assert_read_as(const struct shared_section *section, HRESULT expected,
                           const char *about)
{
    IHostMemInspection *inspection = SOMETHING;

    assert_hresult_of(about, HostMemReadBooks(section->reading, section->size, &inspection),
                      expected);
    assert_address_of(about, inspection, NULL);
}

static void books_tell_what_their_manager_tells(void **state)
{
    static const DWORD flags[] = {0, HOSTMEM_TRACK_BLOCKS,
                                  HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE};

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(flags); i++) {
        struct shared_section section = section_make(SEC_RESERVE, HostMemGetBooksSize());
        static struct full_books full;
        struct answers told, expected;
        struct subject books;

        full_books_make(&full, &section, flags[i]);
        expected = answers_of(full.subject.inspection);
        assert_at_least(expected.region_count, 4);
        assert_at_least(expected.block_count, 600);
        assert_figure(expected.range_count, 4);
        assert_figure(expected.heap_count, 2);
        books = books_of_section(&section);
        told = answers_of(books.inspection);
        assert_same_answers("a copy of full books", &told, &expected);
        assert_clean_audit(&books);
        full_books_end(&full);
        told = answers_of(books.inspection);
        assert_same_answers("a copy does not change", &told, &expected);
        IHostMemInspection_Release(books.inspection);
        section_end(&section);
    }
}

static void books_stay_when_their_manager_has_ended(void **state)
{
    const struct shared_section *section = *state;
    HOSTMEM_OPTIONS options = options_in(section, 0);
    struct subject subject = subject_make(&options), books;
    void *region = subject_alloc(&subject, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    HOSTMEM_REGION found;
    HOSTMEM_STATISTICS statistics;

    subject_end(&subject);
    books = books_of_section(section);
    statistics = statistics_of(&books);
    assert_figure(statistics.Status, HostMemStatusEnded);
    assert_figure(statistics.Committed.Now, GRANULE);
    assert_succeeds(IHostMemInspection_FindRegion(books.inspection, region, &found));
    assert_figure(found.Committed, GRANULE);
    assert_clean_audit(&books);
    IHostMemInspection_Release(books.inspection);
    VirtualFree(region, 0, MEM_RELEASE);
}

static void closed_books_say_so(void **state)
{
    const struct shared_section *section = *state;
    HOSTMEM_OPTIONS options = options_in(section, 0);
    struct subject subject = subject_make(&options), books;

    assert_succeeds(IHostMemInspection_Close(subject.inspection));
    books = books_of_section(section);
    assert_figure(statistics_of(&books).Status, HostMemStatusClosed);
    IHostMemInspection_Release(books.inspection);
    subject_end(&subject);
}

static void books_that_are_being_made_are_not_ready(void **state)
{
    const struct shared_section *section = *state;
    HOSTMEM_OPTIONS options = options_in(section, 0);
    struct subject subject = subject_make(&options);

    *(DWORD *)(section->writing + AT_STATE) = 1;
    assert_read_as(section, NOT_READY, "with a header");
    memset(section->writing, 0, AT_STATE);
    assert_read_as(section, NOT_READY, "without one");
    (void)subject; /* its header is gone: it stays */
}

static void books_of_another_revision_are_refused(void **state)
{
    static const unsigned fields[] = {AT_LAYOUT, AT_VERSION, AT_POINTER_SIZE, AT_SIZE, AT_SIZE + 8};
    const struct shared_section *section = *state;
    HOSTMEM_OPTIONS options = options_in(section, 0);
    struct subject subject = subject_make(&options);

    for (unsigned i = 0; i < COUNT_OF(fields); i++) {
        DWORD *field = (DWORD *)(section->writing + fields[i]);

        *field ^= 12;
        assert_read_as(section, OTHER_REVISION, "one field of the header");
        *field ^= 12;
    }
    subject_end(&subject);
}

static void memory_without_books_is_refused(void **state)
{
    const struct shared_section *section = *state;
    HOSTMEM_OPTIONS options = options_in(section, 0);
    IHostMemInspection *inspection = SOMETHING;
    struct subject subject;
    char little[256];

    assert_read_as(section, NO_BOOKS, "nothing is committed");
    VirtualAlloc(section->writing, PAGE, MEM_COMMIT, PAGE_READWRITE);
    assert_read_as(section, NO_BOOKS, "all zero");
    memset(little, 'x', sizeof(little));
    assert_hresult(HostMemReadBooks(little, sizeof(little), &inspection), NO_BOOKS);
    assert_hresult(HostMemReadBooks((void *)KERNEL_ADDRESS, section->size, &inspection), NO_BOOKS);
    assert_hresult(HostMemReadBooks(little, 0, &inspection), NO_BOOKS);
    subject = subject_make(&options);
    assert_hresult(HostMemReadBooks(section->reading, section->size - 1, &inspection), NO_BOOKS);
    assert_hresult(HostMemReadBooks(section->reading, 8, &inspection), NO_BOOKS);
    *(DWORD *)(section->writing + AT_STATE) = 77;
    assert_read_as(section, NO_BOOKS, "no such state");
    *(DWORD *)(section->writing + AT_STATE) = 2;
    subject_end(&subject);
}

static void null_pointers_are_E_POINTER(void **state)
{
    const struct shared_section *section = *state;
    IHostMemInspection *inspection = SOMETHING;

    assert_hresult(HostMemReadBooks(section->reading, section->size, NULL), E_POINTER);
    assert_hresult(HostMemReadBooks(NULL, section->size, &inspection), E_POINTER);
    assert_address(inspection, NULL);
}

static void books_cannot_be_changed(void **state)
{
    const struct shared_section *section = *state;
    HOSTMEM_OPTIONS options = options_in(section, 0);
    struct subject subject = subject_make(&options), books = books_of_section(section);
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits)};
    SIZE_T bytes = 1;
    void *object = SOMETHING;

    assert_hresult(IHostMemInspection_Close(books.inspection), HOST_E_INVALIDOPERATION);
    assert_hresult(IHostMemInspection_Trim(books.inspection, &bytes), HOST_E_INVALIDOPERATION);
    assert_figure(bytes, 0);
    assert_hresult(IHostMemInspection_SetLimits(books.inspection, &limits),
                   HOST_E_INVALIDOPERATION);
    assert_hresult(IHostMemInspection_SetRedirectedLevel(books.inspection, eTaskCritical),
                   HOST_E_INVALIDOPERATION);
    assert_hresult(
        IHostMemInspection_QueryInterface(books.inspection, &IID_IHostMemoryManager, &object),
        E_NOINTERFACE);
    assert_address(object, NULL);
    assert_succeeds(
        IHostMemInspection_QueryInterface(books.inspection, &IID_IHostMemInspection, &object));
    assert_address(object, books.inspection);
    assert_figure(IHostMemInspection_Release(books.inspection), 1);
    assert_figure(IHostMemInspection_Release(books.inspection), 0);
    assert_figure(statistics_of(&subject).Status, HostMemStatusOpen);
    subject_end(&subject);
}

static void reading_leaves_no_memory_behind(void **state)
{
    const struct shared_section *section = *state;
    static struct full_books full;
    struct memory_sum before, after;

    full_books_make(&full, section, HOSTMEM_TRACK_BLOCKS);
    before = memory_sum_of_process();
    for (unsigned i = 0; i < 3; i++) {
        struct subject books = books_of_section(section);

        IHostMemInspection_Release(books.inspection);
    }
    *(DWORD *)(section->writing + AT_STATE) = 77;
    assert_read_as(section, NO_BOOKS, "no such state");
    *(DWORD *)(section->writing + AT_STATE) = 2;
    after = memory_sum_of_process();
    assert_figure(after.reserved, before.reserved);
    assert_figure(after.committed, before.committed);
    full_books_end(&full);
}

/* ------------------------------------------------------------------------------------------------
 * A manager at work
 * --------------------------------------------------------------------------------------------- */

struct worker {
    const struct subject *subject;
    IHostMalloc *heap;
    volatile LONG *stop;
};

static DWORD WINAPI work(void *context)
{
    const struct worker *worker = context;

    for (unsigned i = 0; !*worker->stop; i++) {
        void *memory = NULL, *block = NULL;

        IHostMemoryManager_VirtualAlloc(worker->subject->manager, NULL, GRANULE,
                                        MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE, eTaskCritical,
                                        &memory);
        IHostMalloc_Alloc(worker->heap, i % 2000, eTaskCritical, &block);
        IHostMalloc_Free(worker->heap, block);
        IHostMemoryManager_VirtualFree(worker->subject->manager, memory, 0, MEM_RELEASE);
    }
    return 0;
}

static HRESULT CALLBACK expect_whole(void *context, const HOSTMEM_REGION *region)
{
    unsigned *wrong = context;

    *wrong += region->Size != GRANULE || (region->Committed && region->Committed != GRANULE);
    return S_OK;
}

/* Whatever the other threads do, what has long been there is told, and each record is whole. */
static void read_at_work(const struct shared_section *section, DWORD flags)
{
    HOSTMEM_OPTIONS options = options_in(section, flags);
    struct subject subject = subject_make(&options);
    IHostMalloc *heap = subject_heap(&subject);
    void *region = subject_alloc(&subject, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    void *block = heap_block(heap, 777);
    volatile LONG stop = 0;
    struct worker workers[3];
    struct threads threads;
    unsigned wrong = 0, exact = 0;

    for (unsigned i = 0; i < COUNT_OF(workers); i++)
        workers[i] = (struct worker){&subject, heap, &stop};
    threads_start(&threads, COUNT_OF(workers), work, workers, sizeof(workers[0]));
    for (unsigned round = 0; round < 40; round++) {
        IHostMemInspection *books = NULL;
        HOSTMEM_REGION found;
        HOSTMEM_BLOCK found_block;
        HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};

        wrong += HostMemReadBooks(section->reading, section->size, &books) != S_OK;
        if (!books)
            continue;
        wrong += IHostMemInspection_FindRegion(books, region, &found) != S_OK;
        wrong += found.Base != region || found.Committed != GRANULE;
        wrong += IHostMemInspection_FindBlock(books, block, &found_block) != S_OK;
        wrong += found_block.Address != block || found_block.Size != 777;
        IHostMemInspection_EnumRegions(books, expect_whole, &wrong);
        IHostMemInspection_Audit(books, &audit, NULL, NULL);
        wrong += audit.Differences != 0;
        exact += audit.TotalsCompared != FALSE;
        IHostMemInspection_Release(books);
    }
    stop = 1;
    threads_join(&threads);
    print_message("%u of 40 readings met no call\n", exact);
    assert_figure(wrong, 0);
    assert_succeeds(IHostMalloc_Free(heap, block));
    IHostMalloc_Release(heap);
    subject_release(&subject, region);
    subject_end(&subject);
}

static void books_of_a_manager_at_work_are_read_whole(void **state)
{
    read_at_work(*state, 0);
}

static void histories_of_a_manager_at_work_are_read_whole(void **state)
{
    read_at_work(*state, HOSTMEM_TRACK_BLOCKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_section(memory_that_cannot_hold_books_is_E_INVALIDARG),
        in_section(memory_that_holds_books_already_is_E_INVALIDARG_and_keeps_them),
        in_section(a_manager_that_cannot_be_made_leaves_its_memory_as_it_was),
        cmocka_unit_test(books_in_a_committed_section_can_be_read),
        in_section(a_manager_never_gives_its_makers_memory_back),
        cmocka_unit_test(books_tell_what_their_manager_tells),
        in_section(books_stay_when_their_manager_has_ended),
        in_section(closed_books_say_so),
        in_section(books_that_are_being_made_are_not_ready),
        in_section(books_of_another_revision_are_refused),
        in_section(memory_without_books_is_refused),
        in_section(null_pointers_are_E_POINTER),
        in_section(books_cannot_be_changed),
        in_section(reading_leaves_no_memory_behind),
        in_section(books_of_a_manager_at_work_are_read_whole),
        in_section(histories_of_a_manager_at_work_are_read_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
