/*
 * support.c: see support.h.
 */
#include <initguid.h>

#include "support.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const EMemoryCriticalLevel no_levels[4] = {(EMemoryCriticalLevel)3, (EMemoryCriticalLevel)4,
                                           (EMemoryCriticalLevel)0x7fffffff,
                                           (EMemoryCriticalLevel)-1};

/* ------------------------------------------------------------------------------------------------
 * Assertions
 * --------------------------------------------------------------------------------------------- */

/* ": about", or nothing. */
static const char *separator(const char *about)
{
    return *about ? ": " : "";
}

void check_hresult(HRESULT actual, HRESULT expected, const char *call, const char *about,
                   const char *file, int line)
{
    if (actual == expected)
        return;
    print_error("%s%s%s\n    returned 0x%08lx, expected 0x%08lx\n", about, separator(about), call,
                (unsigned long)actual, (unsigned long)expected);
    _fail(file, line);
}

HRESULT hresult_of_error(DWORD error)
{
    switch (error) {
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_PAGEFILE_QUOTA:
    case ERROR_WORKING_SET_QUOTA:
    case ERROR_NO_SYSTEM_RESOURCES:
        return E_OUTOFMEMORY;
    default:
        return HRESULT_FROM_WIN32(error);
    }
}

void check_figure(ULONGLONG actual, ULONGLONG expected, const char *what, const char *about,
                  const char *file, int line)
{
    if (actual == expected)
        return;
    print_error("%s%s%s\n    is %" PRIu64 " (0x%" PRIx64 "), expected %" PRIu64 " (0x%" PRIx64
                ")\n",
                about, separator(about), what, (uint64_t)actual, (uint64_t)actual,
                (uint64_t)expected, (uint64_t)expected);
    _fail(file, line);
}

void check_bounds(ULONGLONG actual, ULONGLONG least, ULONGLONG most, const char *what,
                  const char *file, int line)
{
    if (actual >= least && actual <= most)
        return;
    print_error("%s\n    is %" PRIu64 ", expected %" PRIu64 " to %" PRIu64 "\n", what,
                (uint64_t)actual, (uint64_t)least, (uint64_t)most);
    _fail(file, line);
}

/* ------------------------------------------------------------------------------------------------
 * A manager under test
 * --------------------------------------------------------------------------------------------- */

struct subject subject_make(const HOSTMEM_OPTIONS *options)
{
    struct subject subject = {NULL, NULL};

    assert_hresult(HostMemCreateManager(options, &subject.manager), S_OK);
    assert_non_null(subject.manager);
    assert_hresult(IHostMemoryManager_QueryInterface(subject.manager, &IID_IHostMemInspection,
                                                     (void **)&subject.inspection),
                   S_OK);
    assert_non_null(subject.inspection);
    return subject;
}

void subject_end(struct subject *subject)
{
    IHostMemInspection_Release(subject->inspection);
    IHostMemoryManager_Release(subject->manager);
    *subject = (struct subject){NULL, NULL};
}

int subject_set_up(void **state)
{
    struct subject *subject = malloc(sizeof(struct subject));

    if (!subject)
        return -1;
    *subject = subject_make(NULL);
    *state = subject;
    return 0;
}

int subject_tear_down(void **state)
{
    struct subject *subject = *state;

    assert_clean_audit_of("after the test", subject);
    subject_end(subject);
    free(subject);
    return 0;
}

HOSTMEM_STATISTICS statistics_of(const struct subject *subject)
{
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(HOSTMEM_STATISTICS)};

    assert_hresult(IHostMemInspection_GetStatistics(subject->inspection, &statistics), S_OK);
    return statistics;
}

void check_same_books(const HOSTMEM_STATISTICS *before, const HOSTMEM_STATISTICS *after,
                      const char *about, const char *file, int line)
{
#define CHECK(field) check_figure(after->field, before->field, #field, about, file, line)
    CHECK(Status);
    CHECK(Reserved.Now);
    CHECK(Committed.Now);
    CHECK(Regions.Now);
    CHECK(Mapped.Now);
    CHECK(MappedRanges.Now);
    CHECK(Heaps.Now);
    CHECK(Blocks.Now);
    CHECK(BlockBytes.Now);
    CHECK(PassedFrees);
#undef CHECK
}

static HRESULT CALLBACK note_first_difference(void *context, const HOSTMEM_DIFFERENCE *difference)
{
    HOSTMEM_DIFFERENCE *first = context;

    if (!first->Kind)
        *first = *difference;
    return S_OK;
}

void check_clean_audit(const struct subject *subject, const char *about, const char *file, int line)
{
    HOSTMEM_AUDIT audit = {.cbSize = sizeof(HOSTMEM_AUDIT)};
    HOSTMEM_DIFFERENCE first = {0};
    HRESULT hr =
        IHostMemInspection_Audit(subject->inspection, &audit, note_first_difference, &first);

    if (hr == S_OK && audit.Differences == 0 && audit.Busy == 0 && audit.TotalsCompared)
        return;
    print_error("%s%sthe audit returned 0x%08lx: %" PRIu64 " differences, %" PRIu64
                " regions busy, totals %scompared\n"
                "    first: kind %d at %p, %" PRIu64 " by the books, %" PRIu64
                " by the system, region %p\n",
                about, separator(about), (unsigned long)hr, (uint64_t)audit.Differences,
                (uint64_t)audit.Busy, audit.TotalsCompared ? "" : "not ", (int)first.Kind,
                first.Address, (uint64_t)first.Books, (uint64_t)first.System, first.Region.Base);
    _fail(file, line);
}

void check_no_trace(const struct subject *subject, const HOSTMEM_STATISTICS *before,
                    const char *file, int line)
{
    HOSTMEM_STATISTICS after = statistics_of(subject);

    check_same_books(before, &after, "", file, line);
    check_figure(after.Reserved.Peak, before->Reserved.Peak, "Reserved.Peak", "", file, line);
    check_figure(after.Committed.Peak, before->Committed.Peak, "Committed.Peak", "", file, line);
    check_figure(after.Regions.Peak, before->Regions.Peak, "Regions.Peak", "", file, line);
    check_clean_audit(subject, "", file, line);
}

void assert_empty_books(const struct subject *subject)
{
    HOSTMEM_STATISTICS statistics = statistics_of(subject);

    assert_clean_audit(subject);
    assert_figure(statistics.Reserved.Now, 0);
    assert_figure(statistics.Committed.Now, 0);
    assert_figure(statistics.Regions.Now, 0);
    assert_figure(statistics.Mapped.Now, 0);
    assert_figure(statistics.MappedRanges.Now, 0);
    assert_figure(statistics.Blocks.Now, 0);
    assert_figure(statistics.BlockBytes.Now, 0);
    assert_figure(statistics.SlabBytes.Now, 0);
}

void *subject_alloc_at(const struct subject *subject, void *address, SIZE_T size, DWORD type,
                       DWORD protect)
{
    void *memory = NULL;

    assert_hresult(IHostMemoryManager_VirtualAlloc(subject->manager, address, size, type, protect,
                                                   eTaskCritical, &memory),
                   S_OK);
    assert_non_null(memory);
    return memory;
}

void *subject_alloc(const struct subject *subject, SIZE_T size, DWORD type, DWORD protect)
{
    return subject_alloc_at(subject, NULL, size, type, protect);
}

IHostMalloc *subject_heap(const struct subject *subject)
{
    IHostMalloc *heap = NULL;

    assert_hresult(IHostMemoryManager_CreateMalloc(subject->manager, MALLOC_THREADSAFE, &heap),
                   S_OK);
    assert_non_null(heap);
    return heap;
}

IHostControl *make_control(IHostMemoryManager *manager, IHostControl *inner)
{
    IHostControl *control = NULL;

    assert_hresult(HostMemCreateHostControl(manager, inner, &control), S_OK);
    assert_non_null(control);
    return control;
}

ULONG references_of(void *object)
{
    IUnknown_AddRef((IUnknown *)object);
    return IUnknown_Release((IUnknown *)object);
}

void *heap_block(IHostMalloc *heap, SIZE_T size)
{
    void *block = NULL;

    assert_hresult(IHostMalloc_Alloc(heap, size, eTaskCritical, &block), S_OK);
    assert_non_null(block);
    return block;
}

void subject_release(const struct subject *subject, void *base)
{
    assert_hresult(IHostMemoryManager_VirtualFree(subject->manager, base, 0, MEM_RELEASE), S_OK);
}

/* ------------------------------------------------------------------------------------------------
 * Memory as Windows sees it
 * --------------------------------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t digest(const unsigned char *bytes, SIZE_T count)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (SIZE_T i = 0; i < count; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

struct memory_image memory_image_of(void *address, SIZE_T extent)
{
    struct memory_image image = {.address = address, .extent = extent};

    image.known = VirtualQuery(address, &image.information, sizeof(image.information));
    image.digest = digest(address, extent);
    return image;
}

void check_unchanged(const struct memory_image *image, const char *about, const char *file,
                     int line)
{
    struct memory_image now = memory_image_of(image->address, image->extent);
    const MEMORY_BASIC_INFORMATION *was = &image->information, *is = &now.information;

#define CHECK(what, actual, expected)                                                              \
    check_figure((uintptr_t)(actual), (uintptr_t)(expected), what, about, file, line)
    CHECK("what VirtualQuery returns", now.known, image->known);
    if (image->known) {
        CHECK("BaseAddress", is->BaseAddress, was->BaseAddress);
        CHECK("AllocationBase", is->AllocationBase, was->AllocationBase);
        CHECK("AllocationProtect", is->AllocationProtect, was->AllocationProtect);
        CHECK("RegionSize", is->RegionSize, was->RegionSize);
        CHECK("State", is->State, was->State);
        CHECK("Protect", is->Protect, was->Protect);
        CHECK("Type", is->Type, was->Type);
    }
#undef CHECK
    check_figure(now.digest, image->digest, "the digest of the contents", about, file, line);
}

struct memory_sum memory_sum_of_process(void)
{
    struct memory_sum sum = {0, 0, 0};
    MEMORY_BASIC_INFORMATION range;
    uintptr_t at = 0, next = 0;

    do {
        at = next;
        if (!VirtualQuery((void *)at, &range, sizeof(range)))
            break;
        next = (uintptr_t)range.BaseAddress + range.RegionSize;
        if (range.State == MEM_FREE || range.Type != MEM_PRIVATE)
            continue;
        sum.reserved += range.RegionSize;
        if (range.State == MEM_COMMIT)
            sum.committed += range.RegionSize;
        if (range.AllocationBase == range.BaseAddress)
            sum.reservations++;
    } while (next > at);
    return sum;
}

DWORD memory_state(const void *address)
{
    MEMORY_BASIC_INFORMATION range;

    return VirtualQuery(address, &range, sizeof(range)) ? range.State : 0;
}

DWORD memory_protection(const void *address)
{
    MEMORY_BASIC_INFORMATION range;

    return VirtualQuery(address, &range, sizeof(range)) && range.State == MEM_COMMIT ? range.Protect
                                                                                     : 0;
}

/* ------------------------------------------------------------------------------------------------
 * Threads and chance
 * --------------------------------------------------------------------------------------------- */

void threads_start(struct threads *threads, unsigned count, LPTHREAD_START_ROUTINE routine,
                   void *contexts, size_t context_size)
{
    assert_true(count <= MOST_THREADS);
    threads->count = count;
    for (unsigned i = 0; i < count; i++) {
        threads->handles[i] =
            CreateThread(NULL, 0, routine, (char *)contexts + i * context_size, 0, NULL);
        assert_non_null(threads->handles[i]);
    }
}

void threads_join(struct threads *threads)
{
    WaitForMultipleObjects(threads->count, threads->handles, TRUE, INFINITE);
    for (unsigned i = 0; i < threads->count; i++)
        CloseHandle(threads->handles[i]);
    threads->count = 0;
}

uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

bool is_long_form(void)
{
    return getenv("HOSTMEM_TEST_LONG") != NULL;
}
