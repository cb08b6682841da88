/*
 * test_library_redirection.c: how a library by which others allocate comes to be redirected, and
 * ceases to be, while others use it (src/redirect/entries.c, binding.c).
 *
 * VirtualQuery, which hostmem calls before each entry that it writes, is replaced: so the test uses
 * the library between any two of them.
 */
#include "redirect_library.h"
#include "redirected.h"
#include "replaced.h"

struct library {
    struct subject subject;
    HMODULE module;
    const struct redirect_library *calls;
    INT_PTR(__cdecl *handle)(void);
    HOSTMEM_REDIRECTION *redirection;
};

/* ------------------------------------------------------------------------------------------------
 * Between two entries
 * --------------------------------------------------------------------------------------------- */

static struct replaced query;

static struct {
    const struct library *library; /* NULL: it is not used */
    bool is_inside;
    unsigned rounds;
    unsigned failures;
} between;

static void use(const struct library *library)
{
    const struct redirect_library *calls = library->calls;
    void *block = calls->make_block(100), *local = calls->make_local(50);
    void *pages = calls->make_pages(0x10000);

    between.rounds++;
    if (!block || !local || !pages || calls->measure_block(block) != 100)
        between.failures++;
    if (!calls->free_block(block) || !calls->free_local(local) || !calls->free_pages(pages) ||
        is_owned(&library->subject, pages))
        between.failures++;
}

static SIZE_T WINAPI use_and_VirtualQuery(LPCVOID address, PMEMORY_BASIC_INFORMATION information,
                                          SIZE_T length)
{
    if (between.library && !between.is_inside) {
        between.is_inside = true;
        use(between.library);
        between.is_inside = false;
    }
    return ORIGINAL_OF(query, VirtualQuery)(address, information, length);
}

/* ------------------------------------------------------------------------------------------------
 * The library
 * --------------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    static struct library library;
    FARPROC handle;

    library = (struct library){.subject = subject_make(NULL),
                               .module = LoadLibraryW(L"redirect_library.dll")};
    assert_non_null(library.module);
    library.calls = (const void *)(uintptr_t)GetProcAddress(library.module, "redirect_library");
    handle = GetProcAddress(library.module, "_get_heap_handle");
    library.handle = (INT_PTR(__cdecl *)(void))(void (*)(void))handle;
    library.handle(); /* it has its heap */
    replace_import(&query, "VirtualQuery", (void *)(uintptr_t)use_and_VirtualQuery);
    *state = &library;
    return 0;
}

static void begin(struct library *library, DWORD flags)
{
    assert_hresult(HostMemRedirectModule(library->subject.manager, library->module,
                                         HOSTMEM_REDIRECT_HEAP | flags, &library->redirection),
                   S_OK);
}

static void end(struct library *library)
{
    assert_hresult(HostMemRemoveRedirection(library->redirection), S_OK);
    library->redirection = NULL;
}

static int tear_down(void **state)
{
    struct library *library = *state;

    between.library = NULL;
    if (library->redirection)
        end(library);
    put_import_back(&query);
    assert_clean_audit(&library->subject);
    library->calls->forget_heap();
    FreeLibrary(library->module);
    subject_end(&library->subject);
    return 0;
}

#define library_promise(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void assert_was_used_well(const struct library *library)
{
    assert_at_least(between.rounds, 8);
    assert_figure(between.failures, 0);
    assert_figure(statistics_of(&library->subject).Blocks.Now, 0);
    assert_figure(statistics_of(&library->subject).RefusedFrees, 0);
    assert_true(HeapValidate((HANDLE)library->handle(), 0, NULL));
    assert_true(HeapValidate(GetProcessHeap(), 0, NULL));
}

static void what_is_made_between_two_entries_can_be_given_back(void **state)
{
    struct library *library = *state;

    between.rounds = between.failures = 0;
    between.library = library;
    begin(library, 0);
    between.library = NULL;
    assert_was_used_well(library);
}

static void nor_does_the_end_part_what_makes_from_what_takes(void **state)
{
    struct library *library = *state;

    begin(library, 0);
    between.rounds = between.failures = 0;
    between.library = library;
    end(library);
    between.library = NULL;
    assert_was_used_well(library);
}

/* ------------------------------------------------------------------------------------------------
 * The library's heap
 * --------------------------------------------------------------------------------------------- */

static void a_heap_that_is_made_while_the_library_is_redirected_is_taken_over(void **state)
{
    struct library *library = *state;
    HOSTMEM_BLOCK found;
    void *block;

    library->calls->forget_heap();
    begin(library, 0);
    block = library->calls->make_block(100);
    assert_hresult(IHostMemInspection_FindBlock(library->subject.inspection, block, &found), S_OK);
    assert_true(library->calls->free_block(block));
    assert_figure(statistics_of(&library->subject).PassedHeapCalls, 0);
}

/*
 * Fills the table of heaps with those of a manager that is not bound any more: each has a block.
 */
static size_t fill_table(struct redirected *other, HANDLE *heaps, size_t most)
{
    size_t count = 0;

    redirected_load(other, L"redirect_target.dll");
    redirected_begin(other);
    while (statistics_of(&other->subject).Heaps.Now < most) {
        heaps[count] = other->calls->heap_create(0, 0, 0);
        assert_non_null(other->calls->heap_alloc(heaps[count++], 0, 100));
    }
    redirected_end(other);
    return count;
}

static void empty_table(struct redirected *other, const HANDLE *heaps, size_t count)
{
    redirected_begin(other);
    while (count)
        assert_true(other->calls->heap_destroy(heaps[--count]));
    redirected_end(other);
    redirected_unload(other);
}

/* The process's heap has got the last place; the library's has none. */
static void a_manager_that_cannot_serve_the_librarys_heap_keeps_none(void **state)
{
    struct library *library = *state;
    struct redirected other = {.subject = subject_make(NULL), .flags = HOSTMEM_REDIRECT_HEAP};
    ULONG references = references_of(library->subject.manager);
    HANDLE heaps[64];
    size_t count = fill_table(&other, heaps, COUNT_OF(heaps));

    for (int i = 0; i < 2; i++) {
        assert_hresult(HostMemRedirectModule(library->subject.manager, library->module,
                                             HOSTMEM_REDIRECT_HEAP, &library->redirection),
                       E_OUTOFMEMORY);
        assert_figure(statistics_of(&library->subject).Heaps.Now, 0);
        assert_figure(references_of(library->subject.manager), references);
    }
    empty_table(&other, heaps, count);
    subject_end(&other.subject);
}

/* ------------------------------------------------------------------------------------------------
 * Without names
 * --------------------------------------------------------------------------------------------- */

/* Only the addresses in the entries tell then what they are. */
static void lose_names(HMODULE module)
{
    char *base = (char *)module;
    const IMAGE_NT_HEADERS *headers =
        (const void *)(base + ((const IMAGE_DOS_HEADER *)(const void *)base)->e_lfanew);
    const IMAGE_DATA_DIRECTORY *directory =
        &headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
    IMAGE_IMPORT_DESCRIPTOR *at = (void *)(base + directory->VirtualAddress);
    DWORD old;

    assert_true(VirtualProtect(at, directory->Size, PAGE_READWRITE, &old));
    for (; at->Name; at++)
        at->OriginalFirstThunk = 0;
}

static void a_library_without_names_can_be_redirected_again(void **state)
{
    struct library *library = *state;
    HOSTMEM_BLOCK found;
    void *block;

    lose_names(library->module);
    for (int i = 0; i < 2; i++) {
        begin(library, 0);
        block = library->calls->make_block(100);
        assert_hresult(IHostMemInspection_FindBlock(library->subject.inspection, block, &found),
                       S_OK);
        end(library);
        assert_true(library->calls->free_block(block));
        assert_figure(statistics_of(&library->subject).Blocks.Now, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        library_promise(what_is_made_between_two_entries_can_be_given_back),
        library_promise(nor_does_the_end_part_what_makes_from_what_takes),
        library_promise(a_heap_that_is_made_while_the_library_is_redirected_is_taken_over),
        library_promise(a_manager_that_cannot_serve_the_librarys_heap_keeps_none),
        library_promise(a_library_without_names_can_be_redirected_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
