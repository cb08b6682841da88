/*
 * test_read_books_faults.c: whichever request for memory fails, reading books or making a manager
 * in a section is E_OUTOFMEMORY and leaves nothing behind. And damage of kinds that chance seldom
 * brings: circles of pointers, and figures beyond what there is.
 */
#include "full_books.h"

#include "heap/heap_counters.h"
#include "hosting/manager.h"
#include "os/os_fault.h"

#include <string.h>

#define NO_BOOKS HRESULT_FROM_WIN32(ERROR_INVALID_DATA)

static struct shared_section section;
static struct full_books full;

static int set_up(void **state)
{
    (void)state;
    section = section_make(SEC_RESERVE, HostMemGetBooksSize());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    os_fault_at(OS_FAULT_METADATA, 0);
    section_end(&section);
    return 0;
}

#define in_section(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* ------------------------------------------------------------------------------------------------
 * A want of memory
 * --------------------------------------------------------------------------------------------- */

static void any_failing_request_while_books_are_read_leaves_no_trace(void **state)
{
    struct memory_sum before, after;
    unsigned failed = 0;
    HRESULT hr;

    (void)state;
    full_books_make(&full, &section, HOSTMEM_TRACK_BLOCKS);
    before = memory_sum_of_process();
    do {
        IHostMemInspection *books = SOMETHING;

        os_fault_at(OS_FAULT_METADATA, failed + 1);
        hr = HostMemReadBooks(section.reading, section.size, &books);
        os_fault_at(OS_FAULT_METADATA, 0);
        if (hr == S_OK) {
            IHostMemInspection_Release(books);
        } else {
            failed++;
            assert_hresult(hr, E_OUTOFMEMORY);
            assert_address(books, NULL);
        }
        after = memory_sum_of_process();
        assert_figure(after.reserved, before.reserved);
        assert_figure(after.committed, before.committed);
    } while (hr != S_OK);
    print_message("%u requests, each failed in turn\n", failed);
    assert_at_least(failed, 10);
    full_books_end(&full);
}

static void any_failing_request_of_a_manager_in_a_section_leaves_it_empty(void **state)
{
    HOSTMEM_OPTIONS options = options_in(&section, 0);
    unsigned failed = 0;
    HRESULT hr;

    (void)state;
    do {
        IHostMemoryManager *manager = SOMETHING;

        os_fault_at(OS_FAULT_METADATA, failed + 1);
        hr = HostMemCreateManager(&options, &manager);
        os_fault_at(OS_FAULT_METADATA, 0);
        if (hr == S_OK) {
            IHostMemoryManager_Release(manager);
        } else {
            failed++;
            assert_hresult(hr, E_OUTOFMEMORY);
            assert_address(manager, NULL);
            if (memory_state(section.writing) == MEM_COMMIT)
                assert_figure(((struct books_header *)section.writing)->state, 0);
        }
    } while (hr != S_OK);
    assert_at_least(failed, 2);
}

/* ------------------------------------------------------------------------------------------------
 * Damage
 * --------------------------------------------------------------------------------------------- */

static struct manager *writers(void)
{
    return (struct manager *)section.writing;
}

static void assert_unreadable(const char *about)
{
    IHostMemInspection *books = SOMETHING;

    assert_hresult_of(about, HostMemReadBooks(section.reading, section.size, &books), NO_BOOKS);
    assert_address_of(about, books, NULL);
}

/* Everything is asked for; the answers do not matter. */
static struct answers read_all(void)
{
    struct subject books = books_of_section(&section);
    struct answers answers = answers_of(books.inspection);

    IHostMemInspection_Release(books.inspection);
    return answers;
}

static void figures_beyond_what_is_there_are_no_books(void **state)
{
    _Atomic uint32_t *figures[5];
    _Atomic size_t *used[2];

    (void)state;
    full_books_make(&full, &section, HOSTMEM_TRACK_BLOCKS);
    figures[0] = &writers()->pages.table.regions.fresh;
    figures[1] = &writers()->pages.table.chunks.chunks.fresh;
    figures[2] = &writers()->heaps.slabs.fresh;
    figures[3] = &writers()->heaps.threads.fresh;
    figures[4] = &writers()->mapped.ranges.fresh;
    used[0] = &writers()->pages.metadata.used;
    used[1] = &writers()->heaps.histories.memory.used;
    for (unsigned i = 0; i < COUNT_OF(figures); i++) {
        uint32_t figure = *figures[i];

        *figures[i] = UINT32_MAX;
        assert_unreadable("the most");
        *figures[i] = 16000;
        assert_unreadable("more than is committed");
        *figures[i] = figure;
    }
    for (unsigned i = 0; i < COUNT_OF(used); i++) {
        size_t figure = *used[i];

        *used[i] = SIZE_MAX;
        assert_unreadable("the most");
        *used[i] = (size_t)8 << 20;
        assert_unreadable("more than is committed");
        *used[i] = figure;
    }
    full_books_end(&full);
}

static void circles_are_not_followed_for_ever(void **state)
{
    struct chunk_directory *directory;
    struct thread_counters *thread;
    struct heap *heap;

    (void)state;
    full_books_make(&full, &section, 0);
    heap = pool_item(&writers()->heaps.heaps, 1);
    thread = heap->threads; /* one thread made all blocks */
    assert_non_null(thread);
    assert_null(thread->next);
    thread->next = thread;
    assert_figure(read_all().heap_count, 2);
    directory = writers()->pages.table.chunks.first;
    directory->next = directory;
    assert_at_least(read_all().region_count, 4);
    directory->next = NULL;
    thread->next = NULL;
    full_books_end(&full);
}

static void a_region_of_the_whole_address_space_costs_no_more_than_its_books(void **state)
{
    struct region *region;
    size_t size;

    (void)state;
    full_books_make(&full, &section, 0);
    region = region_table_find(&writers()->pages.table, (uintptr_t)full.regions[0]);
    size = region->size;
    for (uint32_t shift = 40; shift < 8 * sizeof(size_t); shift++) {
        region->size = (size_t)1 << shift;
        assert_at_least(read_all().region_count, 3);
    }
    region->size = size;
    full_books_end(&full);
}

static void assert_left_out(const char *about, unsigned regions)
{
    assert_figure_of(about, read_all().region_count, regions - 1);
}

static void a_region_that_makes_no_sense_is_left_out(void **state)
{
    struct region *region;
    unsigned regions;

    (void)state;
    full_books_make(&full, &section, 0);
    regions = read_all().region_count;
    region = region_table_find(&writers()->pages.table, (uintptr_t)full.regions[3]);
#define assert_left_out_with(field, wrong)                                                         \
    do {                                                                                           \
        uintptr_t right = (uintptr_t)region->field;                                                \
        region->field = wrong;                                                                     \
        assert_left_out(#field " is " #wrong, regions);                                            \
        region->field = right;                                                                     \
    } while (0)
    assert_left_out_with(critical_level, BUDGET_LEVELS);
    assert_left_out_with(base, right + PAGE);
    assert_left_out_with(size, 0);
    assert_left_out_with(size, right + 1);
    assert_left_out_with(size, 0 - PAGE);
    assert_left_out_with(block, right - 1);
    assert_left_out_with(block, right + region->size);
    assert_left_out_with(requested, region->size + 1);
    assert_left_out_with(heap, writers()->heaps.heap_number + 1);
#undef assert_left_out_with
    assert_figure(read_all().region_count, regions);
    full_books_end(&full);
}

static void a_slab_that_makes_no_sense_is_left_out(void **state)
{
    struct slab *slab;
    unsigned blocks;

    (void)state;
    full_books_make(&full, &section, 0);
    blocks = read_all().block_count;
    slab = heap_slab(&writers()->heaps, 1);
#define assert_left_out_with(field, wrong)                                                         \
    do {                                                                                           \
        uintptr_t right = (uintptr_t)slab->field;                                                  \
        slab->field = wrong;                                                                       \
        assert_between(read_all().block_count, 1, blocks - 1);                                     \
        slab->field = right;                                                                       \
    } while (0)
    assert_left_out_with(base, right + PAGE);
    assert_left_out_with(base, 0);
    assert_left_out_with(heap, writers()->heaps.heap_number + 1);
#undef assert_left_out_with
    assert_figure(read_all().block_count, blocks);
    full_books_end(&full);
}

static void a_slab_without_histories_is_left_out(void **state)
{
    struct slab *slab;
    struct block_history *histories;
    unsigned before;

    (void)state;
    full_books_make(&full, &section, HOSTMEM_TRACK_BLOCKS);
    before = read_all().block_count;
    slab = heap_slab(&writers()->heaps, 1);
    histories = slab->histories;
    slab->histories = NULL;
    assert_between(read_all().block_count, 1, before - 1);
    slab->histories = (struct block_history *)writers()->pages.metadata.span.base;
    assert_between(read_all().block_count, 1, before - 1);
    slab->histories = histories;
    assert_figure(read_all().block_count, before);
    full_books_end(&full);
}

static void a_live_block_whose_history_is_being_written_is_left_out(void **state)
{
    struct slab *slab;
    uint64_t sequence;
    uint32_t index = 0;
    unsigned before;

    (void)state;
    full_books_make(&full, &section, HOSTMEM_TRACK_BLOCKS);
    before = read_all().block_count;
    slab = heap_slab(&writers()->heaps, 1);
    while (!slab->histories[index].sequence ||
           block_life_of(slab->histories[index].life) != BLOCK_WATCHED)
        index++;
    sequence = slab->histories[index].sequence;
    slab->histories[index].sequence = 0;
    assert_figure(read_all().block_count, before - 1);
    slab->histories[index].sequence = sequence;
    assert_figure(read_all().block_count, before);
    full_books_end(&full);
}

static HRESULT CALLBACK note_longest_name(void *context, const HOSTMEM_BLOCK *block)
{
    size_t *longest = context;
    size_t length = block->FileName ? strlen(block->FileName) : 0;

    if (length > *longest)
        *longest = length;
    return S_OK;
}

static void a_file_name_beyond_the_longest_is_left_out(void **state)
{
    char before[2 * STRING_TABLE_LENGTH];
    struct subject books;
    struct region *region;
    char *file;
    size_t longest = 0;

    (void)state;
    full_books_make(&full, &section, 0);
    region = region_table_find(&writers()->pages.table, (uintptr_t)full.blocks[0][30]);
    assert_non_null(region);
    file = (char *)region->file;
    memcpy(before, file, sizeof(before));
    memset(file, 'x', sizeof(before));
    books = books_of_section(&section);
    assert_succeeds(
        IHostMemInspection_EnumBlocks(books.inspection, 0, note_longest_name, &longest));
    assert_between(longest, 0, STRING_TABLE_LENGTH);
    IHostMemInspection_Release(books.inspection);
    memcpy(file, before, sizeof(before));
    full_books_end(&full);
}

static void a_file_name_outside_of_the_books_is_left_out(void **state)
{
    struct subject books;
    HOSTMEM_BLOCK block;
    struct region *region;
    const char *file;

    (void)state;
    full_books_make(&full, &section, 0);
    region = region_table_find(&writers()->pages.table, (uintptr_t)full.blocks[0][30]);
    assert_non_null(region);
    file = region->file;
    books = books_of_section(&section);
    assert_hresult(IHostMemInspection_FindBlock(books.inspection, full.blocks[0][30], &block),
                   S_OK);
    assert_string_equal(block.FileName, file);
    IHostMemInspection_Release(books.inspection);
    region->file = writers()->pages.metadata.span.base + writers()->pages.metadata.used;
    books = books_of_section(&section);
    assert_hresult(IHostMemInspection_FindBlock(books.inspection, full.blocks[0][30], &block),
                   S_OK);
    assert_address(block.FileName, NULL);
    IHostMemInspection_Release(books.inspection);
    region->file = file;
    full_books_end(&full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_section(any_failing_request_while_books_are_read_leaves_no_trace),
        in_section(any_failing_request_of_a_manager_in_a_section_leaves_it_empty),
        in_section(figures_beyond_what_is_there_are_no_books),
        in_section(circles_are_not_followed_for_ever),
        in_section(a_region_of_the_whole_address_space_costs_no_more_than_its_books),
        in_section(a_region_that_makes_no_sense_is_left_out),
        in_section(a_slab_that_makes_no_sense_is_left_out),
        in_section(a_slab_without_histories_is_left_out),
        in_section(a_live_block_whose_history_is_being_written_is_left_out),
        in_section(a_file_name_beyond_the_longest_is_left_out),
        in_section(a_file_name_outside_of_the_books_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
