/*
 * test_virtual_free_ownership.c: VirtualFree frees only what this manager handed out (invariant
 * I1).
 *
 * For each kind of foreign address every form of free is tried. Each must be refused with
 * HOST_E_INVALIDOPERATION and ERROR_INVALID_ADDRESS, be counted once, and change nothing: not the
 * memory, not what Windows says of it, not the books. For IHostMalloc::Free see
 * test_malloc_refusals.c and test_malloc_refusals_foreign.c.
 */
#include "foreign.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * The means
 * --------------------------------------------------------------------------------------------- */

/* An address that the test tries to free, and the memory there. */
struct target {
    const char *name;
    void *address;
    SIZE_T extent; /* readable bytes there; 0: none */
};

/* A way to ask VirtualFree. */
struct attempt {
    SIZE_T size;
    DWORD type;
};

/* Every one of these is wrong for an address that is not owned. */
static const struct attempt attempts[] = {
    {0, MEM_RELEASE},
    {1, MEM_RELEASE},
    {PAGE, MEM_RELEASE},
    {GRANULE, MEM_RELEASE},
    {SIZE_MAX, MEM_RELEASE},
    {0, MEM_DECOMMIT},
    {1, MEM_DECOMMIT},
    {PAGE, MEM_DECOMMIT},
    {GRANULE, MEM_DECOMMIT},
    {SIZE_MAX / 2 + 1, MEM_DECOMMIT},
    {SIZE_MAX, MEM_DECOMMIT},
    /* and types that are none */
    {0, 0},
    {PAGE, 0},
    {0, MEM_RELEASE | MEM_DECOMMIT},
    {PAGE, MEM_RELEASE | MEM_DECOMMIT},
    {0, MEM_RELEASE | 1}, /* MEM_COALESCE_PLACEHOLDERS */
    {0, MEM_RELEASE | 2}, /* MEM_PRESERVE_PLACEHOLDER */
    {PAGE, MEM_COMMIT},
    {PAGE, MEM_RESERVE},
    {0, MEM_FREE},
    {0, 0xffffffff},
};

static void assert_refuses_attempt(const struct subject *subject, struct target target,
                                   struct attempt attempt)
{
    struct memory_image image = memory_image_of(target.address, target.extent);
    HOSTMEM_STATISTICS before = statistics_of(subject);
    char about[160];
    DWORD error;
    HRESULT hr;

    snprintf(about, sizeof(about), "%s at %p, size 0x%llx, type 0x%lx", target.name, target.address,
             (ULONGLONG)attempt.size, attempt.type);
    SetLastError(UNTOUCHED);
    hr = IHostMemoryManager_VirtualFree(subject->manager, target.address, attempt.size,
                                        attempt.type);
    error = GetLastError();
    assert_hresult_of(about, hr, HOST_E_INVALIDOPERATION);
    assert_figure_of(about, error, ERROR_INVALID_ADDRESS);
    assert_unchanged(about, &image);
    assert_counted_as_refused(about, subject, &before, HostMemVirtualFree);
}

static void assert_refuses_every_free(const struct subject *subject, const char *name,
                                      void *address, SIZE_T extent)
{
    struct target target = {name, address, extent};

    for (unsigned i = 0; i < COUNT_OF(attempts); i++)
        assert_refuses_attempt(subject, target, attempts[i]);
}

/* Fails unless VirtualFree refuses this one thing of memory that is partly or wholly owned. */
static void assert_refuses(const struct subject *subject, const char *name, void *address,
                           SIZE_T extent, SIZE_T size, DWORD type)
{
    assert_refuses_attempt(subject, (struct target){name, address, extent},
                           (struct attempt){size, type});
}

/* ------------------------------------------------------------------------------------------------
 * VirtualFree of what no manager ever handed out
 * --------------------------------------------------------------------------------------------- */

static void free_of_NULL_is_refused(void **state)
{
    assert_refuses_every_free(*state, "NULL", NULL, 0);
}

static void free_of_address_1_is_refused(void **state)
{
    assert_refuses_every_free(*state, "address 1", (void *)(uintptr_t)1, 0);
}

static void free_of_the_lowest_addresses_is_refused(void **state)
{
    assert_refuses_every_free(*state, "the first page's end", (void *)(PAGE - 1), 0);
    assert_refuses_every_free(*state, "the second page", (void *)PAGE, 0);
    assert_refuses_every_free(*state, "the first granule's end", (void *)(GRANULE - 1), 0);
    assert_refuses_every_free(*state, "the second granule", (void *)GRANULE, 0);
}

static void free_of_a_stack_address_is_refused(void **state)
{
    unsigned char local[256];

    fill(local, sizeof(local));
    assert_refuses_every_free(*state, "a local variable", local, sizeof(local));
}

static void free_of_the_stack_s_reservation_is_refused(void **state)
{
    MEMORY_BASIC_INFORMATION range = {0};

    assert_true(VirtualQuery(&range, &range, sizeof(range)));
    assert_refuses_every_free(*state, "the stack's base", range.AllocationBase, 0);
}

struct parked_thread {
    HANDLE arrived, leave;
    void *local;
};

static DWORD WINAPI park(void *context)
{
    struct parked_thread *parked = context;
    unsigned char local[256];

    fill(local, sizeof(local));
    parked->local = local;
    SetEvent(parked->arrived);
    WaitForSingleObject(parked->leave, INFINITE);
    return local[0];
}

static void free_of_another_thread_s_stack_address_is_refused(void **state)
{
    struct parked_thread parked = {CreateEventW(NULL, TRUE, FALSE, NULL),
                                   CreateEventW(NULL, TRUE, FALSE, NULL), NULL};
    struct threads threads;

    threads_start(&threads, 1, park, &parked, sizeof(parked));
    WaitForSingleObject(parked.arrived, INFINITE);
    assert_refuses_every_free(*state, "another thread's local variable", parked.local, 256);
    SetEvent(parked.leave);
    threads_join(&threads);
    CloseHandle(parked.arrived);
    CloseHandle(parked.leave);
}

static unsigned char written_global[2 * 0x1000];
static const unsigned char constant_global[16] = "read only";

static void free_of_a_global_is_refused(void **state)
{
    fill(written_global, sizeof(written_global));
    assert_refuses_every_free(*state, "a global", written_global, sizeof(written_global));
    assert_refuses_every_free(*state, "a constant", (void *)(uintptr_t)constant_global,
                              sizeof(constant_global));
}

static void free_of_code_is_refused(void **state)
{
    assert_refuses_every_free(*state, "this program's code", (void *)(uintptr_t)fill, 16);
    assert_refuses_every_free(*state, "the DLL's code", (void *)(uintptr_t)HostMemCreateManager, 4);
    assert_refuses_every_free(*state, "the system's code", (void *)(uintptr_t)VirtualFree, 4);
}

static void free_of_an_image_base_is_refused(void **state)
{
    assert_refuses_every_free(*state, "this program's image", GetModuleHandleW(NULL), PAGE);
    assert_refuses_every_free(*state, "hostmem's image", GetModuleHandleW(L"hostmem.dll"), PAGE);
    assert_refuses_every_free(*state, "kernel32's image", GetModuleHandleW(L"kernel32.dll"), PAGE);
    assert_refuses_every_free(*state, "ntdll's image", GetModuleHandleW(L"ntdll.dll"), PAGE);
}

static void free_of_a_process_heap_block_is_refused(void **state)
{
    static const SIZE_T sizes[] = {24, 4096, 4 << 20};

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        void *block = HeapAlloc(GetProcessHeap(), 0, sizes[i]);

        assert_non_null(block);
        fill(block, sizes[i]);
        assert_refuses_every_free(*state, "a process heap block", block, sizes[i]);
        assert_true(HeapFree(GetProcessHeap(), 0, block));
    }
}

static void free_of_the_process_heap_itself_is_refused(void **state)
{
    assert_refuses_every_free(*state, "the process heap", GetProcessHeap(), 0);
}

static void free_of_raw_committed_memory_is_refused(void **state)
{
    char *memory = filled_raw_memory(4 * GRANULE);

    assert_refuses_every_free(*state, "raw memory", memory, 4 * GRANULE);
    assert_refuses_every_free(*state, "raw memory's inside", memory + GRANULE, 3 * GRANULE);
    assert_true(VirtualFree(memory, 0, MEM_RELEASE));
}

static void free_of_raw_reserved_memory_is_refused(void **state)
{
    void *memory = VirtualAlloc(NULL, 4 * GRANULE, MEM_RESERVE, PAGE_READWRITE);

    assert_non_null(memory);
    assert_refuses_every_free(*state, "raw reserved memory", memory, 0);
    assert_true(VirtualFree(memory, 0, MEM_RELEASE));
}

static void free_of_raw_memory_committed_through_the_manager_is_refused(void **state)
{
    const struct subject *subject = *state;
    void *memory = VirtualAlloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    assert_non_null(memory);
    subject_alloc_at(subject, memory, PAGE, MEM_COMMIT, PAGE_READWRITE);
    fill(memory, PAGE);
    assert_refuses_every_free(subject, "raw memory committed here", memory, PAGE);
    assert_true(VirtualFree(memory, 0, MEM_RELEASE));
}

static void free_of_a_mapped_view_is_refused(void **state)
{
    HANDLE mapping;
    void *view = filled_view(&mapping);

    assert_refuses_every_free(*state, "a mapped view", view, VIEW_SIZE);
    end_view(view, mapping);
}

static void free_of_a_mapped_view_that_was_told_is_refused(void **state)
{
    const struct subject *subject = *state;
    HANDLE mapping;
    void *view = filled_view(&mapping);

    assert_hresult(
        IHostMemoryManager_AcquiredVirtualAddressSpace(subject->manager, view, VIEW_SIZE), S_OK);
    assert_refuses_every_free(subject, "a mapped view that was told", view, VIEW_SIZE);
    assert_hresult(IHostMemoryManager_ReleasedVirtualAddressSpace(subject->manager, view), S_OK);
    end_view(view, mapping);
}

static void free_of_a_kernel_address_is_refused(void **state)
{
    for (unsigned i = 0; i < COUNT_OF(kernel_addresses); i++)
        assert_refuses_every_free(*state, "a kernel address", (void *)kernel_addresses[i], 0);
}

static void free_of_an_unmapped_address_is_refused(void **state)
{
    char *hole = unmapped_address();

    assert_refuses_every_free(*state, "an unmapped address", hole, 0);
    assert_refuses_every_free(*state, "an unmapped odd address", hole + 1234567, 0);
}

static void free_of_the_process_s_own_blocks_is_refused(void **state)
{
    typedef void *(WINAPI * get_peb)(void);
    FARPROC function = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlGetCurrentPeb");

    assert_non_null(function);
    assert_refuses_every_free(*state, "the process's environment block",
                              ((get_peb)(void (*)(void))function)(), 0);
    assert_refuses_every_free(*state, "the shared user data", (void *)(uintptr_t)0x7ffe0000, 0);
    assert_refuses_every_free(*state, "the command line", GetCommandLineW(), 0);
}

static void free_of_the_manager_s_own_bookkeeping_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    IHostControl *control = NULL;

    assert_hresult(HostMemCreateHostControl(subject->manager, NULL, &control), S_OK);
    assert_refuses_every_free(subject, "the manager's object", subject->manager, 0);
    assert_refuses_every_free(subject, "the inspection's object", subject->inspection, 0);
    assert_refuses_every_free(subject, "the heap's object", heap, 0);
    assert_refuses_every_free(subject, "the control's object", control, 0);
    IHostControl_Release(control);
    IHostMalloc_Release(heap);
}

/* ------------------------------------------------------------------------------------------------
 * VirtualFree of what somebody else was handed out, or nobody has any more
 * --------------------------------------------------------------------------------------------- */

static void free_of_another_manager_s_region_is_refused(void **state)
{
    const struct subject *subject = *state;
    struct subject other = subject_make(NULL);
    char *region = filled_region(&other, 2 * GRANULE);
    HOSTMEM_STATISTICS before = statistics_of(&other), after;

    assert_refuses_every_free(subject, "another manager's region", region, 2 * GRANULE);
    assert_refuses_every_free(subject, "another manager's region's inside", region + PAGE, PAGE);
    after = statistics_of(&other);
    assert_memory_equal(&after, &before, sizeof(before));
    assert_clean_audit_of("the other manager", &other);
    subject_release(&other, region);
    subject_end(&other);
}

static void free_of_a_freed_region_is_refused(void **state)
{
    const struct subject *subject = *state;
    char *region = filled_region(subject, 2 * GRANULE);

    subject_release(subject, region);
    assert_refuses_every_free(subject, "a freed region", region, 0);
    assert_refuses_every_free(subject, "a freed region's inside", region + PAGE, 0);
    assert_refuses_every_free(subject, "a freed region's last byte", region + 2 * GRANULE - 1, 0);
}

static void free_of_a_freed_region_that_was_huge_is_refused(void **state)
{
    const SIZE_T size = (SIZE_T)160 << 20; /* chunks of the ledger in which nothing else lay */
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, size, MEM_RESERVE, PAGE_READWRITE);

    subject_release(subject, region);
    for (SIZE_T at = 0; at < size; at += size / 10)
        assert_refuses_every_free(subject, "a freed huge region's inside", region + at, 0);
}

static void free_of_a_freed_region_that_is_raw_memory_now_is_refused(void **state)
{
    const struct subject *subject = *state;
    char *region = filled_region(subject, 2 * GRANULE);
    char *raw;

    subject_release(subject, region);
    raw = VirtualAlloc(region, 2 * GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    assert_address(raw, region);
    fill(raw, 2 * GRANULE);
    assert_refuses_every_free(subject, "raw memory where a region was", raw, 2 * GRANULE);
    assert_refuses_every_free(subject, "its inside", raw + GRANULE, GRANULE);
    assert_true(VirtualFree(raw, 0, MEM_RELEASE));
}

static void free_of_a_freed_region_that_is_another_manager_s_now_is_refused(void **state)
{
    const struct subject *subject = *state;
    struct subject other = subject_make(NULL);
    char *region = filled_region(subject, 2 * GRANULE);

    subject_release(subject, region);
    assert_address(
        subject_alloc_at(&other, region, 2 * GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE),
        region);
    fill(region, 2 * GRANULE);
    assert_refuses_every_free(subject, "another's region where ours was", region, 2 * GRANULE);
    assert_clean_audit_of("the other manager", &other);
    subject_release(&other, region);
    subject_end(&other);
}

static void free_beyond_a_smaller_region_that_took_a_freed_one_s_place_is_refused(void **state)
{
    const struct subject *subject = *state;
    char *region = filled_region(subject, 4 * GRANULE);

    subject_release(subject, region);
    assert_address(
        subject_alloc_at(subject, region, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), region);
    fill(region, PAGE);
    assert_refuses_every_free(subject, "beyond it, same granule", region + PAGE, 0);
    assert_refuses_every_free(subject, "beyond it, next granule", region + GRANULE, 0);
    subject_release(subject, region);
}

static void only_the_first_of_two_frees_of_a_region_succeeds(void **state)
{
    const struct subject *subject = *state;
    void *region = filled_region(subject, GRANULE);

    assert_hresult(IHostMemoryManager_VirtualFree(subject->manager, region, 0, MEM_RELEASE), S_OK);
    assert_hresult(IHostMemoryManager_VirtualFree(subject->manager, region, 0, MEM_RELEASE),
                   HOST_E_INVALIDOPERATION);
    assert_figure(statistics_of(subject).RefusedFrees, 1);
}

static void VirtualFree_of_a_heap_s_block_is_refused(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    static const SIZE_T sizes[] = {1, 24, 5000, 3 << 20};

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        char *block = filled_block(heap, sizes[i]);
        MEMORY_BASIC_INFORMATION range;

        assert_true(VirtualQuery(block, &range, sizeof(range)));
        assert_refuses_every_free(subject, "a heap's block", block, sizes[i]);
        assert_refuses_every_free(subject, "a heap's block's last byte", block + sizes[i] - 1, 1);
        assert_refuses_every_free(subject, "a heap's block's region", range.AllocationBase, 0);
        assert_hresult(IHostMalloc_Free(heap, block), S_OK);
        assert_refuses_every_free(subject, "a heap's freed block", block, 0);
    }
    IHostMalloc_Release(heap);
}

/* ------------------------------------------------------------------------------------------------
 * VirtualFree of what is owned only in part, or not like this
 * --------------------------------------------------------------------------------------------- */

/* A free of owned memory that Win32 refuses is no foreign one, and changes nothing. */
static void assert_fails_with(const struct subject *subject, char *address, SIZE_T size, DWORD type,
                              DWORD error)
{
    struct memory_image image = memory_image_of(address, PAGE);
    HOSTMEM_STATISTICS before = statistics_of(subject);
    HOSTMEM_STATISTICS after;
    HRESULT hr;

    SetLastError(UNTOUCHED);
    hr = IHostMemoryManager_VirtualFree(subject->manager, address, size, type);
    assert_figure_of("last error", GetLastError(), error);
    assert_hresult_of("owned memory", hr, HRESULT_FROM_WIN32(error));
    assert_unchanged("owned memory", &image);
    after = statistics_of(subject);
    assert_same_books("owned memory", &before, &after);
    assert_figure_of("refused frees", after.RefusedFrees, before.RefusedFrees);
}

static void release_of_an_interior_address_fails_as_win32_does(void **state)
{
    const struct subject *subject = *state;
    const SIZE_T size = 4 * GRANULE;
    char *region = filled_region(subject, size);
    const SIZE_T offsets[] = {PAGE, GRANULE, GRANULE + PAGE, 3 * GRANULE, size - PAGE};

    for (unsigned i = 0; i < COUNT_OF(offsets); i++)
        assert_fails_with(subject, region + offsets[i], 0, MEM_RELEASE, ERROR_INVALID_ADDRESS);
    assert_fails_with(subject, region + PAGE, size - PAGE, MEM_RELEASE, ERROR_INVALID_PARAMETER);
    assert_refuses(subject, "beyond the region", region + PAGE, size - PAGE, size, MEM_RELEASE);
    subject_release(subject, region);
}

static void release_of_an_interior_address_of_a_huge_region_fails_as_win32_does(void **state)
{
    const SIZE_T size = (SIZE_T)200 << 20;
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, size, MEM_RESERVE, PAGE_READWRITE);

    for (SIZE_T at = size / 16; at < size; at += size / 16) {
        DWORD error;

        assert_false(VirtualFree(region + at, 0, MEM_RELEASE));
        error = GetLastError();
        assert_hresult(
            IHostMemoryManager_VirtualFree(subject->manager, region + at, 0, MEM_RELEASE),
            HRESULT_FROM_WIN32(error));
    }
    subject_release(subject, region);
}

/* A CLR's collector does this. */
static void decommit_of_size_0_at_an_interior_address_fails_as_win32_does(void **state)
{
    const struct subject *subject = *state;
    char *region = filled_region(subject, GRANULE);

    assert_fails_with(subject, region + PAGE, 0, MEM_DECOMMIT, ERROR_INVALID_ADDRESS);
    subject_release(subject, region);
}

static void free_one_past_the_end_is_refused(void **state)
{
    static const SIZE_T sizes[] = {PAGE, GRANULE - PAGE, GRANULE, GRANULE + PAGE, 1025 * GRANULE};
    const struct subject *subject = *state;

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        char *region = filled_region(subject, sizes[i]);

        assert_refuses_every_free(subject, "one past the end", region + sizes[i], 0);
        subject_release(subject, region);
    }
}

static void free_one_before_the_beginning_is_refused(void **state)
{
    const struct subject *subject = *state;
    char *region = filled_region(subject, GRANULE);

    assert_refuses_every_free(subject, "the byte before", region - 1, 0);
    assert_refuses_every_free(subject, "the page before", region - PAGE, 0);
    subject_release(subject, region);
}

static void decommit_that_begins_inside_and_ends_outside_is_refused(void **state)
{
    const struct subject *subject = *state;
    const SIZE_T size = 2 * GRANULE - PAGE; /* so that its last granule goes on behind it */
    char *region = filled_region(subject, size);

    assert_refuses(subject, "one byte too many", region, size, size + 1, MEM_DECOMMIT);
    assert_refuses(subject, "one page too many", region, size, size + PAGE, MEM_DECOMMIT);
    assert_refuses(subject, "one granule too many", region, size, size + GRANULE, MEM_DECOMMIT);
    assert_refuses(subject, "from the last page", region + size - PAGE, PAGE, PAGE + 1,
                   MEM_DECOMMIT);
    assert_refuses(subject, "from the last byte", region + size - 1, 1, 2, MEM_DECOMMIT);
    assert_refuses(subject, "a terabyte or so", region, size, SIZE_MAX / 4, MEM_DECOMMIT);
    subject_release(subject, region);
}

static void decommit_that_wraps_round_the_address_space_is_refused(void **state)
{
    const struct subject *subject = *state;
    char *region = filled_region(subject, GRANULE);
    const SIZE_T to_the_end = SIZE_MAX - (uintptr_t)region;

    assert_refuses(subject, "to the very end", region, GRANULE, to_the_end, MEM_DECOMMIT);
    assert_refuses(subject, "to the very end", region, GRANULE, to_the_end + 1, MEM_DECOMMIT);
    assert_refuses(subject, "round to zero", region, GRANULE, to_the_end + 2, MEM_DECOMMIT);
    assert_refuses(subject, "round to itself", region, GRANULE, SIZE_MAX, MEM_DECOMMIT);
    assert_refuses(subject, "round to its inside", region + PAGE, GRANULE - PAGE, SIZE_MAX - 1,
                   MEM_DECOMMIT);
    subject_release(subject, region);
}

static void decommit_that_begins_before_and_ends_inside_is_refused(void **state)
{
    const struct subject *subject = *state;
    char *region = filled_region(subject, GRANULE);
    struct memory_image image = memory_image_of(region, GRANULE);

    assert_refuses(subject, "from a page before", region - PAGE, 0, 2 * PAGE, MEM_DECOMMIT);
    assert_refuses(subject, "from a byte before", region - 1, 0, 2, MEM_DECOMMIT);
    assert_refuses(subject, "over all of it", region - PAGE, 0, GRANULE + 2 * PAGE, MEM_DECOMMIT);
    assert_unchanged("the region", &image);
    subject_release(subject, region);
}

static void decommit_over_two_neighbouring_regions_is_refused(void **state)
{
    const struct subject *subject = *state;
    char *both = filled_region(subject, 2 * GRANULE);

    subject_release(subject, both);
    for (unsigned i = 0; i < 2; i++) {
        assert_address(subject_alloc_at(subject, both + i * GRANULE, GRANULE,
                                        MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE),
                       both + i * GRANULE);
        fill(both + i * GRANULE, GRANULE);
    }
    assert_refuses(subject, "both", both, 2 * GRANULE, 2 * GRANULE, MEM_DECOMMIT);
    assert_refuses(subject, "the seam", both + GRANULE - PAGE, 2 * PAGE, 2 * PAGE, MEM_DECOMMIT);
    subject_release(subject, both + GRANULE);
    subject_release(subject, both);
}

/* An owner's wrong arguments get Win32's own error; that does not count as a refused free. */
static void assert_owner_is_told(const struct subject *subject, void *address, SIZE_T extent,
                                 SIZE_T size, DWORD type)
{
    struct memory_image image = memory_image_of(address, extent);
    HOSTMEM_STATISTICS before = statistics_of(subject), after;
    char about[80];
    DWORD error;
    HRESULT hr;

    snprintf(about, sizeof(about), "size 0x%llx, type 0x%lx", (ULONGLONG)size, type);
    SetLastError(UNTOUCHED);
    hr = IHostMemoryManager_VirtualFree(subject->manager, address, size, type);
    error = GetLastError();
    assert_hresult_of(about, hr, E_INVALIDARG);
    assert_figure_of(about, error, ERROR_INVALID_PARAMETER);
    assert_unchanged(about, &image);
    after = statistics_of(subject);
    assert_same_books(about, &before, &after);
    assert_figure_of(about, after.RefusedFrees, before.RefusedFrees);
    assert_figure_of(about, after.Methods[HostMemVirtualFree].Failures,
                     before.Methods[HostMemVirtualFree].Failures + 1);
    assert_clean_audit_of(about, subject);
}

static void an_owner_s_release_with_a_size_is_E_INVALIDARG(void **state)
{
    const struct subject *subject = *state;
    void *region = filled_region(subject, 2 * GRANULE);

    assert_owner_is_told(subject, region, 2 * GRANULE, 1, MEM_RELEASE);
    assert_owner_is_told(subject, region, 2 * GRANULE, PAGE, MEM_RELEASE);
    assert_owner_is_told(subject, region, 2 * GRANULE, 2 * GRANULE, MEM_RELEASE);
    subject_release(subject, region);
}

static void an_owner_s_free_of_a_bad_type_is_E_INVALIDARG(void **state)
{
    static const DWORD types[] = {
        0, MEM_RELEASE | MEM_DECOMMIT, MEM_COMMIT, MEM_RESERVE, MEM_FREE, 0xffffffff};
    const struct subject *subject = *state;
    char *region = filled_region(subject, GRANULE);

    for (unsigned i = 0; i < COUNT_OF(types); i++) {
        assert_owner_is_told(subject, region, GRANULE, 0, types[i]);
        assert_owner_is_told(subject, region, GRANULE, PAGE, types[i]);
        assert_owner_is_told(subject, region + PAGE, PAGE, PAGE, types[i]);
    }
    subject_release(subject, region);
}

/* ------------------------------------------------------------------------------------------------
 * VirtualFree of wild pointers
 * --------------------------------------------------------------------------------------------- */

static void free_of_wild_pointers_is_refused(void **state)
{
    const struct subject *subject = *state;
    char *region = filled_region(subject, 3 * GRANULE + PAGE);
    struct memory_image image = memory_image_of(region, 3 * GRANULE + PAGE);
    struct memory_sum before = memory_sum_of_process(), after;
    uint64_t random = WILD_SEED;
    ULONGLONG asked = 0;

    print_message("seed 0x%llx\n", (ULONGLONG)WILD_SEED);
    for (unsigned i = 0; i < WILD_POINTERS; i++) {
        uintptr_t address = wild_address(&random, (uintptr_t)region);
        const struct attempt *attempt = &attempts[next_random(&random) % COUNT_OF(attempts)];
        HRESULT hr;

        if (address - (uintptr_t)region < image.extent)
            continue;
        hr = IHostMemoryManager_VirtualFree(subject->manager, (void *)address, attempt->size,
                                            attempt->type);
        if (hr != HOST_E_INVALIDOPERATION)
            fail_msg("pointer %u: %p, size 0x%llx, type 0x%lx: 0x%08lx", i, (void *)address,
                     (ULONGLONG)attempt->size, attempt->type, hr);
        asked++;
    }
    after = memory_sum_of_process();
    assert_figure(statistics_of(subject).RefusedFrees, asked);
    assert_unchanged("the region", &image);
    assert_figure(after.reservations, before.reservations);
    assert_figure(after.reserved, before.reserved);
    assert_figure(after.committed, before.committed);
    subject_release(subject, region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(free_of_NULL_is_refused),
        promise(free_of_address_1_is_refused),
        promise(free_of_the_lowest_addresses_is_refused),
        promise(free_of_a_stack_address_is_refused),
        promise(free_of_the_stack_s_reservation_is_refused),
        promise(free_of_another_thread_s_stack_address_is_refused),
        promise(free_of_a_global_is_refused),
        promise(free_of_code_is_refused),
        promise(free_of_an_image_base_is_refused),
        promise(free_of_a_process_heap_block_is_refused),
        promise(free_of_the_process_heap_itself_is_refused),
        promise(free_of_raw_committed_memory_is_refused),
        promise(free_of_raw_reserved_memory_is_refused),
        promise(free_of_raw_memory_committed_through_the_manager_is_refused),
        promise(free_of_a_mapped_view_is_refused),
        promise(free_of_a_mapped_view_that_was_told_is_refused),
        promise(free_of_a_kernel_address_is_refused),
        promise(free_of_an_unmapped_address_is_refused),
        promise(free_of_the_process_s_own_blocks_is_refused),
        promise(free_of_the_manager_s_own_bookkeeping_is_refused),
        promise(free_of_another_manager_s_region_is_refused),
        promise(free_of_a_freed_region_is_refused),
        promise(free_of_a_freed_region_that_was_huge_is_refused),
        promise(free_of_a_freed_region_that_is_raw_memory_now_is_refused),
        promise(free_of_a_freed_region_that_is_another_manager_s_now_is_refused),
        promise(free_beyond_a_smaller_region_that_took_a_freed_one_s_place_is_refused),
        promise(only_the_first_of_two_frees_of_a_region_succeeds),
        promise(VirtualFree_of_a_heap_s_block_is_refused),
        promise(release_of_an_interior_address_fails_as_win32_does),
        promise(release_of_an_interior_address_of_a_huge_region_fails_as_win32_does),
        promise(decommit_of_size_0_at_an_interior_address_fails_as_win32_does),
        promise(free_one_past_the_end_is_refused),
        promise(free_one_before_the_beginning_is_refused),
        promise(decommit_that_begins_inside_and_ends_outside_is_refused),
        promise(decommit_that_wraps_round_the_address_space_is_refused),
        promise(decommit_that_begins_before_and_ends_inside_is_refused),
        promise(decommit_over_two_neighbouring_regions_is_refused),
        promise(an_owner_s_release_with_a_size_is_E_INVALIDARG),
        promise(an_owner_s_free_of_a_bad_type_is_E_INVALIDARG),
        promise(free_of_wild_pointers_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
