/*
 * test_local_hooks.c: a module whose calls of Win32's functions for local and global memory reach a
 * manager (src/redirect/hooks/local_hooks.c). The functions keep Win32's promises: each request is
 * made of them and of Win32's own, and the answers must be the same. The blocks are in the books.
 */
#include "looked_up.h"
#include "redirected.h"

#include <string.h>

/* The functions for local memory, or those for global memory: they have the same types. */
struct functions {
    HANDLE(WINAPI *alloc)(UINT, SIZE_T);
    HANDLE(WINAPI *realloc)(HANDLE, SIZE_T, UINT);
    HANDLE(WINAPI *free)(HANDLE);
    SIZE_T(WINAPI *size)(HANDLE);
    LPVOID(WINAPI *lock)(HANDLE);
    BOOL(WINAPI *unlock)(HANDLE);
    HANDLE(WINAPI *handle)(LPCVOID);
    UINT(WINAPI *flags)(HANDLE);
};

/* Both kinds, by the module and by Win32. */
struct kinds {
    struct functions ours[2];
    struct functions win32[2];
};

enum {
    LOCAL,
    GLOBAL,
    KINDS
};

static const char *const kind_names[KINDS] = {"Local", "Global"};

#define FUNCTIONS_OF(looker, kind)                                                                 \
    {                                                                                              \
        LOOKED_UP(looker, kind##Alloc), LOOKED_UP(looker, kind##ReAlloc),                          \
            LOOKED_UP(looker, kind##Free), LOOKED_UP(looker, kind##Size),                          \
            LOOKED_UP(looker, kind##Lock), LOOKED_UP(looker, kind##Unlock),                        \
            LOOKED_UP(looker, kind##Handle), LOOKED_UP(looker, kind##Flags)                        \
    }

static struct kinds kinds_of(const struct looker *looker)
{
    const struct kinds kinds = {.ours = {FUNCTIONS_OF(looker, Local), FUNCTIONS_OF(looker, Global)},
                                .win32 = {{LocalAlloc, LocalReAlloc, LocalFree, LocalSize,
                                           LocalLock, LocalUnlock, LocalHandle, LocalFlags},
                                          {GlobalAlloc, GlobalReAlloc, GlobalFree, GlobalSize,
                                           GlobalLock, GlobalUnlock, GlobalHandle, GlobalFlags}}};

    return kinds;
}

/* Sizes of either kind of block, and what lies at the borders. */
static const SIZE_T sizes[] = {0, 1, 7, 8, 15, 16, 17, 100, 1000, 32768, 32769, 100000};

static bool is_block(const struct looker *looker, const void *address)
{
    HOSTMEM_BLOCK block;

    return IHostMemInspection_FindBlock(looker->subject.inspection, address, &block) == S_OK &&
           block.Address == address;
}

/* The first byte that is not that value; the size: all are. */
static SIZE_T bytes_of(const void *memory, unsigned char value, SIZE_T size)
{
    const unsigned char *bytes = memory;
    SIZE_T at = 0;

    while (at < size && bytes[at] == value)
        at++;
    return at;
}

/* What a call returned, with the last error that it left. */
struct outcome {
    ULONGLONG result;
    DWORD last_error;
};

#define outcome_of(call) (SetLastError(UNTOUCHED), make_outcome((ULONGLONG)(uintptr_t)(call)))

static struct outcome make_outcome(ULONGLONG result)
{
    return (struct outcome){result, GetLastError()};
}

#define assert_same_outcome(about, ours, theirs)                                                   \
    do {                                                                                           \
        struct outcome our_outcome = outcome_of(ours), their_outcome = outcome_of(theirs);         \
        print_if_different(about, our_outcome, their_outcome);                                     \
        assert_figure_of(#ours, our_outcome.result, their_outcome.result);                         \
        assert_figure_of(#ours, our_outcome.last_error, their_outcome.last_error);                 \
    } while (0)

static void print_if_different(const char *about, struct outcome ours, struct outcome theirs)
{
    if (ours.result != theirs.result || ours.last_error != theirs.last_error)
        print_error("%s memory:\n", about);
}

/* ------------------------------------------------------------------------------------------------
 * As Win32 does
 * --------------------------------------------------------------------------------------------- */

static void blocks_of_the_module_are_in_the_books(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);

    for (int kind = 0; kind < KINDS; kind++) {
        for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
            void *block = kinds.ours[kind].alloc(LMEM_FIXED, sizes[i]);

            assert_true(is_block(looker, block));
            assert_figure((uintptr_t)block % MEMORY_ALLOCATION_ALIGNMENT, 0);
            assert_figure(statistics_of(&looker->subject).Blocks.Now, 1);
            assert_null(kinds.ours[kind].free(block));
            assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
        }
    }
    assert_figure(statistics_of(&looker->subject).PassedFrees, 0);
}

static void imports_are_redirected_as_look_ups_are(void **state)
{
    const struct redirected *redirected = *state;
    void *block = redirected->calls->local_alloc(LMEM_FIXED, 100);

    assert_figure(statistics_of(&redirected->subject).Blocks.Now, 1);
    assert_null(redirected->calls->local_free(block));
    assert_figure(statistics_of(&redirected->subject).Blocks.Now, 0);
}

/* Flags of fixed memory that the manager serves, and others, which Win32 serves. */
static const UINT alloc_flags[] = {
    LMEM_FIXED,
    LMEM_ZEROINIT,
    LMEM_ZEROINIT | LMEM_NOCOMPACT | LMEM_NODISCARD,
    GMEM_DDESHARE,
    GMEM_NOT_BANKED | GMEM_NOTIFY | GMEM_ZEROINIT,
    LMEM_MODIFY,
    LMEM_DISCARDABLE,
    0x8000,
    0xffff0000,
    LMEM_MOVEABLE,
    LMEM_MOVEABLE | LMEM_ZEROINIT | LMEM_DISCARDABLE,
    0xffffffff,
};

static void assert_same_block(const char *about, const struct functions *ours,
                              const struct functions *win32, void *our, void *theirs)
{
    assert_same_outcome(about, ours->size(our), win32->size(theirs));
    assert_same_outcome(about, ours->flags(our), win32->flags(theirs));
    assert_same_outcome(about, ours->lock(our) == our, win32->lock(theirs) == theirs);
    assert_same_outcome(about, ours->handle(our) == our, win32->handle(theirs) == theirs);
    assert_same_outcome(about, ours->unlock(our), win32->unlock(theirs));
}

static void every_allocation_answers_as_win32(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);

    for (unsigned n = 0; n < KINDS * COUNT_OF(alloc_flags) * COUNT_OF(sizes); n++) {
        const struct functions *ours = &kinds.ours[n % KINDS], *win32 = &kinds.win32[n % KINDS];
        const char *about = kind_names[n % KINDS];
        UINT flags = alloc_flags[n / KINDS % COUNT_OF(alloc_flags)];
        SIZE_T size = sizes[n / KINDS / COUNT_OF(alloc_flags)];
        void *our, *theirs;

        assert_same_outcome(about, (our = ours->alloc(flags, size)) != NULL,
                            (theirs = win32->alloc(flags, size)) != NULL);
        if (!our)
            continue;
        if (is_block(looker, our)) {
            assert_same_block(about, ours, win32, our, theirs);
            if (flags & LMEM_ZEROINIT)
                assert_figure(bytes_of(our, 0, size), size);
        }
        memset(ours->lock(our), 0x5a, ours->size(our));
        ours->unlock(our);
        assert_same_outcome(about, ours->free(our), win32->free(theirs));
    }
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
}

static const UINT realloc_flags[] = {
    0,
    LMEM_ZEROINIT,
    LMEM_MOVEABLE,
    LMEM_MOVEABLE | LMEM_ZEROINIT,
    LMEM_MODIFY,
    LMEM_MODIFY | LMEM_MOVEABLE,
    LMEM_MODIFY | LMEM_DISCARDABLE,
    LMEM_MODIFY | LMEM_MOVEABLE | LMEM_ZEROINIT,
    LMEM_DISCARDABLE,
    LMEM_MOVEABLE | LMEM_DISCARDABLE,
};

/* A block may become larger where it lies in one of the two heaps, and not in the other. */
static bool is_by_chance(UINT flags, SIZE_T old, SIZE_T size)
{
    return !(flags & (LMEM_MOVEABLE | LMEM_MODIFY | LMEM_DISCARDABLE)) && size > old;
}

static void assert_realloc(const struct functions *ours, const struct functions *win32, UINT flags,
                           SIZE_T old, SIZE_T size)
{
    unsigned char *our = ours->alloc(LMEM_FIXED, old), *theirs = win32->alloc(LMEM_FIXED, old);
    unsigned char *resized, *their_resized;
    struct outcome our_outcome, their_outcome;
    SIZE_T kept, now;

    old = win32->size(theirs); /* global memory has at least one byte */
    kept = old < size ? old : size;
    memset(our, 0x5a, old);
    our_outcome = outcome_of((resized = ours->realloc(our, size, flags)) != NULL);
    their_outcome = outcome_of((their_resized = win32->realloc(theirs, size, flags)) != NULL);
    if (is_by_chance(flags, old, size)) {
        assert_figure(our_outcome.last_error, resized ? UNTOUCHED : ERROR_NOT_ENOUGH_MEMORY);
    } else {
        assert_figure(our_outcome.result, their_outcome.result);
        assert_figure(our_outcome.last_error, their_outcome.last_error);
    }
    if (!(flags & LMEM_MOVEABLE) && resized)
        assert_address(resized, our);
    our = resized ? resized : our;
    theirs = their_resized ? their_resized : theirs;
    now = ours->size(our);
    if (!resized || (flags & LMEM_MODIFY))
        assert_figure(now, old);
    else if (flags & LMEM_MOVEABLE || size >= old)
        assert_figure(now, win32->size(theirs));
    else
        assert_between(now, win32->size(theirs), old);
    if (resized && !(flags & LMEM_MODIFY)) {
        assert_figure(bytes_of(our, 0x5a, kept), kept);
        if (flags & LMEM_ZEROINIT)
            assert_figure(bytes_of(our + kept, 0, size - kept), size - kept);
    }
    assert_null(ours->free(our));
    assert_null(win32->free(theirs));
}

static void every_resize_answers_as_win32(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);

    for (unsigned n = 0; n < KINDS * COUNT_OF(realloc_flags); n++) {
        for (unsigned i = 0; i < COUNT_OF(sizes) * COUNT_OF(sizes); i++)
            assert_realloc(&kinds.ours[n % KINDS], &kinds.win32[n % KINDS],
                           realloc_flags[n / KINDS], sizes[i / COUNT_OF(sizes)],
                           sizes[i % COUNT_OF(sizes)]);
    }
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
    assert_figure(statistics_of(&looker->subject).PassedFrees, 0);
}

/* What is cut off a block that stays where it is does not come back. */
static void a_block_that_shrinks_in_place_and_grows_back_is_zeroed(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        for (unsigned j = 0; j < i; j++) {
            const struct functions *ours = &kinds.ours[LOCAL];
            unsigned char *block = ours->alloc(LMEM_FIXED, sizes[i]);

            memset(block, 0x5a, sizes[i]);
            assert_address(ours->realloc(block, sizes[j], 0), block);
            block = ours->realloc(block, sizes[i], LMEM_MOVEABLE | LMEM_ZEROINIT);
            assert_figure(bytes_of(block, 0x5a, sizes[j]), sizes[j]);
            assert_figure(bytes_of(block + sizes[j], 0, sizes[i] - sizes[j]), sizes[i] - sizes[j]);
            assert_null(ours->free(block));
        }
    }
}

static void what_is_too_large_fails_as_in_win32(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);
    static const SIZE_T impossible[] = {MORE_THAN_THERE_IS, (SIZE_T)-1, (SIZE_T)-0x1000};

    for (unsigned n = 0; n < KINDS * COUNT_OF(impossible); n++) {
        const struct functions *ours = &kinds.ours[n % KINDS], *win32 = &kinds.win32[n % KINDS];
        SIZE_T size = impossible[n / KINDS];
        char *our = ours->alloc(LMEM_FIXED, 100), *theirs = win32->alloc(LMEM_FIXED, 100);

        assert_same_outcome(kind_names[n % KINDS], ours->alloc(LMEM_ZEROINIT, size),
                            win32->alloc(LMEM_ZEROINIT, size));
        assert_same_outcome(kind_names[n % KINDS], ours->realloc(our, size, LMEM_MOVEABLE),
                            win32->realloc(theirs, size, LMEM_MOVEABLE));
        assert_figure(ours->size(our), 100);
        assert_null(ours->free(our));
        assert_null(win32->free(theirs));
    }
}

static void NULL_answers_as_in_win32(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);

    for (int kind = 0; kind < KINDS; kind++) {
        const struct functions *ours = &kinds.ours[kind], *win32 = &kinds.win32[kind];
        const char *about = kind_names[kind];

        assert_same_outcome(about, ours->free(NULL), win32->free(NULL));
        assert_same_outcome(about, ours->size(NULL), win32->size(NULL));
        assert_same_outcome(about, ours->lock(NULL), win32->lock(NULL));
        assert_same_outcome(about, ours->unlock(NULL), win32->unlock(NULL));
        assert_same_outcome(about, ours->handle(NULL), win32->handle(NULL));
        assert_same_outcome(about, ours->flags(NULL), win32->flags(NULL));
        assert_same_outcome(about, ours->realloc(NULL, 10, 0), win32->realloc(NULL, 10, 0));
        assert_same_outcome(about, ours->realloc(NULL, 10, LMEM_MODIFY),
                            win32->realloc(NULL, 10, LMEM_MODIFY));
    }
    assert_figure(statistics_of(&looker->subject).PassedFrees, 0);
}

/* ------------------------------------------------------------------------------------------------
 * What is refused
 * --------------------------------------------------------------------------------------------- */

/* No function takes the address for a block, and none reads or writes there. */
static void assert_refused(const struct looker *looker, const struct functions *ours, void *address,
                           SIZE_T extent, const char *about)
{
    struct memory_image image = memory_image_of(address, extent);
    HOSTMEM_STATISTICS before = statistics_of(&looker->subject), after;

    SetLastError(UNTOUCHED);
    assert_address_of(about, ours->free(address), address);
    assert_last_error(ERROR_INVALID_HANDLE);
    SetLastError(UNTOUCHED);
    assert_address_of(about, ours->realloc(address, 10, LMEM_MOVEABLE), NULL);
    assert_last_error(ERROR_INVALID_HANDLE);
    SetLastError(UNTOUCHED);
    assert_figure_of(about, ours->size(address), 0);
    assert_last_error(ERROR_INVALID_HANDLE);
    SetLastError(UNTOUCHED);
    assert_figure_of(about, ours->flags(address), LMEM_INVALID_HANDLE);
    assert_last_error(ERROR_INVALID_HANDLE);
    assert_address_of(about, ours->lock(address), NULL);
    assert_address_of(about, ours->handle(address), NULL);
    assert_unchanged(about, &image);
    after = statistics_of(&looker->subject);
    assert_same_books(about, &before, &after);
    assert_figure_of(about, after.RefusedFrees, before.RefusedFrees + 1);
}

static void what_is_no_live_block_is_refused(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);

    for (int kind = 0; kind < KINDS; kind++) {
        const struct functions *ours = &kinds.ours[kind];
        char *large = ours->alloc(LMEM_ZEROINIT, 100000), *small = ours->alloc(LMEM_ZEROINIT, 100);

        assert_refused(looker, ours, large + 16, 1, "inside a large block");
        assert_refused(looker, ours, small + 16, 1, "inside a small block");
        assert_null(ours->free(large));
        assert_null(ours->free(small));
        assert_refused(looker, ours, large, 0, "a large block freed before");
        assert_refused(looker, ours, small, 100, "a small block freed before");
    }
}

/* ------------------------------------------------------------------------------------------------
 * What crosses modules and functions
 * --------------------------------------------------------------------------------------------- */

static void fixed_memory_is_heap_memory(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);
    HANDLE heap = GetProcessHeap();

    for (int kind = 0; kind < KINDS; kind++) {
        const struct functions *ours = &kinds.ours[kind];
        void *block = ours->alloc(LMEM_FIXED, 100);

        assert_figure(LOOKED_UP(looker, HeapSize)(heap, 0, block), 100);
        assert_true(LOOKED_UP(looker, HeapFree)(heap, 0, block));
        block = LOOKED_UP(looker, HeapAlloc)(heap, 0, 200);
        assert_figure(ours->size(block), 200);
        assert_null(ours->free(block));
        block = kinds.ours[LOCAL].alloc(LMEM_FIXED, 300);
        assert_figure(kinds.ours[GLOBAL].size(block), 300);
        assert_null(kinds.ours[GLOBAL].free(block));
    }
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
    assert_figure(statistics_of(&looker->subject).RefusedFrees, 0);
    assert_figure(statistics_of(&looker->subject).PassedFrees, 0);
}

/* From before the redirection, or of a module that is not redirected. */
static void memory_of_others_stays_win32_s(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);

    for (int kind = 0; kind < KINDS; kind++) {
        const struct functions *ours = &kinds.ours[kind], *win32 = &kinds.win32[kind];

        for (unsigned i = 1; i < COUNT_OF(sizes); i++) {
            void *block = win32->alloc(LMEM_ZEROINIT, sizes[i]);

            assert_figure(ours->size(block), sizes[i]);
            assert_figure(ours->flags(block), LMEM_FIXED);
            assert_address(ours->lock(block), block);
            block = ours->realloc(block, sizes[i] + 3000, LMEM_MOVEABLE);
            assert_non_null(block);
            assert_false(is_block(looker, block));
            assert_null(ours->free(block));
        }
    }
    assert_figure(statistics_of(&looker->subject).PassedFrees, KINDS * (COUNT_OF(sizes) - 1));
    assert_figure(statistics_of(&looker->subject).Blocks.Peak, 0);
}

static void memory_becomes_smaller_whatever_the_limit(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);
    static const SIZE_T to[] = {(SIZE_T)8 << 20, (SIZE_T)4 << 20, 1000, 10};

    for (int kind = 0; kind < KINDS; kind++) {
        const struct functions *ours = &kinds.ours[kind];
        HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits)};
        void *block = ours->alloc(LMEM_FIXED, to[0]);

        assert_non_null(block);
        memset(block, 0x5a, to[0]);
        limits.Committed = (HOSTMEM_LIMIT){PAGE, 0, HOSTMEM_NO_RESERVE};
        assert_hresult(IHostMemInspection_SetLimits(looker->subject.inspection, &limits), S_OK);
        for (unsigned i = 0; i < COUNT_OF(to); i++) {
            block = ours->realloc(block, to[i], LMEM_MOVEABLE);
            assert_non_null(block);
            assert_figure(bytes_of(block, 0x5a, to[i]), to[i]);
        }
        limits.Committed.Limit = 0;
        assert_hresult(IHostMemInspection_SetLimits(looker->subject.inspection, &limits), S_OK);
        assert_null(ours->free(block));
    }
}

static void moveable_memory_is_left_to_win32(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);

    for (int kind = 0; kind < KINDS; kind++) {
        const struct functions *ours = &kinds.ours[kind], *win32 = &kinds.win32[kind];
        HANDLE memory = ours->alloc(LMEM_MOVEABLE, 100);
        char *bytes = ours->lock(memory);

        assert_non_null(bytes);
        assert_true(bytes != memory);
        assert_address(ours->handle(bytes), memory);
        assert_address(win32->handle(bytes), memory);
        memset(bytes, 0x5a, 100);
        ours->unlock(memory);
        memory = ours->realloc(memory, 50000, LMEM_ZEROINIT);
        assert_figure(ours->size(memory), 50000);
        assert_figure(win32->size(memory), 50000);
        bytes = ours->lock(memory);
        assert_figure(bytes_of(bytes, 0x5a, 100), 100);
        ours->unlock(memory);
        assert_null(ours->free(memory));
    }
    assert_figure(statistics_of(&looker->subject).Blocks.Peak, 0);
}

static void the_buffer_of_FormatMessage_can_be_freed(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);
    wchar_t *text = NULL;

    assert_true(FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM, NULL,
                               ERROR_FILE_NOT_FOUND, 0, (LPWSTR)&text, 0, NULL) != 0);
    assert_non_null(text);
    assert_true(kinds.ours[LOCAL].size(text) > 0);
    assert_null(kinds.ours[LOCAL].free(text));
    assert_figure(statistics_of(&looker->subject).PassedFrees, 1);
    assert_figure(statistics_of(&looker->subject).RefusedFrees, 0);
}

/* Whoever of the redirected modules has allocated it. */
static void a_block_may_be_freed_by_another_redirected_module(void **state)
{
    struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);
    struct redirected other = {.subject = looker->subject, .flags = HOSTMEM_REDIRECT_HEAP};
    void *block = kinds.ours[GLOBAL].alloc(GMEM_FIXED, 100), *second;

    redirected_load(&other, L"redirect_target.dll");
    redirected_begin(&other);
    second = other.calls->local_alloc(LMEM_FIXED, 100);
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 2);
    assert_null(other.calls->local_free(block));
    assert_null(kinds.ours[LOCAL].free(second));
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
    assert_figure(statistics_of(&looker->subject).RefusedFrees, 0);
    redirected_end(&other);
    redirected_unload(&other);
}

/* Nobody else could. */
static void a_closed_manager_still_takes_its_blocks_back(void **state)
{
    const struct looker *looker = *state;
    struct kinds kinds = kinds_of(looker);
    void *block = kinds.ours[LOCAL].alloc(LMEM_FIXED, 100), *later;

    assert_hresult(IHostMemInspection_Close(looker->subject.inspection), S_OK);
    later = kinds.ours[LOCAL].alloc(LMEM_FIXED, 100);
    assert_true(HeapValidate(GetProcessHeap(), 0, later));
    assert_figure(kinds.ours[LOCAL].size(block), 100);
    assert_null(kinds.ours[LOCAL].free(block));
    assert_null(kinds.ours[LOCAL].free(later));
    assert_figure(statistics_of(&looker->subject).Blocks.Now, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        looker_promise_all(blocks_of_the_module_are_in_the_books),
        redirected_heap_promise(imports_are_redirected_as_look_ups_are),
        looker_promise_all(every_allocation_answers_as_win32),
        looker_promise_all(every_resize_answers_as_win32),
        looker_promise_all(a_block_that_shrinks_in_place_and_grows_back_is_zeroed),
        looker_promise_all(what_is_too_large_fails_as_in_win32),
        looker_promise_all(NULL_answers_as_in_win32),
        looker_promise_all(what_is_no_live_block_is_refused),
        looker_promise_all(fixed_memory_is_heap_memory),
        looker_promise_all(memory_of_others_stays_win32_s),
        looker_promise_all(memory_becomes_smaller_whatever_the_limit),
        looker_promise_all(moveable_memory_is_left_to_win32),
        looker_promise_all(the_buffer_of_FormatMessage_can_be_freed),
        looker_promise_all(a_block_may_be_freed_by_another_redirected_module),
        looker_promise_all(a_closed_manager_still_takes_its_blocks_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
