/*
 * test_report_json_heap.c: what the report for machines says about heaps and their blocks
 * (src/report/report_json_heap.h).
 */
#include "support.h"

#include "json_expect.h"
#include "report/report_json_heap.h"

static int begin(void **state)
{
    (void)state;
    json_expect_begin();
    return 0;
}

static void refused_blocks_are_told_by_reason(void **state)
{
    const HOSTMEM_STATISTICS statistics = {.RefusedBlocks = {[HostMemRefusedForeign] = 1,
                                                             [HostMemRefusedInterior] = 2,
                                                             [HostMemRefusedMisaligned] = 3,
                                                             [HostMemRefusedFreed] = 4,
                                                             [HostMemRefusedOtherHeap] = 5}};

    (void)state;
    json_expect(report_json_refused_blocks(&statistics),
                "{'foreign': 1, 'interior': 2, 'misaligned': 3, 'freed': 4, 'other_heap': 5}");
}

static void a_heap_is_told_with_its_own_size_classes(void **state)
{
    const HOSTMEM_HEAP heap = {.Number = 7,
                               .Executable = TRUE,
                               .Blocks = {10, 11},
                               .BlockBytes = {20, 21},
                               .SlabBytes = {30, 31},
                               .LargeBlocks = {40, 41},
                               .LargeBytes = {50, 51},
                               .SpareBytes = 60,
                               .SpareLargeBytes = 65,
                               .Kind = HostMemHeapOfModule,
                               .Handle = (const void *)0x70000,
                               .Allocations = 61,
                               .AllocatedBytes = 62,
                               .Frees = 63,
                               .FreedBytes = 64};
    const struct heap_size_class classes[] = {{.heap = 6, .size_class = {.BlockSize = 16}},
                                              {.heap = 7,
                                               .size_class = {.BlockSize = 32,
                                                              .SmallestRequest = 17,
                                                              .LargestRequest = 31,
                                                              .Tracked = TRUE,
                                                              .BlocksPerSlab = 100,
                                                              .Slabs = 2,
                                                              .Blocks = 150,
                                                              .BlockBytes = 4000}},
                                              {.heap = 8, .size_class = {.BlockSize = 48}}};
    static const char *const module = "ucrtbase.dll";
    const struct snapshot snapshot = {.heaps = &heap,
                                      .heap_count = 1,
                                      .heap_modules = &module,
                                      .size_classes = classes,
                                      .size_class_count = COUNT_OF(classes)};

    (void)state;
    json_expect(report_json_heaps(&snapshot),
                "[{'number': 7, 'of': 'module', 'module': 'ucrtbase.dll', 'handle': '0x70000',"
                "  'executable': true, 'blocks': {'now': 10, 'peak': 11},"
                "  'block_bytes': {'now': 20, 'peak': 21}, 'slab_bytes': {'now': 30, 'peak': 31},"
                "  'large_blocks': {'now': 40, 'peak': 41}, 'large_bytes': {'now': 50, 'peak': 51},"
                "  'spare_bytes': 60, 'spare_large_bytes': 65, 'allocations': 61, "
                "'allocated_bytes': 62, 'frees': 63,"
                "  'freed_bytes': 64,"
                "  'size_classes': [{'block_size': 32, 'smallest_request': 17,"
                "   'largest_request': 31, 'tracked': true, 'blocks_per_slab': 100, 'slabs': 2,"
                "   'blocks': 150, 'block_bytes': 4000}]}]");
}

static void nothing_is_an_empty_array(void **state)
{
    const struct snapshot snapshot = {.heap_count = 0};

    (void)state;
    json_expect(report_json_heaps(&snapshot), "[]");
    json_expect(report_json_live_blocks(&snapshot), "[]");
    json_expect(report_json_damaged_blocks(&snapshot), "[]");
}

static void live_blocks_are_told_by_origin(void **state)
{
    const struct live_block_group groups[] = {{"heap.cpp:12", 3, 4000}, {"a.dll+0x12", 2, 50}};
    const struct snapshot snapshot = {.live_block_groups = groups,
                                      .live_block_group_count = COUNT_OF(groups)};

    (void)state;
    json_expect(report_json_live_blocks(&snapshot),
                "[{'origin': 'heap.cpp:12', 'blocks': 3, 'bytes': 4000},"
                " {'origin': 'a.dll+0x12', 'blocks': 2, 'bytes': 50}]");
}

static void a_damaged_block_is_told_with_its_origin(void **state)
{
    const struct damaged_block block = {.kind = HostMemDamageAfterFree,
                                        .address = 0x12345,
                                        .block = 0x12340,
                                        .size = 1000,
                                        .heap = 3,
                                        .allocated_by = 7,
                                        .freed_by = 8,
                                        .sequence = 9,
                                        .origin = "heap.cpp:12"};
    const struct snapshot snapshot = {.damaged_blocks = &block, .damaged_block_count = 1};

    (void)state;
    json_expect(report_json_damaged_blocks(&snapshot),
                "[{'kind': 'after_free', 'address': '0x12345', 'block': '0x12340', 'offset': 5, "
                "'size': 1000, 'heap': 3,"
                " 'origin': 'heap.cpp:12', 'thread': 7, 'freed_by': 8, 'sequence': 9}]");
}

static void a_write_before_a_block_has_a_negative_offset(void **state)
{
    const struct damaged_block blocks[] = {
        {.kind = HostMemDamageBefore, .address = 0x12338, .block = 0x12340, .origin = "a"},
        {.kind = HostMemDamageBehind, .address = 0x12344, .block = 0x12340, .origin = "a"}};
    const struct snapshot snapshot = {.damaged_blocks = blocks, .damaged_block_count = 2};
    json_t *told = report_json_damaged_blocks(&snapshot);

    (void)state;
    json_expect(json_object_get(json_array_get(told, 0), "kind"), "'before'");
    json_expect(json_object_get(json_array_get(told, 0), "offset"), "-8");
    json_expect(json_object_get(json_array_get(told, 1), "kind"), "'behind'");
    json_expect(json_object_get(json_array_get(told, 1), "offset"), "4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(refused_blocks_are_told_by_reason, begin),
        cmocka_unit_test_setup(a_heap_is_told_with_its_own_size_classes, begin),
        cmocka_unit_test_setup(nothing_is_an_empty_array, begin),
        cmocka_unit_test_setup(live_blocks_are_told_by_origin, begin),
        cmocka_unit_test_setup(a_damaged_block_is_told_with_its_origin, begin),
        cmocka_unit_test_setup(a_write_before_a_block_has_a_negative_offset, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
