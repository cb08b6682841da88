/*
 * test_malloc_flags.c: the heap flags of HOSTMEM_OPTIONS, guard pages and pfnDamage: which of a
 * program's mistakes each of them shows.
 */
#include "heaps.h"

#include <stdio.h>
#include <string.h>

#define LARGE (3 * GRANULE)

/* ------------------------------------------------------------------------------------------------
 * Damage, noted down
 * --------------------------------------------------------------------------------------------- */

struct damage_notes {
    unsigned count;
    HOSTMEM_DAMAGE damage; /* the last */
    char file[64];
    DWORD thread; /* that the callback ran on */
};

static HRESULT CALLBACK note_damage(void *context, const HOSTMEM_DAMAGE *damage)
{
    struct damage_notes *notes = context;

    notes->count++;
    notes->damage = *damage;
    notes->thread = GetCurrentThreadId();
    snprintf(notes->file, sizeof(notes->file), "%s",
             damage->Block.FileName ? damage->Block.FileName : "");
    return E_FAIL; /* is ignored */
}

static struct subject subject_noting(struct damage_notes *notes, DWORD flags)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options),
                               .dwFlags = flags,
                               .pfnDamage = note_damage,
                               .pDamageContext = notes};

    memset(notes, 0, sizeof(*notes));
    return subject_make(&options);
}

static void assert_all(const unsigned char *bytes, SIZE_T size, unsigned char value)
{
    for (SIZE_T at = 0; at < size; at++) {
        if (bytes[at] != value)
            fail_msg("byte %u of %u is 0x%02x, expected 0x%02x", (unsigned)at, (unsigned)size,
                     bytes[at], value);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Filling
 * --------------------------------------------------------------------------------------------- */

static const SIZE_T sizes[] = {1, 16, 33, 64, 65, 100, 1000, 5000, LARGEST_SMALL, LARGE};

static void blocks_are_filled_when_they_are_handed_out(void **state)
{
    struct subject subject = subject_with_flags(HOSTMEM_FILL_ON_ALLOC);
    IHostMalloc *heap = subject_heap(&subject);

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        for (unsigned again = 0; again < 2; again++) {
            unsigned char *plain = heap_block(heap, sizes[i]);
            unsigned char *named = debug_block(heap, sizes[i], "fill.c", 1);

            assert_all(plain, sizes[i], 0xcd);
            assert_all(named, sizes[i], 0xcd);
            memset(plain, 0x11, sizes[i]);
            memset(named, 0x22, sizes[i]);
            free_block(heap, plain);
            free_block(heap, named);
        }
    }
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

static void small_blocks_are_filled_when_they_are_freed(void **state)
{
    struct subject subject = subject_with_flags(HOSTMEM_FILL_ON_FREE);
    IHostMalloc *heap = subject_heap(&subject);

    (void)state;
    for (unsigned i = 0; sizes[i] <= LARGEST_SMALL; i++) {
        unsigned char *block = filled_block(heap, sizes[i]);
        void *neighbour = heap_block(heap, sizes[i]); /* keeps the slab */

        free_block(heap, block);
        assert_all(block, sizes[i], 0xdd);
        free_block(heap, neighbour);
    }
    end_only_heap(&subject, heap);
    assert_figure(statistics_of(&subject).DamagedBlocks, 0);
    subject_end(&subject);
}

static void without_flags_nothing_is_filled(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    unsigned char *block = heap_block(heap, 100), *neighbour = heap_block(heap, 100);

    memset(block, 0x5a, 100);
    free_block(heap, block);
    assert_all(block, 100, 0x5a);
    free_block(heap, neighbour);
    end_only_heap(subject, heap);
}

/* ------------------------------------------------------------------------------------------------
 * Writes after free
 * --------------------------------------------------------------------------------------------- */

#define DAMAGED_SIZE 100
#define DAMAGED_BYTE 57

/* A freed block in which a byte was changed, and what was known of it while it lived. */
struct victim {
    IHostMalloc *heap;
    unsigned char *block;
    void *neighbour;
    HOSTMEM_BLOCK lived;
    DWORD freed_by;
};

static DWORD WINAPI free_on_a_thread(void *context)
{
    struct victim *victim = context;

    victim->freed_by = GetCurrentThreadId();
    return IHostMalloc_Free(victim->heap, victim->block) != S_OK;
}

static struct victim damage_block(const struct subject *subject)
{
    struct victim victim = {.heap = subject_heap(subject)};
    struct threads threads;

    victim.block = debug_block(victim.heap, DAMAGED_SIZE, "victim.c", 815);
    victim.neighbour = debug_block(victim.heap, DAMAGED_SIZE, "neighbour.c", 816);
    assert_hresult(IHostMemInspection_FindBlock(subject->inspection, victim.block, &victim.lived),
                   S_OK);
    assert_address(victim.lived.Address, victim.block);
    assert_true(victim.lived.Sequence > 0);
    threads_start(&threads, 1, free_on_a_thread, &victim, sizeof(victim));
    threads_join(&threads);
    assert_figure(statistics_of(subject).Blocks.Now, 1);
    victim.block[DAMAGED_BYTE] = 0x99;
    victim.block[DAMAGED_BYTE + 3] = 0x98;
    return victim;
}

static void assert_damage_is_told(const struct damage_notes *notes, const struct subject *subject,
                                  const struct victim *victim)
{
    const HOSTMEM_BLOCK *told = &notes->damage.Block, *lived = &victim->lived;

    assert_figure(notes->count, 1);
    assert_figure(notes->thread, GetCurrentThreadId());
    assert_figure(statistics_of(subject).DamagedBlocks, 1);
    assert_address(notes->damage.Address, victim->block + DAMAGED_BYTE);
    assert_figure(notes->damage.FreedBy, victim->freed_by);
    assert_address(told->Address, victim->block);
    assert_figure(told->Size, DAMAGED_SIZE);
    assert_string_equal(notes->file, "victim.c");
    assert_figure(told->Line, 815);
    assert_figure(told->Heap, 1);
    assert_figure(told->ThreadId, GetCurrentThreadId());
    assert_figure(told->Sequence, lived->Sequence);
    assert_address(told->Caller, lived->Caller);
}

static void a_write_after_free_is_found_when_the_block_is_used_again(void **state)
{
    struct damage_notes notes;
    struct subject subject = subject_noting(&notes, HOSTMEM_FILL_ON_FREE);
    struct victim victim = damage_block(&subject);
    unsigned char *again;

    (void)state;
    assert_figure(notes.count, 0);
    again = debug_block(victim.heap, DAMAGED_SIZE, "again.c", 1);
    assert_address(again, victim.block);
    assert_damage_is_told(&notes, &subject, &victim);
    free_block(victim.heap, again);
    free_block(victim.heap, victim.neighbour);
    end_only_heap(&subject, victim.heap);
    assert_figure(notes.count, 1);
    subject_end(&subject);
}

static void a_write_after_free_is_found_when_the_slab_is_trimmed(void **state)
{
    struct damage_notes notes;
    struct subject subject = subject_noting(&notes, HOSTMEM_FILL_ON_FREE);
    struct victim victim = damage_block(&subject);

    (void)state;
    free_block(victim.heap, victim.neighbour);
    assert_figure(notes.count, 0);
    assert_hresult(IHostMemInspection_Trim(subject.inspection, NULL), S_OK);
    assert_damage_is_told(&notes, &subject, &victim);
    end_only_heap(&subject, victim.heap);
    assert_figure(notes.count, 1);
    subject_end(&subject);
}

static void a_write_after_free_is_found_when_the_heap_is_released(void **state)
{
    struct damage_notes notes;
    struct subject subject = subject_noting(&notes, HOSTMEM_FILL_ON_FREE);
    struct victim victim = damage_block(&subject);

    (void)state;
    free_block(victim.heap, victim.neighbour);
    assert_figure(notes.count, 0);
    end_only_heap(&subject, victim.heap);
    assert_damage_is_told(&notes, &subject, &victim);
    subject_end(&subject);
}

static void a_write_after_free_is_found_beside_blocks_that_leak(void **state)
{
    struct damage_notes notes;
    struct subject subject = subject_noting(&notes, HOSTMEM_FILL_ON_FREE);
    struct victim victim = damage_block(&subject);

    (void)state;
    IHostMalloc_Release(victim.heap);
    assert_figure(statistics_of(&subject).LeakedBlocks, 1);
    assert_damage_is_told(&notes, &subject, &victim);
    assert_figure(statistics_of(&subject).Regions.Now, 0);
    subject_end(&subject);
}

static void a_write_after_free_is_found_though_reuse_is_delayed(void **state)
{
    struct damage_notes notes;
    struct subject subject =
        subject_noting(&notes, HOSTMEM_FILL_ON_FREE | HOSTMEM_FILL_ON_ALLOC | HOSTMEM_DELAY_REUSE);
    struct victim victim = damage_block(&subject);

    (void)state;
    for (unsigned i = 0; i < 255; i++)
        free_block(victim.heap, heap_block(victim.heap, DAMAGED_SIZE));
    free_block(victim.heap, victim.neighbour);
    end_only_heap(&subject, victim.heap);
    assert_damage_is_told(&notes, &subject, &victim);
    subject_end(&subject);
}

/* If an empty slab is kept for another use, its bytes must be checked once more. */
static void a_write_into_a_slab_that_is_spare_is_found_or_faults(void **state)
{
    struct damage_notes notes;
    struct subject subject = subject_noting(&notes, HOSTMEM_FILL_ON_FREE);
    IHostMalloc *heap = subject_heap(&subject);
    unsigned char *blocks[4];
    bool written = false;

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        blocks[i] = heap_block(heap, LARGEST_SMALL); /* two a slab */
    free_block(heap, blocks[0]);
    free_block(heap, blocks[1]);
    if (memory_state(blocks[0]) == MEM_COMMIT) {
        blocks[0][DAMAGED_BYTE] = 0x99;
        written = true;
    }
    free_block(heap, blocks[2]);
    free_block(heap, blocks[3]);
    end_only_heap(&subject, heap);
    assert_figure(notes.count, written);
    assert_figure(statistics_of(&subject).DamagedBlocks, written);
    subject_end(&subject);
}

static void damage_is_counted_without_a_callback_too(void **state)
{
    struct subject subject = subject_with_flags(HOSTMEM_FILL_ON_FREE);
    struct victim victim = damage_block(&subject);

    (void)state;
    free_block(victim.heap, victim.neighbour);
    end_only_heap(&subject, victim.heap);
    assert_figure(statistics_of(&subject).DamagedBlocks, 1);
    subject_end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * Delayed reuse
 * --------------------------------------------------------------------------------------------- */

/* Where a freed block waits is chosen by chance: some 6 in 100 do not wait for 64 further frees. */
static void most_freed_blocks_are_not_used_again_at_once(void **state)
{
    struct subject subject = subject_with_flags(HOSTMEM_DELAY_REUSE);
    IHostMalloc *heap = subject_heap(&subject);
    unsigned early = 0;

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        void *first = heap_block(heap, 48);

        free_block(heap, first);
        for (unsigned further = 0; further < 64; further++) {
            void *block = heap_block(heap, 48);

            free_block(heap, block);
            if (block == first) {
                early++;
                break;
            }
        }
    }
    assert_between(early, 0, 24);
    assert_figure(heap_figures_of(&subject, 1).Blocks.Now, 0);
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

static void blocks_whose_reuse_is_delayed_are_given_back_by_Trim(void **state)
{
    struct subject subject = subject_with_flags(HOSTMEM_DELAY_REUSE);
    IHostMalloc *heap = subject_heap(&subject);

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        free_block(heap, heap_block(heap, 10 * i));
    assert_at_least(statistics_of(&subject).SlabBytes.Now, SLAB);
    assert_hresult(IHostMemInspection_Trim(subject.inspection, NULL), S_OK);
    assert_figure(statistics_of(&subject).SlabBytes.Now, 0);
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * Guard pages
 * --------------------------------------------------------------------------------------------- */

#define GUARD_ABOVE 100

static struct subject subject_guarding(void)
{
    HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .GuardAbove = GUARD_ABOVE};

    return subject_make(&options);
}

static volatile LONG fault_is_expected, faults;
static uintptr_t fault_address;

/* Steps over write_one's instruction. */
static LONG CALLBACK catch_fault(EXCEPTION_POINTERS *pointers)
{
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;

    if (!fault_is_expected || record->ExceptionCode != EXCEPTION_ACCESS_VIOLATION)
        return EXCEPTION_CONTINUE_SEARCH;
    faults++;
    fault_address = (uintptr_t)record->ExceptionInformation[1];
#ifdef _WIN64
    pointers->ContextRecord->Rip += 3;
#else
    pointers->ContextRecord->Eip += 3;
#endif
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* mov byte ptr [ecx or rcx], 1 */
static void write_one(void *address)
{
    __asm__ volatile(".byte 0xc6, 0x01, 0x01" : : "c"(address) : "memory");
}

/* Where a write faulted; NULL: it did not. */
static void *write_and_catch(void *address)
{
    PVOID handler = AddVectoredExceptionHandler(1, catch_fault);
    LONG before = faults;

    assert_non_null(handler);
    fault_is_expected = 1;
    write_one(address);
    fault_is_expected = 0;
    RemoveVectoredExceptionHandler(handler);
    return faults == before ? NULL : (void *)fault_address;
}

static const SIZE_T guarded_sizes[] = {112,  128,           1024,       4080,  4096,      4112,
                                       8192, LARGEST_SMALL, LARGE - 16, LARGE, LARGE + 16};

static void a_write_just_past_a_guarded_block_faults_there(void **state)
{
    struct subject subject = subject_guarding();
    IHostMalloc *heap = subject_heap(&subject);

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(guarded_sizes); i++) {
        SIZE_T size = guarded_sizes[i];
        char *plain = filled_block(heap, size), *named = debug_block(heap, size, "guard.c", 1);

        assert_address(write_and_catch(plain), NULL);
        assert_address(write_and_catch(plain + size - 1), NULL);
        assert_address(write_and_catch(plain + size), plain + size);
        assert_address(write_and_catch(plain + size + PAGE - 1), plain + size + PAGE - 1);
        assert_address(write_and_catch(named + size), named + size);
        free_block(heap, plain);
        free_block(heap, named);
    }
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

static void a_guarded_block_of_any_size_ends_less_than_16_bytes_before_its_guard_page(void **state)
{
    struct subject subject = subject_guarding();
    IHostMalloc *heap = subject_heap(&subject);

    (void)state;
    for (SIZE_T size = GUARD_ABOVE + 1; size < 3 * PAGE; size += 61) {
        unsigned char *block = filled_block(heap, size);
        uintptr_t end = ((uintptr_t)block + size + 15) & ~(uintptr_t)15;

        assert_figure((uintptr_t)block % 16, 0);
        assert_figure(end % PAGE, 0);
        assert_figure(memory_state((void *)(end - 1)), MEM_COMMIT);
        assert_true(memory_state((void *)end) != MEM_COMMIT);
        free_block(heap, block);
    }
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

static void a_block_of_at_most_GuardAbove_bytes_is_not_guarded(void **state)
{
    struct subject subject = subject_guarding();
    IHostMalloc *heap = subject_heap(&subject);
    HOSTMEM_REGION region;

    (void)state;
    for (SIZE_T size = 0; size <= GUARD_ABOVE + 1; size++) {
        void *block = heap_block(heap, size);

        assert_hresult(IHostMemInspection_FindRegion(subject.inspection, block, &region), S_OK);
        assert_figure(region.IsSlab, size <= GUARD_ABOVE);
        free_block(heap, block);
    }
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

static void guarded_blocks_are_counted_found_and_refused_like_others(void **state)
{
    struct subject subject = subject_guarding();
    IHostMalloc *heap = subject_heap(&subject);
    char *block = filled_block(heap, 1008);
    HOSTMEM_BLOCK found;

    (void)state;
    assert_figure(heap_figures_of(&subject, 1).LargeBlocks.Now, 1);
    assert_figure(heap_figures_of(&subject, 1).LargeBytes.Now, 1008);
    assert_clean_audit(&subject);
    assert_hresult(IHostMemInspection_FindBlock(subject.inspection, block + 1007, &found), S_OK);
    assert_address(found.Address, block);
    assert_figure(found.Size, 1008);
    assert_hresult(IHostMemInspection_FindBlock(subject.inspection, block + 1008, &found), S_FALSE);
    assert_hresult(IHostMemInspection_FindBlock(subject.inspection, block - 1, &found), S_FALSE);
    assert_refused("inside", &subject, heap, block + 16, 900, HostMemRefusedInterior);
    assert_refused("inside", &subject, heap, block + 1, 900, HostMemRefusedMisaligned);
    free_block(heap, block);
    assert_refused("twice", &subject, heap, block, 0, HostMemRefusedFreed);
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

static void a_guarded_block_that_leaks_is_given_back(void **state)
{
    struct subject subject = subject_guarding();
    IHostMalloc *heap = subject_heap(&subject);
    char *block = filled_block(heap, 5008);

    (void)state;
    IHostMalloc_Release(heap);
    assert_figure(statistics_of(&subject).LeakedBlocks, 1);
    assert_figure(statistics_of(&subject).LeakedBytes, 5008);
    assert_figure(statistics_of(&subject).Regions.Now, 0);
    assert_figure(statistics_of(&subject).Committed.Now, 0);
    assert_figure(memory_state(block), MEM_FREE);
    assert_figure(memory_state(block + 5008), MEM_FREE);
    assert_clean_audit(&subject);
    subject_end(&subject);
}

/* ------------------------------------------------------------------------------------------------
 * Histories
 * --------------------------------------------------------------------------------------------- */

static HOSTMEM_BLOCK found_block(const struct subject *subject, const void *address)
{
    HOSTMEM_BLOCK found;

    assert_hresult(IHostMemInspection_FindBlock(subject->inspection, address, &found), S_OK);
    return found;
}

static bool is_code_of_the_program(const void *address)
{
    MEMORY_BASIC_INFORMATION range;

    return VirtualQuery(address, &range, sizeof(range)) &&
           range.AllocationBase == (void *)GetModuleHandleW(NULL);
}

static void tracked_blocks_have_caller_thread_sequence_and_age(void **state)
{
    struct subject subject = subject_with_flags(HOSTMEM_TRACK_BLOCKS);
    IHostMalloc *heap = subject_heap(&subject);
    ULONGLONG before = GetTickCount64(), last = 0;
    void *blocks[COUNT_OF(sizes)];

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(sizes); i++)
        blocks[i] = heap_block(heap, sizes[i]);
    Sleep(30);
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        HOSTMEM_BLOCK found = found_block(&subject, blocks[i]);

        assert_address(found.Address, blocks[i]);
        assert_figure(found.Size, sizes[i]);
        assert_true(is_code_of_the_program(found.Caller));
        assert_figure(found.ThreadId, GetCurrentThreadId());
        assert_true(found.Sequence > last);
        assert_between(found.AgeMilliseconds, 1, GetTickCount64() - before);
        assert_address(found.FileName, NULL);
        last = found.Sequence;
    }
    for (unsigned i = 0; i < COUNT_OF(sizes); i++)
        free_block(heap, blocks[i]);
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

static void every_flag_keeps_the_histories_of_small_blocks(void **state)
{
    (void)state;
    for (DWORD flag = HOSTMEM_TRACK_BLOCKS; flag <= HOSTMEM_DELAY_REUSE; flag <<= 1) {
        struct subject subject = subject_with_flags(flag);
        IHostMalloc *heap = subject_heap(&subject);
        void *block = heap_block(heap, 20);
        HOSTMEM_BLOCK found = found_block(&subject, block);

        assert_figure(found.ThreadId, GetCurrentThreadId());
        assert_at_least(found.Sequence, 1);
        assert_true(size_class_of(&subject, 1, 20, TRUE).Blocks == 1);
        free_block(heap, block);
        end_only_heap(&subject, heap);
        subject_end(&subject);
    }
}

static void a_large_block_has_its_caller_without_a_flag_too(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *block = heap_block(heap, LARGE);
    HOSTMEM_BLOCK found = found_block(subject, block);

    assert_figure(found.ThreadId, GetCurrentThreadId());
    assert_at_least(found.Sequence, 1);
    assert_true(is_code_of_the_program(found.Caller));
    free_block(heap, block);
    end_only_heap(subject, heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_filled_when_they_are_handed_out),
        cmocka_unit_test(small_blocks_are_filled_when_they_are_freed),
        promise(without_flags_nothing_is_filled),
        cmocka_unit_test(a_write_after_free_is_found_when_the_block_is_used_again),
        cmocka_unit_test(a_write_after_free_is_found_when_the_slab_is_trimmed),
        cmocka_unit_test(a_write_after_free_is_found_when_the_heap_is_released),
        cmocka_unit_test(a_write_after_free_is_found_beside_blocks_that_leak),
        cmocka_unit_test(a_write_after_free_is_found_though_reuse_is_delayed),
        cmocka_unit_test(a_write_into_a_slab_that_is_spare_is_found_or_faults),
        cmocka_unit_test(damage_is_counted_without_a_callback_too),
        cmocka_unit_test(most_freed_blocks_are_not_used_again_at_once),
        cmocka_unit_test(blocks_whose_reuse_is_delayed_are_given_back_by_Trim),
        cmocka_unit_test(a_write_just_past_a_guarded_block_faults_there),
        cmocka_unit_test(a_guarded_block_of_any_size_ends_less_than_16_bytes_before_its_guard_page),
        cmocka_unit_test(a_block_of_at_most_GuardAbove_bytes_is_not_guarded),
        cmocka_unit_test(guarded_blocks_are_counted_found_and_refused_like_others),
        cmocka_unit_test(a_guarded_block_that_leaks_is_given_back),
        cmocka_unit_test(tracked_blocks_have_caller_thread_sequence_and_age),
        cmocka_unit_test(every_flag_keeps_the_histories_of_small_blocks),
        promise(a_large_block_has_its_caller_without_a_flag_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
