/*
 * operations.c: the core's main operations, for callgrind to count their instructions.
 *
 * Usage: instruction_operations [OPERATION [FLAGS]]
 *        instruction_operations bytes FLAGS SIZE COUNT
 *
 * Without an operation, prints the names of all. FLAGS are those of HOSTMEM_OPTIONS.dwFlags, a
 * number, for the heap of small_checked. `bytes` prints what so many live blocks of that size have
 * committed, for each: the heap's memory, and the books.
 *
 * The operation runs WARM times first, and then TIMES times inside the function `measured`, which
 * is all that callgrind counts (--toggle-collect). The system is the emulation of tests/os_posix:
 * instructions.cmake counts the functions of src/ alone.
 */
#include "checked.h"
#include "heap_world.h"

#include "heap/heap_fast_path.h"

#include <stdarg.h>

#define WARM 100
#define TIMES 100

#define OUT_OF_LINE __attribute__((noinline, noclone))

struct stage {
    struct world world;
    struct heap_space *space;
    struct heap_space *tracking; /* keeps every block's history */
    struct heap *heap;
    struct heap *tracked_heap;
    char *region; /* reserved */
    char *regions[64];
};

void assertion_failed(const struct assertion *assertion, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%d: %s: ", assertion->file, assertion->line, assertion->text);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

/* ------------------------------------------------------------------------------------------------
 * The operations
 * --------------------------------------------------------------------------------------------- */

/* The code that the COM methods inline (host_malloc.c). */
static void small_fast(struct stage *stage)
{
    void *memory;

    if (!heap_fast_alloc(stage->heap, 100, &memory) || !heap_fast_free(stage->heap, memory))
        exit(1);
}

static void small_slow(struct stage *stage)
{
    void *memory;

    assert_int_equal(try_block(stage->heap, 100, NULL, 0, &memory), PAGES_OK);
    assert_int_equal(heap_free(stage->heap, memory), PAGES_OK);
}

static void small_tracked(struct stage *stage)
{
    void *memory;

    assert_int_equal(try_block(stage->tracked_heap, 100, NULL, 0, &memory), PAGES_OK);
    assert_int_equal(heap_free(stage->tracked_heap, memory), PAGES_OK);
}

static void large_block(struct stage *stage)
{
    void *memory;

    assert_int_equal(try_block(stage->heap, 400000, NULL, 0, &memory), PAGES_OK);
    assert_int_equal(heap_free(stage->heap, memory), PAGES_OK);
}

static void reserve_release(struct stage *stage)
{
    release(&stage->world, alloc(&stage->world, NULL, GRANULE, RESERVE_COMMIT));
}

static void commit_decommit(struct stage *stage)
{
    commit(&stage->world, stage->region, GRANULE);
    decommit(&stage->world, stage->region, GRANULE);
}

static void find_region(struct stage *stage)
{
    struct region_facts facts;
    size_t committed;

    assert_true(pages_find(&stage->world.pages, stage->regions[37] + 5000, &facts, &committed));
}

static void budget_refusal(struct stage *stage)
{
    char *memory;

    assert_int_equal(try_alloc(&stage->world, NULL, (size_t)1 << 40, RESERVE_COMMIT, &memory),
                     PAGES_REFUSED);
}

static const struct operation {
    const char *name;
    void (*run)(struct stage *stage);
} operations[] = {
    {"small_fast", small_fast},           {"small_slow", small_slow},
    {"small_tracked", small_tracked},     {"large_block", large_block},
    {"reserve_release", reserve_release}, {"commit_decommit", commit_decommit},
    {"find_region", find_region},         {"budget_refusal", budget_refusal},
    {"small_checked", small_checked},
};

/* ------------------------------------------------------------------------------------------------
 * The stage
 * --------------------------------------------------------------------------------------------- */

static void set_up(struct stage *stage, const char *flags)
{
    struct budget_limit limit = {.limit = (uint64_t)1 << 36};
    void *kept;

    assert_true(make_pages(&stage->world));
    stage->space = begin_heap_space(&stage->world, 0);
    stage->heap = heap_create(stage->space, false);
    stage->tracking = begin_heap_space(&stage->world, HEAP_TRACK_BLOCKS);
    stage->tracked_heap = heap_create(stage->tracking, false);
    assert_true(stage->heap && stage->tracked_heap);
    checked_set_up(&stage->world, flags ? (uint32_t)strtoul(flags, NULL, 0)
                                        : HEAP_FILL_ON_ALLOC | HEAP_FILL_ON_FREE);
    stage->region = reserve(&stage->world, 16 * GRANULE);
    for (size_t i = 0; i < COUNT_OF(stage->regions); i++)
        stage->regions[i] = reserve(&stage->world, GRANULE);
    budget_set_limit(&stage->world.pages.budget.committed, &limit);
    /*
     * The fast path works only after the slow path has chosen a slab for allocating and one for
     * freeing.
     */
    assert_int_equal(try_block(stage->heap, 100, NULL, 0, &kept), PAGES_OK);
    small_slow(stage);
}

OUT_OF_LINE void measured(const struct operation *operation, struct stage *stage);

void measured(const struct operation *operation, struct stage *stage)
{
    for (unsigned i = 0; i < TIMES; i++)
        operation->run(stage);
}

int main(int argc, char **argv)
{
    struct stage *stage = zeroed(sizeof(struct stage));

    set_up(stage, argc > 2 ? argv[2] : NULL);
    if (argc == 5 && strcmp(argv[1], "bytes") == 0) {
        checked_bytes((unsigned)strtoul(argv[3], NULL, 0), (unsigned)strtoul(argv[4], NULL, 0));
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(operations); i++) {
        if (argc < 2 || argc > 3 || strcmp(argv[1], operations[i].name) != 0)
            continue;
        for (unsigned j = 0; j < WARM; j++)
            operations[i].run(stage);
        measured(&operations[i], stage);
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(operations); i++)
        puts(operations[i].name);
    return argc == 1 ? 0 : 2;
}
