/*
 * checked.c: see checked.h.
 */
#include "checked.h"

#include "heap_world.h"

static struct world *world;
static struct heap *heap; /* made when it is needed: the other operations run without it */

void checked_set_up(struct world *the_world)
{
    world = the_world;
}

void small_checked(struct stage *stage)
{
    void *memory;

    (void)stage;
    if (!heap)
        heap = heap_create(begin_heap_space(world, HEAP_FILL_ON_ALLOC | HEAP_FILL_ON_FREE), false);
    assert_int_equal(try_block(heap, 100, NULL, 0, &memory), PAGES_OK);
    assert_int_equal(heap_free(heap, memory), PAGES_OK);
}
