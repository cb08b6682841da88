/*
 * test_list.c: a list that grows (src/base/list.h), and what happens to it without memory.
 */
#include "support.h"

#include "base/list.h"

#include <string.h>

enum {
    MANY = 1000 /* several times the list outgrows its memory */
};

/* A size that no alignment divides. */
struct item {
    unsigned char bytes[7];
};

static struct arena arena;

static struct item make_item(unsigned number)
{
    struct item item = {{0}};

    memcpy(item.bytes, &number, sizeof(number));
    item.bytes[6] = (unsigned char)(number * 31);
    return item;
}

static void a_list_keeps_its_items_while_it_grows(void **state)
{
    struct list list = {.arena = &arena, .item_size = sizeof(struct item)};
    const struct item *items;
    size_t capacities = 0;

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        const struct item item = make_item(i);
        size_t capacity = list.capacity;

        assert_true(list_add(&list, &item));
        capacities += list.capacity != capacity;
        assert_figure(list.count, i + 1);
        assert_at_least(list.capacity, list.count);
    }
    assert_at_least(capacities, 4);
    items = list.items;
    for (unsigned i = 0; i < MANY; i++) {
        const struct item item = make_item(i);

        assert_memory_equal(&items[i], &item, sizeof(item));
    }
}

/* For items of this size even the first array has more bytes than there are. */
static void without_memory_the_list_is_as_it_was(void **state)
{
    struct list list = {.arena = &arena, .item_size = SIZE_MAX / 64};
    const struct item item = make_item(1);

    (void)state;
    assert_false(list_add(&list, &item));
    assert_figure(list.count, 0);
    assert_figure(list.capacity, 0);
    assert_null(list.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_keeps_its_items_while_it_grows),
        cmocka_unit_test(without_memory_the_list_is_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
