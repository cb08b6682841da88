/*
 * test_redirect_module.c: what HostMemRedirectModule and HostMemRemoveRedirection do to a module:
 * which entries they rewrite, that removing restores them, which managers and modules they serve,
 * and what they refuse.
 */
#include "redirected.h"

#include <stdlib.h>
#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)

/* A garbage pointer, which a failing call must overwrite. */
#define GARBAGE ((HOSTMEM_REDIRECTION *)(uintptr_t)0x5a5a5a5a)

#define ERROR_IS_BUSY HRESULT_FROM_WIN32(ERROR_BUSY)

static HRESULT redirect(const struct subject *subject, HMODULE module,
                        HOSTMEM_REDIRECTION **redirection)
{
    return HostMemRedirectModule(subject->manager, module, 0, redirection);
}

/* ------------------------------------------------------------------------------------------------
 * Images
 * --------------------------------------------------------------------------------------------- */

/* A copy of a loaded module, and how its pages are protected. */
struct image_copy {
    const unsigned char *base;
    SIZE_T size;
    unsigned char *bytes;
    DWORD *protections; /* of each page */
};

static IMAGE_NT_HEADERS *headers_of(HMODULE module)
{
    return (IMAGE_NT_HEADERS *)((char *)module + ((IMAGE_DOS_HEADER *)module)->e_lfanew);
}

static struct image_copy copy_image(HMODULE module)
{
    struct image_copy copy = {.base = (const unsigned char *)module,
                              .size = headers_of(module)->OptionalHeader.SizeOfImage};

    copy.bytes = malloc(copy.size);
    copy.protections = calloc(copy.size / PAGE, sizeof(DWORD));
    assert_non_null(copy.bytes);
    assert_non_null(copy.protections);
    memcpy(copy.bytes, copy.base, copy.size);
    for (SIZE_T page = 0; page < copy.size / PAGE; page++) {
        MEMORY_BASIC_INFORMATION information;

        assert_true(VirtualQuery(copy.base + page * PAGE, &information, sizeof(information)) != 0);
        copy.protections[page] = information.Protect;
    }
    return copy;
}

static void free_copy(struct image_copy *copy)
{
    free(copy->protections);
    free(copy->bytes);
}

/* The import address table, by the image's directory. */
static IMAGE_DATA_DIRECTORY entries_of(HMODULE module)
{
    return headers_of(module)->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IAT];
}

/* How many pointers of the table are not what they were; no other byte of the image may differ. */
static unsigned count_rewritten(const struct image_copy *copy)
{
    IMAGE_DATA_DIRECTORY entries = entries_of((HMODULE)(uintptr_t)copy->base);
    unsigned rewritten = 0;

    for (SIZE_T at = 0; at < copy->size; at += sizeof(void *)) {
        if (memcmp(copy->base + at, copy->bytes + at, sizeof(void *)) == 0)
            continue;
        assert_between(at, entries.VirtualAddress, entries.VirtualAddress + entries.Size - 1);
        rewritten++;
    }
    return rewritten;
}

static void assert_protections_unchanged(const struct image_copy *copy)
{
    for (SIZE_T page = 0; page < copy->size / PAGE; page++) {
        MEMORY_BASIC_INFORMATION information;

        assert_true(VirtualQuery(copy->base + page * PAGE, &information, sizeof(information)) != 0);
        assert_figure(information.Protect, copy->protections[page]);
    }
}

/* ------------------------------------------------------------------------------------------------
 * What is rewritten, and put back
 * --------------------------------------------------------------------------------------------- */

/* What redirect_target.h lists, all of them in the table of HostMemRedirectModule. */
#ifdef _WIN64
#define FUNCTIONS_IMPORTED 15
#else
#define FUNCTIONS_IMPORTED 14 /* x86 has no UnmapViewOfFileEx there */
#endif
#define HEAP_FUNCTIONS_IMPORTED 9

static void only_the_entries_of_memory_functions_are_rewritten(void **state)
{
    struct redirected *redirected = *state;
    struct image_copy copy;

    redirected_end(redirected);
    copy = copy_image(redirected->module);
    redirected_begin(redirected);
    assert_figure(count_rewritten(&copy), FUNCTIONS_IMPORTED);
    assert_protections_unchanged(&copy);
    free_copy(&copy);
}

static void with_the_flag_the_entries_of_heap_functions_are_rewritten_too(void **state)
{
    struct redirected *redirected = *state;
    struct image_copy copy;

    redirected_end(redirected);
    copy = copy_image(redirected->module);
    redirected->flags = HOSTMEM_REDIRECT_HEAP;
    redirected_begin(redirected);
    assert_figure(count_rewritten(&copy), FUNCTIONS_IMPORTED + HEAP_FUNCTIONS_IMPORTED);
    assert_protections_unchanged(&copy);
    redirected_end(redirected);
    assert_figure(count_rewritten(&copy), 0);
    assert_protections_unchanged(&copy);
    free_copy(&copy);
}

/*
 * A module that is redirected already stays so; each of the two redirections is removed by itself.
 */
static void the_flag_can_be_added_to_a_redirection_without_it(void **state)
{
    struct redirected *redirected = *state;
    struct image_copy copy = copy_image(redirected->module);
    HOSTMEM_REDIRECTION *with_heap = GARBAGE;

    assert_hresult(HostMemRedirectModule(redirected->subject.manager, redirected->module,
                                         HOSTMEM_REDIRECT_HEAP, &with_heap),
                   S_OK);
    assert_figure(count_rewritten(&copy), HEAP_FUNCTIONS_IMPORTED);
    assert_hresult(HostMemRemoveRedirection(with_heap), S_OK);
    assert_figure(count_rewritten(&copy), 0);
    free_copy(&copy);
}

static void removal_restores_every_byte_and_protection(void **state)
{
    struct redirected *redirected = *state;
    struct image_copy copy;

    redirected_end(redirected);
    copy = copy_image(redirected->module);
    for (int round = 0; round < 3; round++) {
        redirected_begin(redirected);
        redirected_end(redirected);
        assert_figure(count_rewritten(&copy), 0);
        assert_protections_unchanged(&copy);
    }
    free_copy(&copy);
}

static void after_removal_the_module_goes_to_win32(void **state)
{
    struct redirected *redirected = *state;
    void *memory;

    redirected_end(redirected);
    memory = redirected->calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    assert_non_null(memory);
    assert_false(is_owned(&redirected->subject, memory));
    assert_true(redirected->calls->free(memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(&redirected->subject).PassedFrees, 0);
    assert_figure(statistics_of(&redirected->subject).Regions.Peak, 0);
}

static void memory_held_at_removal_stays_in_the_books(void **state)
{
    struct redirected *redirected = *state;
    void *memory = redirected->calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(memory);
    redirected_end(redirected);
    assert_true(is_owned(&redirected->subject, memory));
    assert_clean_audit(&redirected->subject);
    subject_release(&redirected->subject, memory);
}

/* Nothing is kept of a redirection that was removed. */
static void redirecting_and_removing_keeps_no_memory(void **state)
{
    static const DWORD flags[] = {0, HOSTMEM_REDIRECT_HEAP, HOSTMEM_REDIRECT_FOLLOW};
    struct redirected *redirected = *state;

    redirected_end(redirected);
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        struct memory_sum before, after;

        redirected->flags = flags[i];
        for (int round = 0; round < 3; round++) { /* what is made once for all */
            redirected_begin(redirected);
            redirected_end(redirected);
        }
        before = memory_sum_of_process();
        for (int round = 0; round < 100; round++) {
            redirected_begin(redirected);
            redirected_end(redirected);
        }
        after = memory_sum_of_process();
        assert_figure(after.reservations, before.reservations);
        assert_figure(after.reserved, before.reserved);
        assert_figure(after.committed, before.committed);
    }
}

static void write_entry(void *volatile *entry, void *value)
{
    DWORD protect;

    assert_true(VirtualProtect((void *)(uintptr_t)entry, sizeof(*entry), PAGE_READWRITE, &protect));
    *entry = value;
    assert_true(VirtualProtect((void *)(uintptr_t)entry, sizeof(*entry), protect, &protect));
}

static LPVOID WINAPI alloc_of_someone_else(LPVOID address, SIZE_T size, DWORD type, DWORD protect)
{
    (void)address;
    (void)size;
    (void)type;
    (void)protect;
    return (void *)(uintptr_t)0x12340000;
}

static void an_entry_that_someone_else_rewrote_is_left_alone(void **state)
{
    struct redirected *redirected = *state;
    void *volatile *entry = redirected->calls->alloc_entry;
    void *theirs = (void *)(uintptr_t)alloc_of_someone_else;
    void *original;

    redirected_end(redirected);
    original = *entry;
    redirected_begin(redirected);
    write_entry(entry, theirs);
    redirected_end(redirected);
    assert_address(*entry, theirs);
    write_entry(entry, original);
}

/* ------------------------------------------------------------------------------------------------
 * Twice
 * --------------------------------------------------------------------------------------------- */

static void redirecting_twice_is_s_false(void **state)
{
    const struct redirected *redirected = *state;
    struct image_copy copy = copy_image(redirected->module);
    HOSTMEM_REDIRECTION *second = GARBAGE;

    assert_hresult(redirect(&redirected->subject, redirected->module, &second), S_FALSE);
    assert_null(second);
    assert_figure(count_rewritten(&copy), 0);
    free_copy(&copy);
}

static void removing_twice_is_e_invalidarg(void **state)
{
    struct redirected *redirected = *state;
    HOSTMEM_REDIRECTION *redirection = redirected->redirection;

    redirected_end(redirected);
    assert_hresult(HostMemRemoveRedirection(redirection), E_INVALIDARG);
    assert_hresult(HostMemRemoveRedirection(redirection), E_INVALIDARG);
    assert_hresult(HostMemRemoveRedirection(NULL), E_POINTER);
}

static void removing_what_was_removed_does_not_end_another_redirection(void **state)
{
    struct redirected *redirected = *state;
    HOSTMEM_REDIRECTION *old = redirected->redirection;
    void *memory;

    redirected_end(redirected);
    redirected_begin(redirected);
    assert_true(redirected->redirection != old);
    assert_hresult(HostMemRemoveRedirection(old), E_INVALIDARG);
    memory = redirected->calls->alloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    assert_true(is_owned(&redirected->subject, memory));
    assert_true(redirected->calls->free(memory, 0, MEM_RELEASE));
}

static DWORD WINAPI remove_redirection(void *context)
{
    return (DWORD)HostMemRemoveRedirection(*(HOSTMEM_REDIRECTION **)context);
}

static void of_threads_that_remove_the_same_redirection_one_wins(void **state)
{
    struct redirected *redirected = *state;

    for (int round = 0; round < 50; round++) {
        HOSTMEM_REDIRECTION *contexts[4];
        struct threads threads;
        unsigned wins = 0;

        for (size_t i = 0; i < COUNT_OF(contexts); i++)
            contexts[i] = redirected->redirection;
        threads_start(&threads, COUNT_OF(contexts), remove_redirection, contexts,
                      sizeof(contexts[0]));
        WaitForMultipleObjects(threads.count, threads.handles, TRUE, INFINITE);
        for (unsigned i = 0; i < threads.count; i++) {
            DWORD result = (DWORD)E_FAIL;

            assert_true(GetExitCodeThread(threads.handles[i], &result));
            if ((HRESULT)result != S_OK)
                assert_hresult((HRESULT)result, E_INVALIDARG);
            wins += (HRESULT)result == S_OK;
        }
        threads_join(&threads);
        assert_figure(wins, 1);
        redirected_begin(redirected);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Which manager
 * --------------------------------------------------------------------------------------------- */

static void a_second_manager_is_busy_while_the_first_is_bound(void **state)
{
    struct redirected *redirected = *state;
    struct subject other = subject_make(NULL);
    struct redirected second = {.subject = other};
    struct image_copy copy;
    HOSTMEM_REDIRECTION *redirection = GARBAGE;

    redirected_load(&second, L"redirect_api_set.dll");
    copy = copy_image(second.module);
    assert_hresult(redirect(&other, second.module, &redirection), ERROR_IS_BUSY);
    assert_null(redirection);
    assert_figure(count_rewritten(&copy), 0);

    redirected_end(redirected);
    redirected_begin(&second);
    assert_hresult(redirect(&redirected->subject, redirected->module, &redirection), ERROR_IS_BUSY);
    redirected_end(&second);
    redirected_begin(redirected);

    free_copy(&copy);
    redirected_unload(&second);
    subject_end(&other);
}

static void one_manager_serves_several_modules_until_each_is_removed(void **state)
{
    struct redirected *redirected = *state;
    struct redirected second = {.subject = redirected->subject};
    void *first_memory, *second_memory;

    redirected_load(&second, L"redirect_api_set.dll");
    redirected_begin(&second);
    first_memory = redirected->calls->alloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    second_memory = second.calls->alloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    assert_true(is_owned(&redirected->subject, first_memory));
    assert_true(is_owned(&redirected->subject, second_memory));
    redirected_end(redirected);
    assert_true(second.calls->free(first_memory, 0, MEM_RELEASE));
    assert_true(second.calls->free(second_memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(&redirected->subject).Regions.Now, 0);
    assert_figure(statistics_of(&redirected->subject).PassedFrees, 0);
    redirected_end(&second);
    redirected_unload(&second);
}

static void a_redirection_keeps_its_manager_alive(void **state)
{
    struct redirected *redirected = *state;
    struct redirected own = {.subject = redirected->subject};
    ULONG without;
    void *memory;

    redirected_end(redirected);
    without = references_of(redirected->subject.manager);
    redirected_begin(redirected);
    assert_figure(references_of(redirected->subject.manager), without + 1);
    redirected_end(redirected);
    assert_figure(references_of(redirected->subject.manager), without);

    own.subject = subject_make(NULL);
    redirected_load(&own, L"redirect_target.dll");
    redirected_begin(&own);
    subject_end(&own.subject);
    memory = own.calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    assert_non_null(memory);
    assert_true(own.calls->free(memory, 0, MEM_RELEASE));
    redirected_end(&own);
    redirected_unload(&own);
}

static void a_redirection_keeps_its_module_loaded(void **state)
{
    struct redirected *redirected = *state;
    struct redirected second = {.subject = redirected->subject};
    void *memory;

    redirected_load(&second, L"redirect_api_set.dll");
    redirected_begin(&second);
    assert_true(FreeLibrary(second.module));
    assert_address(GetModuleHandleW(L"redirect_api_set.dll"), second.module);
    memory = second.calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    assert_true(is_owned(&redirected->subject, memory));
    assert_true(second.calls->free(memory, 0, MEM_RELEASE));
    redirected_end(&second);
    assert_null(GetModuleHandleW(L"redirect_api_set.dll"));
}

/* ------------------------------------------------------------------------------------------------
 * What is refused
 * --------------------------------------------------------------------------------------------- */

static void what_is_no_module_is_e_invalidarg(void **state)
{
    const struct redirected *redirected = *state;
    char *memory = VirtualAlloc(NULL, 2 * GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    char *freed = VirtualAlloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    HMODULE as_data = LoadLibraryExW(L"redirect_nothing.dll", NULL, LOAD_LIBRARY_AS_DATAFILE);
    int local = 0;
    const struct {
        const char *about;
        const void *address;
    } cases[] = {
        {"NULL", NULL},
        {"1", (void *)1},
        {"the stack", &local},
        {"a page", memory},
        {"an image that the loader does not know", memory + GRANULE},
        {"freed memory", freed},
        {"a module's second byte", (char *)redirected->module + 1},
        {"a module's second page", (char *)redirected->module + PAGE},
        {"a module loaded as data", as_data},
        {"the end of the address space", (void *)UINTPTR_MAX},
    };

    assert_non_null(memory);
    assert_non_null(freed);
    assert_non_null(as_data);
    memcpy(memory + GRANULE, redirected->module, PAGE);
    assert_true(VirtualFree(freed, 0, MEM_RELEASE));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        HOSTMEM_REDIRECTION *redirection = GARBAGE;

        assert_hresult_of(
            cases[i].about,
            redirect(&redirected->subject, (HMODULE)(uintptr_t)cases[i].address, &redirection),
            E_INVALIDARG);
        assert_null(redirection);
    }
    FreeLibrary(as_data);
    assert_true(VirtualFree(memory, 0, MEM_RELEASE));
}

static void wrong_arguments_are_refused(void **state)
{
    struct redirected *redirected = *state;
    IHostMemoryManagerVtbl vtbl = *redirected->subject.manager->lpVtbl;
    IHostMemoryManager stranger = {&vtbl};
    HOSTMEM_REDIRECTION *redirection = GARBAGE;
    struct image_copy copy;

    redirected_end(redirected);
    copy = copy_image(redirected->module);
    assert_hresult(HostMemRedirectModule(NULL, redirected->module, 0, &redirection), E_POINTER);
    assert_null(redirection);
    assert_hresult(HostMemRedirectModule(redirected->subject.manager, redirected->module, 0, NULL),
                   E_POINTER);
    redirection = GARBAGE;
    assert_hresult(HostMemRedirectModule(&stranger, redirected->module, 0, &redirection),
                   E_INVALIDARG);
    assert_null(redirection);
    for (int bit = 0; bit < 32; bit++) {
        if ((DWORD)1 << bit &
            (HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_NO_STATUS | HOSTMEM_REDIRECT_FOLLOW |
             HOSTMEM_REDIRECT_ENDINGS | HOSTMEM_REDIRECT_NO_PAGES))
            continue;
        redirection = GARBAGE;
        assert_hresult(HostMemRedirectModule(redirected->subject.manager, redirected->module,
                                             (DWORD)1 << bit, &redirection),
                       E_INVALIDARG);
        assert_null(redirection);
    }
    assert_figure(count_rewritten(&copy), 0);
    free_copy(&copy);
}

static void a_module_without_such_imports_is_s_false(void **state)
{
    const struct redirected *redirected = *state;
    HMODULE nothing = LoadLibraryW(L"redirect_nothing.dll");
    struct image_copy copy;
    HOSTMEM_REDIRECTION *redirection = GARBAGE;

    assert_non_null(nothing);
    copy = copy_image(nothing);
    assert_hresult(redirect(&redirected->subject, nothing, &redirection), S_FALSE);
    assert_null(redirection);
    assert_figure(count_rewritten(&copy), 0);
    free_copy(&copy);
    assert_true(FreeLibrary(nothing));
    assert_null(GetModuleHandleW(L"redirect_nothing.dll"));
}

static void without_pages_the_module_keeps_its_own(void **state)
{
    struct redirected *redirected = *state;
    void *memory;

    redirected_end(redirected);
    redirected->flags = HOSTMEM_REDIRECT_NO_PAGES | HOSTMEM_REDIRECT_NO_STATUS;
    assert_true(HostMemRedirectModule(redirected->subject.manager, redirected->module,
                                      redirected->flags, &redirected->redirection) >= 0);
    memory = redirected_alloc(redirected, NULL, PAGE, MEM_RESERVE | MEM_COMMIT);
    assert_non_null(memory);
    assert_false(is_owned(&redirected->subject, memory));
    redirected_release(redirected, memory);
}

static void a_module_that_is_no_part_of_a_runtime_is_not_followed(void **state)
{
    (void)state;
    assert_hresult(HostMemFollowModule(NULL), E_INVALIDARG);
    assert_hresult(HostMemFollowModule(GetModuleHandleW(NULL)), S_FALSE);
}

static void a_module_whose_tables_make_no_sense_is_refused(void **state)
{
    const struct redirected *redirected = *state;
    HMODULE nothing = LoadLibraryW(L"redirect_nothing.dll");
    HOSTMEM_REDIRECTION *redirection = GARBAGE;
    IMAGE_DATA_DIRECTORY *imports;
    DWORD protect;

    assert_non_null(nothing);
    imports = &headers_of(nothing)->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
    assert_true(VirtualProtect(imports, sizeof(*imports), PAGE_READWRITE, &protect));
    imports->VirtualAddress = 0x7ffffff0;
    assert_hresult(redirect(&redirected->subject, nothing, &redirection),
                   HRESULT_FROM_WIN32(ERROR_BAD_EXE_FORMAT));
    assert_null(redirection);
    assert_true(FreeLibrary(nothing));
}

/* ------------------------------------------------------------------------------------------------
 * Other tables
 * --------------------------------------------------------------------------------------------- */

static void imports_from_an_api_set_are_redirected(void **state)
{
    const struct redirected *redirected = *state;
    struct redirected second = {.subject = redirected->subject};
    MEMORY_BASIC_INFORMATION information;
    struct image_copy copy;
    DWORD old;
    void *memory;

    redirected_load(&second, L"redirect_api_set.dll");
    copy = copy_image(second.module);
    redirected_begin(&second);
    assert_figure(count_rewritten(&copy), 4);
    memory = second.calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    assert_true(is_owned(&redirected->subject, memory));
    assert_figure(second.calls->query(memory, &information, sizeof(information)),
                  sizeof(information));
    assert_true(second.calls->protect(memory, PAGE, PAGE_READONLY, &old));
    assert_true(second.calls->free(memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(&redirected->subject).Regions.Now, 0);
    redirected_end(&second);
    assert_figure(count_rewritten(&copy), 0);
    free_copy(&copy);
    redirected_unload(&second);
}

/* The entries of a delay-loaded table lie in the import address table of GNU ld's images. */
static void delay_loaded_imports_are_redirected_before_they_are_ever_resolved(void **state)
{
    const struct redirected *redirected = *state;
    struct redirected second = {.subject = redirected->subject};
    MEMORY_BASIC_INFORMATION information;
    DWORD old;
    void *memory, *unresolved;

    redirected_load(&second, L"redirect_delayed.dll");
    unresolved = *second.calls->alloc_entry;
    redirected_begin(&second);
    memory = second.calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    assert_true(is_owned(&redirected->subject, memory));
    assert_figure(second.calls->query(memory, &information, sizeof(information)),
                  sizeof(information));
    assert_true(second.calls->protect(memory, PAGE, PAGE_READONLY, &old));
    assert_true(second.calls->free(memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(&redirected->subject).Regions.Now, 0);
    assert_figure(*second.calls->resolved, 0);
    redirected_end(&second);
    assert_address(*second.calls->alloc_entry, unresolved);
    redirected_unload(&second);
}

static void delay_loaded_imports_resolve_after_removal(void **state)
{
    const struct redirected *redirected = *state;
    struct redirected second = {.subject = redirected->subject};
    void *memory;

    redirected_load(&second, L"redirect_delayed.dll");
    redirected_begin(&second);
    redirected_end(&second);
    memory = second.calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    assert_non_null(memory);
    assert_false(is_owned(&redirected->subject, memory));
    assert_true(second.calls->free(memory, 0, MEM_RELEASE));
    assert_figure(*second.calls->resolved, 2);
    redirected_unload(&second);
}

static void delay_loaded_imports_are_redirected_after_they_were_resolved(void **state)
{
    const struct redirected *redirected = *state;
    struct redirected second = {.subject = redirected->subject};
    void *memory, *resolved;

    redirected_load(&second, L"redirect_delayed.dll");
    memory = second.calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    resolved = *second.calls->alloc_entry;
    assert_false(is_owned(&redirected->subject, memory));
    redirected_begin(&second);
    assert_true(second.calls->free(memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(&redirected->subject).PassedFrees, 1);
    memory = second.calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    assert_true(is_owned(&redirected->subject, memory));
    assert_true(second.calls->free(memory, 0, MEM_RELEASE));
    assert_figure(*second.calls->resolved, 1);
    redirected_end(&second);
    assert_address(*second.calls->alloc_entry, resolved);
    redirected_unload(&second);
}

/* ------------------------------------------------------------------------------------------------
 * While threads are inside
 * --------------------------------------------------------------------------------------------- */

struct visitor {
    const struct redirect_target *calls;
    char *memory;
    volatile LONG *stop;
    volatile LONG visits;
    ULONGLONG failures;
};

static DWORD WINAPI visit(void *context)
{
    struct visitor *visitor = context;

    while (!*visitor->stop) {
        MEMORY_BASIC_INFORMATION information;
        DWORD old;

        visitor->visits++;
        visitor->failures +=
            visitor->calls->query(visitor->memory, &information, sizeof(information)) == 0;
        visitor->failures += !visitor->calls->protect(visitor->memory, PAGE, PAGE_READWRITE, &old);
    }
    return 0;
}

static bool all_have_visited(const struct visitor *visitors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!visitors[i].visits)
            return false;
    }
    return true;
}

static void redirections_come_and_go_while_threads_call(void **state)
{
    struct redirected *redirected = *state;
    char *memory = VirtualAlloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    volatile LONG stop = 0;
    struct visitor visitors[4];
    struct threads threads;
    ULONG with = references_of(redirected->subject.manager);

    assert_non_null(memory);
    for (size_t i = 0; i < COUNT_OF(visitors); i++)
        visitors[i] = (struct visitor){redirected->calls, memory, &stop, 0, 0};
    threads_start(&threads, COUNT_OF(visitors), visit, visitors, sizeof(visitors[0]));
    for (int round = 0; round < 300 || !all_have_visited(visitors, COUNT_OF(visitors)); round++) {
        redirected_end(redirected);
        redirected_begin(redirected);
    }
    stop = 1;
    threads_join(&threads);
    for (size_t i = 0; i < COUNT_OF(visitors); i++)
        assert_figure(visitors[i].failures, 0);
    redirected_end(redirected);
    redirected_begin(redirected); /* frees what had to be kept until the threads had left */
    assert_figure(references_of(redirected->subject.manager), with);
    assert_true(VirtualFree(memory, 0, MEM_RELEASE));
}

/*
 * hostmem's own calls must stay Win32's, or they would come back to it for ever: neither the module
 * that it lies in nor those that its calls go through can be redirected. Last: where this is not
 * refused, the program does not survive.
 */
static void hostmem_s_own_module_is_refused(void **state)
{
    const struct redirected *redirected = *state;
    HOSTMEM_REDIRECTION *redirection = GARBAGE;
    HMODULE self = NULL;

    assert_true(GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                       GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                                   (LPCWSTR)(uintptr_t)redirected->subject.manager->lpVtbl, &self));
    assert_hresult(redirect(&redirected->subject, self, &redirection), E_INVALIDARG);
    assert_null(redirection);
}

static void modules_that_hostmem_calls_through_are_not_redirected(void **state)
{
    static const wchar_t *const names[] = {L"ntdll.dll", L"kernelbase.dll", L"kernel32.dll"};
    const struct redirected *redirected = *state;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        HOSTMEM_REDIRECTION *redirection = GARBAGE;
        HRESULT hr = redirect(&redirected->subject, GetModuleHandleW(names[i]), &redirection);

        assert_true(hr != S_OK);
        assert_null(redirection);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        redirected_promise(only_the_entries_of_memory_functions_are_rewritten),
        redirected_promise(with_the_flag_the_entries_of_heap_functions_are_rewritten_too),
        redirected_promise(the_flag_can_be_added_to_a_redirection_without_it),
        redirected_promise(removal_restores_every_byte_and_protection),
        redirected_promise(after_removal_the_module_goes_to_win32),
        redirected_promise(memory_held_at_removal_stays_in_the_books),
        redirected_promise(redirecting_and_removing_keeps_no_memory),
        redirected_promise(an_entry_that_someone_else_rewrote_is_left_alone),
        redirected_promise(redirecting_twice_is_s_false),
        redirected_promise(removing_twice_is_e_invalidarg),
        redirected_promise(removing_what_was_removed_does_not_end_another_redirection),
        redirected_promise(of_threads_that_remove_the_same_redirection_one_wins),
        redirected_promise(a_second_manager_is_busy_while_the_first_is_bound),
        redirected_promise(one_manager_serves_several_modules_until_each_is_removed),
        redirected_promise(a_redirection_keeps_its_manager_alive),
        redirected_promise(a_redirection_keeps_its_module_loaded),
        redirected_promise(what_is_no_module_is_e_invalidarg),
        redirected_promise(wrong_arguments_are_refused),
        redirected_promise(a_module_without_such_imports_is_s_false),
        redirected_promise(without_pages_the_module_keeps_its_own),
        redirected_promise(a_module_that_is_no_part_of_a_runtime_is_not_followed),
        redirected_promise(a_module_whose_tables_make_no_sense_is_refused),
        redirected_promise(imports_from_an_api_set_are_redirected),
        redirected_promise(delay_loaded_imports_are_redirected_before_they_are_ever_resolved),
        redirected_promise(delay_loaded_imports_resolve_after_removal),
        redirected_promise(delay_loaded_imports_are_redirected_after_they_were_resolved),
        redirected_promise(redirections_come_and_go_while_threads_call),
        redirected_promise(hostmem_s_own_module_is_refused),
        redirected_promise(modules_that_hostmem_calls_through_are_not_redirected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
