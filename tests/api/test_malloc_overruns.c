/*
 * test_malloc_overruns.c: what is written beyond a heap block (HOSTMEM_FILL_ON_ALLOC, GuardAbove):
 * who finds it, what pfnDamage is told, and that it is told once.
 */
#include "heaps.h"
#include "redirected.h"

#include <stdio.h>
#include <string.h>

#define SMALL 100
#define LARGE (3 * GRANULE)

struct notes {
    unsigned count;
    HOSTMEM_DAMAGE damage; /* the last */
    char file[64];
};

static HRESULT CALLBACK note_damage(void *context, const HOSTMEM_DAMAGE *damage)
{
    struct notes *notes = context;

    notes->count++;
    notes->damage = *damage;
    snprintf(notes->file, sizeof(notes->file), "%s",
             damage->Block.FileName ? damage->Block.FileName : "");
    return S_OK;
}

static HOSTMEM_OPTIONS options_noting(struct notes *notes, DWORD flags, SIZE_T guard_above)
{
    memset(notes, 0, sizeof(*notes));
    return (HOSTMEM_OPTIONS){.cbSize = sizeof(HOSTMEM_OPTIONS),
                             .dwFlags = flags,
                             .GuardAbove = guard_above,
                             .pfnDamage = note_damage,
                             .pDamageContext = notes};
}

static struct subject subject_noting(struct notes *notes, DWORD flags, SIZE_T guard_above)
{
    HOSTMEM_OPTIONS options = options_noting(notes, flags, guard_above);

    return subject_make(&options);
}

static void assert_told(const struct notes *notes, const struct subject *subject, unsigned times,
                        HOSTMEM_DAMAGE_KIND kind, const char *block, SIZE_T size, const char *byte)
{
    assert_figure(notes->count, times);
    assert_figure(statistics_of(subject).DamagedBlocks, times);
    assert_figure(notes->damage.Kind, kind);
    assert_address(notes->damage.Address, byte);
    assert_address(notes->damage.Block.Address, block);
    assert_figure(notes->damage.Block.Size, size);
    assert_non_null(notes->damage.Block.Caller);
    assert_figure(notes->damage.Block.ThreadId, GetCurrentThreadId());
    assert_figure(notes->damage.Block.Heap, 1);
}

/* ------------------------------------------------------------------------------------------------
 * Freed
 * --------------------------------------------------------------------------------------------- */

static const SIZE_T sizes[] = {0, 1, 16, 48, 64, 65, 100, 1000, 4096, 32736, LARGEST_SMALL, LARGE};

static void a_write_beyond_a_block_is_told_when_it_is_freed(void **state)
{
    static const int reaches[] = {1, 8, 16, 64};
    struct notes notes;
    struct subject subject = subject_noting(&notes, HOSTMEM_FILL_ON_ALLOC, 0);
    IHostMalloc *heap = subject_heap(&subject);
    unsigned times = 0;

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        for (unsigned j = 0; j < COUNT_OF(reaches); j++) {
            char *block = debug_block(heap, sizes[i], "beyond.c", 42);

            memset(block + sizes[i], 1, (SIZE_T)reaches[j]);
            free_block(heap, block);
            assert_told(&notes, &subject, ++times, HostMemDamageBehind, block, sizes[i],
                        block + sizes[i]);
            assert_string_equal(notes.file, "beyond.c");
            assert_figure(notes.damage.Block.Line, 42);
        }
    }
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        char *block = heap_block(heap, sizes[i]);

        block[-1] = 1;
        free_block(heap, block);
        assert_told(&notes, &subject, ++times, HostMemDamageBefore, block, sizes[i], block - 1);
    }
    end_only_heap(&subject, heap);
    assert_figure(notes.count, times);
    subject_end(&subject);
}

static void a_block_may_be_written_from_its_first_byte_to_its_last(void **state)
{
    struct notes notes;
    struct subject subject = subject_noting(
        &notes, HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE, LARGE);
    IHostMalloc *heap = subject_heap(&subject);

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
            char *block = heap_block(heap, sizes[i]);
            char *guarded = heap_block(heap, LARGE + 1 + sizes[i]);

            memset(block, 1, sizes[i]);
            memset(guarded, 1, LARGE + 1 + sizes[i]);
            assert_hresult(IHostMemInspection_Trim(subject.inspection, NULL),
                           round || i ? S_OK : S_FALSE);
            free_block(heap, guarded);
            free_block(heap, block);
        }
    }
    end_only_heap(&subject, heap);
    assert_figure(notes.count, 0);
    subject_end(&subject);
}

static void the_bytes_before_a_guard_page_are_looked_at_without_a_flag(void **state)
{
    struct notes notes;
    struct subject subject = subject_noting(&notes, 0, SMALL);
    IHostMalloc *heap = subject_heap(&subject);
    unsigned times = 0;

    (void)state;
    for (SIZE_T size = SMALL + 1; size < SMALL + 18; size++) {
        char *block = heap_block(heap, size);

        memset(block, 1, size);
        if (size % 16) {
            block[size] = 1;
            times++;
        }
        free_block(heap, block);
        if (size % 16)
            assert_told(&notes, &subject, times, HostMemDamageBehind, block, size, block + size);
    }
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * Alive
 * --------------------------------------------------------------------------------------------- */

typedef HRESULT look_at(const struct subject *subject);

static HRESULT audit(const struct subject *subject)
{
    HOSTMEM_AUDIT result = {.cbSize = sizeof(result)};

    return IHostMemInspection_Audit(subject->inspection, &result, NULL, NULL);
}

static HRESULT trim(const struct subject *subject)
{
    return IHostMemInspection_Trim(subject->inspection, NULL);
}

static HRESULT end_all(const struct subject *subject)
{
    return IHostMemInspection_Close(subject->inspection);
}

static void live_blocks_are_looked_at_by_Audit_Trim_and_Close(void **state)
{
    static look_at *const looks[] = {audit, trim, end_all};

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(looks); i++) {
        struct notes notes;
        struct subject subject = subject_noting(&notes, HOSTMEM_FILL_ON_ALLOC, 0);
        IHostMalloc *heap = subject_heap(&subject);
        char *small = heap_block(heap, SMALL), *large = heap_block(heap, LARGE);

        small[SMALL] = 1;
        SetLastError(4711);
        assert_at_least(looks[i](&subject), 0);
        assert_figure(GetLastError(), 4711);
        assert_told(&notes, &subject, 1, HostMemDamageBehind, small, SMALL, small + SMALL);
        assert_figure(notes.damage.FreedBy, 0);
        large[-1] = 1;
        looks[i](&subject);
        assert_told(&notes, &subject, 2, HostMemDamageBefore, large, LARGE, large - 1);
        looks[i](&subject);
        IHostMalloc_Free(heap, small);
        IHostMalloc_Free(heap, large);
        IHostMalloc_Release(heap);
        assert_figure(notes.count, 2);
        subject_end(&subject);
    }
}

static void live_blocks_are_looked_at_when_their_heap_is_released(void **state)
{
    struct notes notes;
    struct subject subject = subject_noting(&notes, HOSTMEM_FILL_ON_ALLOC, 0);
    IHostMalloc *heap = subject_heap(&subject);
    char *block = heap_block(heap, SMALL);

    (void)state;
    block[SMALL] = 1;
    IHostMalloc_Release(heap);
    assert_told(&notes, &subject, 1, HostMemDamageBehind, block, SMALL, block + SMALL);
    subject_end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * Large blocks after their free
 * --------------------------------------------------------------------------------------------- */

static void a_write_to_a_freed_large_block_is_found(void **state)
{
    struct notes notes;
    struct subject subject = subject_noting(&notes, HOSTMEM_FILL_ON_FREE, 0);
    IHostMalloc *heap = subject_heap(&subject);
    char *block = heap_block(heap, LARGE);

    (void)state;
    free_block(heap, block);
    assert_figure((unsigned char)block[LARGE - 1], 0xdd);
    assert_refused("a freed large block", &subject, heap, block, 0, HostMemRefusedFreed);
    block[17] = 1;
    assert_hresult(trim(&subject), S_OK);
    assert_told(&notes, &subject, 1, HostMemDamageAfterFree, block, LARGE, block + 17);
    assert_figure(notes.damage.FreedBy, GetCurrentThreadId());
    assert_figure(memory_state(block), MEM_FREE);
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * A redirected module
 * --------------------------------------------------------------------------------------------- */

static void HeapValidate_of_a_redirected_module_sees_an_overrun(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    struct notes notes;
    HOSTMEM_OPTIONS options = options_noting(&notes, HOSTMEM_FILL_ON_ALLOC, 0);
    char *block, *whole;

    redirected_restart(redirected, &options);
    block = calls->heap_alloc(GetProcessHeap(), 0, SMALL);
    whole = calls->heap_alloc(GetProcessHeap(), 0, SMALL);
    assert_true(calls->heap_validate(GetProcessHeap(), 0, block));
    assert_true(calls->heap_validate(GetProcessHeap(), 0, NULL));
    block[SMALL] = 1;
    assert_true(calls->heap_validate(GetProcessHeap(), 0, whole));
    assert_figure(notes.count, 0);
    assert_false(calls->heap_validate(GetProcessHeap(), 0, block));
    assert_false(calls->heap_validate(GetProcessHeap(), 0, NULL));
    assert_told(&notes, &redirected->subject, 1, HostMemDamageBehind, block, SMALL, block + SMALL);
    assert_true(calls->heap_free(GetProcessHeap(), 0, block));
    assert_true(calls->heap_validate(GetProcessHeap(), 0, NULL));
    assert_true(calls->heap_free(GetProcessHeap(), 0, whole));
    assert_figure(notes.count, 1);
}

static void a_block_that_HeapReAlloc_moves_is_looked_at(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    struct notes notes;
    HOSTMEM_OPTIONS options = options_noting(&notes, HOSTMEM_FILL_ON_ALLOC, 0);
    char *block, *moved;

    redirected_restart(redirected, &options);
    block = calls->heap_alloc(GetProcessHeap(), 0, SMALL);
    memset(block, 0x5a, SMALL + 1);
    moved = calls->heap_realloc(GetProcessHeap(), 0, block, SMALL + 2);
    assert_non_null(moved);
    assert_figure((unsigned char)moved[SMALL - 1], 0x5a);
    assert_told(&notes, &redirected->subject, 1, HostMemDamageBehind, block, SMALL, block + SMALL);
    assert_null(
        calls->heap_realloc(GetProcessHeap(), HEAP_REALLOC_IN_PLACE_ONLY, moved, SMALL + 3));
    assert_true(calls->heap_free(GetProcessHeap(), 0, moved));
    assert_figure(notes.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(a_write_beyond_a_block_is_told_when_it_is_freed),
        promise(a_block_may_be_written_from_its_first_byte_to_its_last),
        promise(the_bytes_before_a_guard_page_are_looked_at_without_a_flag),
        promise(live_blocks_are_looked_at_by_Audit_Trim_and_Close),
        promise(live_blocks_are_looked_at_when_their_heap_is_released),
        promise(a_write_to_a_freed_large_block_is_found),
        redirected_heap_promise(HeapValidate_of_a_redirected_module_sees_an_overrun),
        redirected_heap_promise(a_block_that_HeapReAlloc_moves_is_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
