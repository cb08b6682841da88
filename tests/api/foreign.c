/*
 * foreign.c: see foreign.h.
 */
#include "foreign.h"

const uintptr_t kernel_addresses[6] = {
#ifdef _WIN64
    0x0000800000000000, 0x0001000000000000, 0xffff800000000000,
    0xfffff80000001000, 0xfffffffffffff000, 0xffffffffffffffff,
#else
    0x80000000, 0x80001000, 0xc0000000, 0xffff0000, 0xfffff000, 0xffffffff,
#endif
};

void fill(void *memory, SIZE_T size)
{
    uint64_t random = UINT64_C(0x9e3779b97f4a7c15);

    for (SIZE_T i = 0; i < size; i++)
        ((unsigned char *)memory)[i] = (unsigned char)next_random(&random);
}

void *filled_region(const struct subject *subject, SIZE_T size)
{
    void *region = subject_alloc(subject, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    fill(region, size);
    return region;
}

void *filled_block(IHostMalloc *heap, SIZE_T size)
{
    void *block = heap_block(heap, size);

    fill(block, size);
    return block;
}

void *filled_raw_memory(SIZE_T size)
{
    void *memory = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    assert_non_null(memory);
    fill(memory, size);
    return memory;
}

void *filled_view(HANDLE *mapping)
{
    void *view;

    *mapping = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, VIEW_SIZE, NULL);
    assert_non_null(*mapping);
    view = MapViewOfFile(*mapping, FILE_MAP_WRITE, 0, 0, 0);
    assert_non_null(view);
    fill(view, VIEW_SIZE);
    return view;
}

void end_view(void *view, HANDLE mapping)
{
    assert_true(UnmapViewOfFile(view));
    CloseHandle(mapping);
}

void *unmapped_address(void)
{
    MEMORY_BASIC_INFORMATION range;
    uintptr_t at = 64 * GRANULE;

    while (VirtualQuery((void *)at, &range, sizeof(range))) {
        if (range.State == MEM_FREE && range.RegionSize >= 256 * GRANULE)
            return (char *)range.BaseAddress + range.RegionSize / 2 / GRANULE * GRANULE;
        at = (uintptr_t)range.BaseAddress + range.RegionSize;
    }
    fail_msg("no hole of 16 MiB in the address space");
    return NULL;
}

uintptr_t wild_address(uint64_t *random, uintptr_t around)
{
    uint64_t number = next_random(random);

    switch (next_random(random) % 3) {
    case 0:
        return (uintptr_t)number;
    case 1:
        return (uintptr_t)(number & (UINTPTR_MAX >> (sizeof(void *) == 8 ? 17 : 1)));
    default:
        return around + (uintptr_t)(number % (32 * GRANULE)) - 16 * GRANULE;
    }
}

void check_counted_as_refused(const struct subject *subject, const HOSTMEM_STATISTICS *before,
                              HOSTMEM_METHOD method, const char *about, const char *file, int line)
{
    HOSTMEM_STATISTICS after = statistics_of(subject);
    const HOSTMEM_METHOD_COUNT *was = &before->Methods[method], *is = &after.Methods[method];

    check_same_books(before, &after, about, file, line);
    check_figure(after.RefusedFrees, before->RefusedFrees + 1, "RefusedFrees", about, file, line);
    check_figure(is->Calls, was->Calls + 1, "the method's calls", about, file, line);
    check_figure(is->Failures, was->Failures + 1, "the method's failures", about, file, line);
    check_clean_audit(subject, about, file, line);
}
