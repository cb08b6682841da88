/*
 * test_libraries.c: the libraries by which others allocate (src/redirect/libraries.h): a run-time
 * library whose heap was there before the redirection, COM's task memory, automation's strings.
 *
 * The run-time library under test is ucrtbase.dll, which these programs do not use themselves.
 */
#include "redirected.h"

#include <string.h>

enum {
    MOST_TOLD = 16,
    THREADS = 4,
    ROUNDS = 30
};

/* ------------------------------------------------------------------------------------------------
 * The run-time library
 * --------------------------------------------------------------------------------------------- */

struct runtime_library {
    struct subject subject;
    HMODULE module;
    HOSTMEM_REDIRECTION *redirection; /* NULL: not redirected */
    void *(__cdecl *alloc)(size_t size);
    void *(__cdecl *alloc_clear)(size_t count, size_t size);
    void *(__cdecl *resize)(void *memory, size_t size);
    void(__cdecl *release)(void *memory);
    size_t(__cdecl *size)(void *memory);
    intptr_t(__cdecl *handle)(void);
};

/* The library's _HEAPINFO, and what its _heapwalk and _heapchk return. */
struct heap_entry {
    int *address;
    size_t size;
    int is_used;
};

enum {
    HEAP_OK = -2,
    HEAP_END = -5
};

static void find(const struct runtime_library *library, const char *name, void *function)
{
    FARPROC found = GetProcAddress(library->module, name);

    assert_true(found != NULL);
    memcpy(function, &found, sizeof(found));
}

static void library_begin(struct runtime_library *library)
{
    assert_hresult(HostMemRedirectModule(library->subject.manager, library->module,
                                         HOSTMEM_REDIRECT_HEAP, &library->redirection),
                   S_OK);
}

static void library_end(struct runtime_library *library)
{
    assert_hresult(HostMemRemoveRedirection(library->redirection), S_OK);
    library->redirection = NULL;
}

/* Nothing is redirected yet: the library's heap is older than what a test does. */
static int set_up(void **state)
{
    static struct runtime_library library;

    memset(&library, 0, sizeof(library));
    library.subject = subject_make(NULL);
    library.module = LoadLibraryW(L"ucrtbase.dll");
    if (!library.module)
        skip();
    find(&library, "malloc", &library.alloc);
    find(&library, "calloc", &library.alloc_clear);
    find(&library, "realloc", &library.resize);
    find(&library, "free", &library.release);
    find(&library, "_msize", &library.size);
    find(&library, "_get_heap_handle", &library.handle);
    *state = &library;
    return 0;
}

static int tear_down(void **state)
{
    struct runtime_library *library = *state;

    if (library->redirection)
        library_end(library);
    assert_clean_audit_of("after the test", &library->subject);
    FreeLibrary(library->module);
    subject_end(&library->subject);
    return 0;
}

#define library_promise(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static HANDLE heap_of(const struct runtime_library *library)
{
    return (HANDLE)library->handle();
}

static bool is_in_books(const struct subject *subject, void *memory, SIZE_T size)
{
    HOSTMEM_BLOCK block;

    return IHostMemInspection_FindBlock(subject->inspection, memory, &block) == S_OK &&
           block.Address == memory && block.Size == size;
}

static HRESULT CALLBACK find_heap(void *context, const HOSTMEM_HEAP *heap)
{
    HOSTMEM_HEAP *wanted = context;

    if (heap->Handle != wanted->Handle)
        return S_OK;
    *wanted = *heap;
    return S_FALSE;
}

static HOSTMEM_HEAP heap_behind(const struct subject *subject, HANDLE handle)
{
    HOSTMEM_HEAP heap = {.Handle = handle};

    assert_hresult(IHostMemInspection_EnumHeaps(subject->inspection, find_heap, &heap), S_FALSE);
    return heap;
}

/* Bytes that only this memory has. */
static void fill(void *memory, size_t size)
{
    memset(memory, (int)((uintptr_t)memory >> 4 & 0xff), size);
}

static bool is_filled_as(const void *memory, const void *first, size_t size)
{
    const unsigned char *bytes = memory;

    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != ((uintptr_t)first >> 4 & 0xff))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * A heap that was there before
 * --------------------------------------------------------------------------------------------- */

static void what_others_allocate_by_the_library_is_in_the_books(void **state)
{
    struct runtime_library *library = *state;
    const struct subject *subject = &library->subject;
    HANDLE handle = heap_of(library);
    HOSTMEM_HEAP heap;
    void *block, *clear;

    assert_non_null(handle);
    library_begin(library);
    block = library->alloc(1000);
    clear = library->alloc_clear(10, 70000);
    assert_true(is_in_books(subject, block, 1000));
    assert_true(is_in_books(subject, clear, 700000));
    heap = heap_behind(subject, handle);
    assert_figure(heap.BlockBytes.Now, 701000);
    if (handle == GetProcessHeap()) {
        assert_figure(heap.Kind, HostMemHeapOfProcess);
    } else {
        assert_figure(heap.Kind, HostMemHeapOfModule);
        assert_address(heap.Module, library->module);
    }
    assert_figure(library->size(block), 1000);
    block = library->resize(block, 5000);
    assert_true(is_in_books(subject, block, 5000));
    library->release(block);
    library->release(clear);
    assert_figure(statistics_of(subject).Blocks.Now, 0);
    assert_figure(statistics_of(subject).PassedFrees, 0);
    assert_figure(statistics_of(subject).PassedHeapCalls, 0);
}

static void a_block_from_before_stays_where_it_came_from(void **state)
{
    struct runtime_library *library = *state;
    const struct subject *subject = &library->subject;
    HANDLE handle = heap_of(library);
    void *freed = library->alloc(100), *measured = library->alloc(200), *old = library->alloc(300);
    void *grown;

    fill(old, 300);
    library_begin(library);
    assert_figure(library->size(measured), 200);
    assert_figure(HeapSize(handle, 0, measured), 200);
    grown = library->resize(old, 60000);
    assert_true(is_filled_as(grown, old, 300));
    assert_false(is_owned(subject, grown));
    assert_true(HeapValidate(handle, 0, grown));
    library->release(freed);
    library->release(measured);
    library->release(grown);
    assert_figure(statistics_of(subject).PassedFrees, 3);
    assert_figure(statistics_of(subject).PassedHeapCalls, 1);
    assert_figure(statistics_of(subject).PassedHeapBytes, 60000);
    assert_true(HeapValidate(handle, 0, NULL));
}

/* Somebody who is not redirected may allocate from the library's heap by its handle. */
static void a_block_that_the_handles_user_made_may_be_freed_by_the_library(void **state)
{
    struct runtime_library *library = *state;
    void *block;

    library_begin(library);
    block = HeapAlloc(heap_of(library), 0, 100);
    assert_figure(library->size(block), 100);
    block = library->resize(block, 5000);
    assert_false(is_owned(&library->subject, block));
    library->release(block);
    assert_figure(statistics_of(&library->subject).PassedFrees, 1);
    assert_true(HeapValidate(heap_of(library), 0, NULL));
}

/* Both ways round, between the library and a redirected module that uses its handle. */
static void blocks_cross_between_the_library_and_a_redirected_module(void **state)
{
    struct runtime_library *library = *state;
    struct redirected other = {.subject = library->subject, .flags = HOSTMEM_REDIRECT_HEAP};
    HANDLE handle = heap_of(library);
    void *block;

    redirected_load(&other, L"redirect_target.dll");
    redirected_begin(&other);
    library_begin(library);
    block = other.calls->heap_alloc(handle, 0, 100);
    assert_true(is_in_books(&library->subject, block, 100));
    block = library->resize(block, 1000);
    assert_figure(other.calls->heap_size(handle, 0, block), 1000);
    library->release(block);
    block = library->alloc(300);
    assert_true(other.calls->heap_validate(handle, 0, block));
    block = other.calls->heap_realloc(handle, 0, block, 400);
    assert_figure(library->size(block), 400);
    assert_true(other.calls->heap_free(handle, 0, block));
    assert_figure(statistics_of(&library->subject).Blocks.Now, 0);
    assert_figure(statistics_of(&library->subject).RefusedFrees, 0);
    redirected_end(&other);
    redirected_unload(&other);
}

/* What a call leaves on the stack does not help the next one. */
static __attribute__((noinline)) void overwrite_stack(void)
{
    volatile char bytes[8192];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = 0x55;
}

/* _heapwalk goes by HeapWalk, and hands back less of an entry than that has given. */
static void a_walk_through_the_librarys_heap_meets_old_and_new_blocks(void **state)
{
    struct runtime_library *library = *state;
    int(__cdecl * walk)(struct heap_entry * entry);
    int(__cdecl * check)(void);
    struct heap_entry entry = {NULL, 0, 0};
    void *blocks[4];
    size_t met = 0;
    int result;

    find(library, "_heapwalk", &walk);
    find(library, "_heapchk", &check);
    blocks[0] = library->alloc(100);
    library_begin(library);
    for (size_t i = 1; i < COUNT_OF(blocks); i++)
        blocks[i] = library->alloc(1000 * i);
    while ((result = walk(&entry)) == HEAP_OK) {
        for (size_t i = 0; i < COUNT_OF(blocks); i++)
            met += entry.address == blocks[i];
        overwrite_stack();
    }
    assert_figure(result, HEAP_END);
    assert_figure(met, COUNT_OF(blocks));
    assert_figure(check(), HEAP_OK);
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        library->release(blocks[i]);
}

/* ------------------------------------------------------------------------------------------------
 * After the redirection
 * --------------------------------------------------------------------------------------------- */

static void a_block_outlives_the_redirection(void **state)
{
    struct runtime_library *library = *state;
    const struct subject *subject = &library->subject;
    void *freed, *grown, *later, *first;

    library_begin(library);
    freed = library->alloc(100);
    grown = first = library->alloc(300);
    fill(grown, 300);
    library_end(library);
    later = library->alloc(400);
    assert_false(is_owned(subject, later));
    assert_true(HeapValidate(heap_of(library), 0, later));
    assert_figure(library->size(grown), 300);
    grown = library->resize(grown, 60000);
    assert_true(is_filled_as(grown, first, 300));
    library->release(freed);
    library->release(grown);
    library->release(later);
    assert_figure(statistics_of(subject).Blocks.Now, 0);
    assert_figure(statistics_of(subject).RefusedFrees, 0);
    assert_true(HeapValidate(heap_of(library), 0, NULL));
}

static void a_block_outlives_the_hosts_references_of_the_manager(void **state)
{
    struct runtime_library *library = *state;
    void *block;

    library_begin(library);
    block = library->alloc(100);
    library_end(library);
    subject_end(&library->subject);
    library->subject = subject_make(NULL);
    library_begin(library);
    assert_figure(library->size(block), 100);
    block = library->resize(block, 5000);
    library->release(block);
    assert_figure(statistics_of(&library->subject).PassedFrees, 0);
    assert_figure(statistics_of(&library->subject).PassedHeapCalls, 0);
    assert_true(HeapValidate(heap_of(library), 0, NULL));
}

static void the_library_can_be_redirected_again(void **state)
{
    struct runtime_library *library = *state;
    HOSTMEM_REDIRECTION *second;
    void *block;

    for (int i = 0; i < 3; i++) {
        library_begin(library);
        assert_hresult(HostMemRedirectModule(library->subject.manager, library->module,
                                             HOSTMEM_REDIRECT_HEAP, &second),
                       S_FALSE);
        block = library->alloc(100);
        assert_true(is_in_books(&library->subject, block, 100));
        library_end(library);
        library->release(block);
        block = library->alloc(100);
        assert_false(is_owned(&library->subject, block));
        library->release(block);
    }
}

struct crowd {
    struct runtime_library *library;
    LONG volatile *ends;
    uint64_t random;
    LONG failures;
};

/* Allocates, resizes and frees by the library, whatever is redirected at the moment. */
static DWORD WINAPI use_library(void *context)
{
    struct crowd *crowd = context;
    void *blocks[32] = {0};
    void *marks[32] = {0};

    while (!*crowd->ends) {
        uint64_t random = next_random(&crowd->random);
        size_t at = random % COUNT_OF(blocks), size = 16 + (random >> 16) % 3000;

        if (blocks[at] && !is_filled_as(blocks[at], marks[at], 16))
            crowd->failures++;
        if (random >> 60 & 1) {
            crowd->library->release(blocks[at]);
            blocks[at] = NULL;
            continue;
        }
        blocks[at] = crowd->library->resize(blocks[at], size);
        if (!blocks[at] || crowd->library->size(blocks[at]) != size)
            crowd->failures++;
        marks[at] = blocks[at];
        fill(blocks[at], size);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        crowd->library->release(blocks[i]);
    return 0;
}

static void threads_use_the_library_while_redirections_begin_and_end(void **state)
{
    struct runtime_library *library = *state;
    LONG volatile ends = 0;
    struct crowd crowd[THREADS];
    struct threads threads;
    ULONGLONG allocations = 0;

    for (unsigned i = 0; i < THREADS; i++)
        crowd[i] = (struct crowd){library, &ends, UINT64_C(0x11b2a21e5) + i, 0};
    threads_start(&threads, THREADS, use_library, crowd, sizeof(crowd[0]));
    for (int i = 0; i < ROUNDS; i++) {
        library_begin(library);
        Sleep(2);
        allocations += statistics_of(&library->subject).Methods[HostMemMallocAlloc].Calls;
        library_end(library);
        Sleep(1);
    }
    ends = 1;
    threads_join(&threads);
    for (unsigned i = 0; i < THREADS; i++)
        assert_figure(crowd[i].failures, 0);
    assert_at_least(allocations, 1);
    assert_figure(statistics_of(&library->subject).Blocks.Now, 0);
    assert_figure(statistics_of(&library->subject).RefusedFrees, 0);
    assert_true(HeapValidate(heap_of(library), 0, NULL));
}

/* ------------------------------------------------------------------------------------------------
 * Nothing is promised that is not seen
 * --------------------------------------------------------------------------------------------- */

static void without_room_for_its_heap_a_library_is_not_redirected(void **state)
{
    struct runtime_library *library = *state;
    struct redirected other = {.subject = library->subject, .flags = HOSTMEM_REDIRECT_HEAP};
    HANDLE heaps[64];
    size_t count = 0;
    void *block;

    if (heap_of(library) == GetProcessHeap())
        skip(); /* that one has its place already */
    redirected_load(&other, L"redirect_target.dll");
    redirected_begin(&other);
    while (statistics_of(&library->subject).Heaps.Now < COUNT_OF(heaps))
        heaps[count++] = other.calls->heap_create(0, 0, 0);
    assert_hresult(HostMemRedirectModule(library->subject.manager, library->module,
                                         HOSTMEM_REDIRECT_HEAP, &library->redirection),
                   E_OUTOFMEMORY);
    assert_null(library->redirection);
    block = library->alloc(100);
    assert_false(is_owned(&library->subject, block));
    assert_figure(statistics_of(&library->subject).PassedHeapCalls, 0);
    library->release(block);
    while (count)
        assert_true(other.calls->heap_destroy(heaps[--count]));
    redirected_end(&other);
    redirected_unload(&other);
}

/* A private heap of somebody else's stays his, who may free from it what he finds in it. */
static void calls_for_a_heap_of_somebody_else_are_passed_through_and_counted(void **state)
{
    struct runtime_library *library = *state;
    struct redirected other = {.subject = library->subject, .flags = HOSTMEM_REDIRECT_HEAP};
    HANDLE handle = HeapCreate(0, 0, 0);
    void *block;

    redirected_load(&other, L"redirect_target.dll");
    redirected_begin(&other);
    block = other.calls->heap_alloc(handle, 0, 100);
    block = other.calls->heap_realloc(handle, 0, block, 200);
    assert_figure(HeapSize(handle, 0, block), 200);
    assert_figure(statistics_of(&library->subject).PassedHeapCalls, 2);
    assert_figure(statistics_of(&library->subject).PassedHeapBytes, 300);
    assert_true(HeapFree(handle, 0, block));
    assert_null(other.calls->heap_alloc(handle, 0, SIZE_MAX / 2)); /* of calls that succeed */
    assert_figure(statistics_of(&library->subject).PassedHeapCalls, 2);
    block = other.calls->local_alloc(LMEM_MOVEABLE, 50);
    assert_figure(statistics_of(&library->subject).PassedHeapCalls, 3);
    assert_figure(statistics_of(&library->subject).PassedHeapBytes, 350);
    assert_null(other.calls->local_free(block));
    redirected_end(&other);
    redirected_unload(&other);
    assert_true(HeapDestroy(handle));
}

/* ------------------------------------------------------------------------------------------------
 * COM and automation
 * --------------------------------------------------------------------------------------------- */

static void task_memory_and_strings_are_blocks_of_the_processs_heap(void **state)
{
    struct runtime_library *library = *state;
    const struct subject *subject = &library->subject;
    HMODULE automation = LoadLibraryW(L"oleaut32.dll");
    HMODULE com = GetModuleHandleW(L"combase.dll");
    void *(WINAPI * task_alloc)(SIZE_T size);
    void(WINAPI * task_free)(void *memory);
    void *(WINAPI * make_string)(const wchar_t *text);
    HOSTMEM_REDIRECTION *redirections[2];
    HOSTMEM_HEAP heap;
    HMODULE own = library->module;
    void *memory;

    if (!automation || !com)
        skip();
    library->module = com;
    find(library, "CoTaskMemAlloc", &task_alloc);
    find(library, "CoTaskMemFree", &task_free);
    library->module = automation;
    find(library, "SysAllocString", &make_string);
    library->module = own;
    assert_hresult(
        HostMemRedirectModule(subject->manager, com, HOSTMEM_REDIRECT_HEAP, &redirections[0]),
        S_OK);
    assert_hresult(HostMemRedirectModule(subject->manager, automation, HOSTMEM_REDIRECT_HEAP,
                                         &redirections[1]),
                   S_OK);
    memory = task_alloc(12345);
    assert_true(is_in_books(subject, memory, 12345));
    assert_non_null(make_string(L"a string that is never freed, and is longer than a pointer"));
    heap = heap_behind(subject, GetProcessHeap());
    assert_figure(heap.Kind, HostMemHeapOfProcess);
    assert_at_least(heap.BlockBytes.Now, 12345 + 2 * 58);
    task_free(memory);
    assert_false(is_in_books(subject, memory, 12345));
    for (int i = 0; i < 2; i++)
        assert_hresult(HostMemRemoveRedirection(redirections[i]), S_OK);
}

/* ------------------------------------------------------------------------------------------------
 * HOSTMEM_REDIRECT_LIBRARIES
 * --------------------------------------------------------------------------------------------- */

static struct {
    LONG volatile count;
    HOSTMEM_MODULE modules[MOST_TOLD];
} told;

static void CALLBACK note(void *context, const HOSTMEM_MODULE *module)
{
    LONG at = InterlockedIncrement(&told.count) - 1;

    (void)context;
    if (at < MOST_TOLD)
        told.modules[at] = *module;
}

static bool was_told(HMODULE module)
{
    for (LONG i = 0; i < told.count && i < MOST_TOLD; i++) {
        if (told.modules[i].hModule == module)
            return told.modules[i].Kind == HostMemModuleLibrary && told.modules[i].Result == S_OK;
    }
    return false;
}

static void libraries_that_are_there_and_that_come_later_are_followed(void **state)
{
    struct runtime_library *library = *state;
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pfnModule = note};
    struct redirected runtime = {.flags = HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_FOLLOW |
                                          HOSTMEM_REDIRECT_LIBRARIES};
    HMODULE later;
    void *block;

    told.count = 0;
    runtime.subject = subject_make(&options);
    redirected_load(&runtime, L"follow_runtime.dll");
    redirected_begin(&runtime);
    assert_true(was_told(library->module));
    block = library->alloc(1000);
    assert_true(is_in_books(&runtime.subject, block, 1000));
    assert_null(GetModuleHandleW(L"msvcr120.dll"));
    later = runtime.calls->load_w(L"msvcr120.dll");
    if (later) {
        assert_true(was_told(later));
        FreeLibrary(later);
    }
    redirected_end(&runtime);
    library->release(block);
    assert_clean_audit(&runtime.subject);
    redirected_unload(&runtime);
    subject_end(&runtime.subject);
}

static unsigned times_refused(HMODULE module)
{
    unsigned times = 0;

    for (LONG i = 0; i < told.count && i < MOST_TOLD; i++)
        times += told.modules[i].hModule == module && told.modules[i].Result == E_OUTOFMEMORY;
    return times;
}

static void a_library_that_cannot_be_followed_is_told_once(void **state)
{
    struct runtime_library *library = *state;
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pfnModule = note};
    struct redirected runtime = {.flags = HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_FOLLOW |
                                          HOSTMEM_REDIRECT_LIBRARIES};
    struct redirected other = {.flags = HOSTMEM_REDIRECT_HEAP};
    HANDLE heaps[65];
    size_t count = 0;
    ULONGLONG served;

    if (heap_of(library) == GetProcessHeap())
        skip(); /* that one has its place already */
    runtime.subject = other.subject = subject_make(&options);
    redirected_load(&other, L"redirect_target.dll");
    redirected_begin(&other);
    do { /* managers of other tests may have places, too */
        served = statistics_of(&other.subject).Heaps.Now;
        assert_in_range(count, 0, COUNT_OF(heaps) - 1);
        heaps[count++] = other.calls->heap_create(0, 0, 0);
    } while (statistics_of(&other.subject).Heaps.Now > served);
    assert_true(other.calls->heap_destroy(heaps[--count])); /* one too many */
    told.count = 0;
    redirected_load(&runtime, L"follow_runtime.dll");
    redirected_begin(&runtime);
    assert_figure(times_refused(library->module), 1);
    for (int i = 0; i < 3; i++)
        FreeLibrary(runtime.calls->load_w(i ? L"ucrtbase.dll" : L"follow_other.dll"));
    assert_figure(times_refused(library->module), 1);
    assert_hresult(HostMemFollowModule(library->module), E_OUTOFMEMORY); /* the host asks for it */
    redirected_end(&runtime);
    assert_true(other.calls->heap_destroy(heaps[--count]));
    told.count = 0;
    redirected_begin(&runtime); /* following begins anew, and there is room for one */
    assert_true(was_told(library->module));
    redirected_end(&runtime);
    while (count)
        assert_true(other.calls->heap_destroy(heaps[--count]));
    redirected_end(&other);
    redirected_unload(&runtime);
    redirected_unload(&other);
    subject_end(&runtime.subject);
}

static void without_the_flag_libraries_are_left_alone(void **state)
{
    struct runtime_library *library = *state;
    struct redirected runtime = {.subject = library->subject,
                                 .flags = HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_FOLLOW};
    void *block;

    redirected_load(&runtime, L"follow_runtime.dll");
    redirected_begin(&runtime);
    block = library->alloc(1000);
    assert_false(is_owned(&library->subject, block));
    library->release(block);
    redirected_end(&runtime);
    redirected_unload(&runtime);
}

static void the_flag_needs_heaps_and_following(void **state)
{
    const struct runtime_library *library = *state;
    static const DWORD others[] = {0, HOSTMEM_REDIRECT_HEAP, HOSTMEM_REDIRECT_FOLLOW};

    for (size_t i = 0; i < COUNT_OF(others); i++) {
        HOSTMEM_ERROR_INFO info = {.cbSize = sizeof(info)};
        HOSTMEM_REDIRECTION *redirection;

        assert_hresult(HostMemRedirectModule(library->subject.manager, library->module,
                                             HOSTMEM_REDIRECT_LIBRARIES | others[i], &redirection),
                       E_INVALIDARG);
        assert_hresult(HostMemGetErrorInfo(&info), S_OK);
        assert_string_equal(info.pszArgument, "dwFlags");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        library_promise(what_others_allocate_by_the_library_is_in_the_books),
        library_promise(a_block_from_before_stays_where_it_came_from),
        library_promise(a_block_that_the_handles_user_made_may_be_freed_by_the_library),
        library_promise(blocks_cross_between_the_library_and_a_redirected_module),
        library_promise(a_walk_through_the_librarys_heap_meets_old_and_new_blocks),
        library_promise(a_block_outlives_the_redirection),
        library_promise(a_block_outlives_the_hosts_references_of_the_manager),
        library_promise(the_library_can_be_redirected_again),
        library_promise(threads_use_the_library_while_redirections_begin_and_end),
        library_promise(without_room_for_its_heap_a_library_is_not_redirected),
        library_promise(calls_for_a_heap_of_somebody_else_are_passed_through_and_counted),
        library_promise(task_memory_and_strings_are_blocks_of_the_processs_heap),
        library_promise(libraries_that_are_there_and_that_come_later_are_followed),
        library_promise(a_library_that_cannot_be_followed_is_told_once),
        library_promise(without_the_flag_libraries_are_left_alone),
        library_promise(the_flag_needs_heaps_and_following),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
