/*
 * checked.c: see checked.h.
 */
#include "checked.h"

#include "heap_world.h"

static struct world *world;
static uint32_t heap_flags;
static struct heap *heap; /* made when it is needed: the other operations run without it */

void checked_set_up(struct world *the_world, unsigned flags)
{
    world = the_world;
    heap_flags = flags;
}

static void make_heap(void)
{
    heap = heap_create(begin_heap_space(world, heap_flags), false);
    assert_non_null(heap);
}

void checked_bytes(unsigned size, unsigned count)
{
    uint64_t books, committed;

    make_heap();
    books = gauge_now(&world->counters.metadata);
    committed = gauge_now(&world->pages.budget.committed.granted);
    for (unsigned i = 0; i < count; i++) {
        void *memory;

        assert_int_equal(try_block(heap, size, NULL, 0, &memory), PAGES_OK);
    }
    books = gauge_now(&world->counters.metadata) - books;
    committed = gauge_now(&world->pages.budget.committed.granted) - committed;
    printf("%.0f + %.0f\n", (double)committed / count, (double)books / count);
}

void small_checked(struct stage *stage)
{
    void *memory;

    (void)stage;
    if (!heap)
        make_heap();
    assert_int_equal(try_block(heap, 100, NULL, 0, &memory), PAGES_OK);
    assert_int_equal(heap_free(heap, memory), PAGES_OK);
}
