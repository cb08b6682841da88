/*
 * full_books.c: see full_books.h.
 */
#include "full_books.h"

#include "heaps.h"
#include "notes.h"

static void make_regions(struct full_books *full)
{
    const struct subject *subject = &full->subject;
    void *refused = SOMETHING;

    full->regions[0] = subject_alloc(subject, 200 << 20, MEM_RESERVE, PAGE_READWRITE);
    full->regions[1] = subject_alloc(subject, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    full->regions[2] = subject_alloc(subject, 3 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    full->regions[3] = subject_alloc(subject, 5 * GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY);
    subject_alloc_at(subject, (char *)full->regions[0] + (100 << 20), 70 * PAGE, MEM_COMMIT,
                     PAGE_READWRITE);
    assert_succeeds(IHostMemoryManager_VirtualFree(
        subject->manager, (char *)full->regions[0] + (100 << 20) + PAGE, PAGE, MEM_DECOMMIT));
    assert_true(IHostMemoryManager_VirtualAlloc(subject->manager, NULL, 256 << 20,
                                                MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE,
                                                eTaskCritical, &refused) != S_OK);
    for (unsigned i = 0; i < 5; i++)
        assert_succeeds(IHostMemoryManager_AcquiredVirtualAddressSpace(
            subject->manager, range_address(i), (i + 1) * PAGE));
    assert_succeeds(
        IHostMemoryManager_ReleasedVirtualAddressSpace(subject->manager, range_address(2)));
}

static void *make_block(IHostMalloc *heap, unsigned i)
{
    SIZE_T size = i % 10 == 0 ? 40000 + 1000 * i : 7 * i % 3000;
    char name[] = "source 0.c";

    name[7] = (char)('0' + i % 7);
    return i % 3 == 0 ? debug_block(heap, size, name, (int)i) : heap_block(heap, size);
}

static void make_blocks(struct full_books *full, unsigned number)
{
    IHostMalloc *heap = full->heaps[number];

    for (unsigned i = 0; i < COUNT_OF(full->blocks[number]); i++)
        full->blocks[number][i] = make_block(heap, i);
    for (unsigned i = 0; i < COUNT_OF(full->blocks[number]); i += 4) {
        assert_succeeds(IHostMalloc_Free(heap, full->blocks[number][i]));
        assert_hresult(IHostMalloc_Free(heap, full->blocks[number][i]), HOST_E_INVALIDOPERATION);
        full->blocks[number][i] = NULL;
    }
}

void full_books_make(struct full_books *full, const struct shared_section *section, DWORD flags)
{
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits),
                             .LowPercent = 80,
                             .HighPercent = 60,
                             .Committed = {.Limit = 128 << 20, .AppDomainReserve = 1 << 20}};
    HOSTMEM_OPTIONS options = options_in(section, flags);

    options.pLimits = &limits;
    full->subject = subject_make(&options);
    make_regions(full);
    assert_succeeds(IHostMemoryManager_CreateMalloc(full->subject.manager, 0, &full->heaps[0]));
    assert_succeeds(
        IHostMemoryManager_CreateMalloc(full->subject.manager, MALLOC_EXECUTABLE, &full->heaps[1]));
    for (unsigned number = 0; number < COUNT_OF(full->heaps); number++)
        make_blocks(full, number);
    assert_succeeds(
        IHostMemInspection_SetRedirectedLevel(full->subject.inspection, eAppDomainCritical));
}

void full_books_end(struct full_books *full)
{
    for (unsigned number = 0; number < COUNT_OF(full->heaps); number++)
        IHostMalloc_Release(full->heaps[number]);
    for (unsigned i = 0; i < COUNT_OF(full->regions); i++)
        subject_release(&full->subject, full->regions[i]);
    subject_end(&full->subject);
}
