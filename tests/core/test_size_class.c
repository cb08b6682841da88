/*
 * test_size_class.c: the arithmetic of size classes, block by block and size by size.
 */
#include "native.h"

#include "slabs/slab.h"

static struct size_classes classes;

static int begin(void **state)
{
    (void)state;
    size_classes_init(&classes, false);
    return 0;
}

static void every_small_request_has_a_plain_class_that_serves_it(void **state)
{
    (void)state;
    for (size_t size = 0; size <= SMALL_LIMIT; size++) {
        uint32_t index = size_class_plain(&classes, size);

        assert_in_range(index, 0, CLASS_PLAIN_COUNT - 1);
        assert_in_range(size, classes.classes[index].smallest, classes.classes[index].largest);
        assert_in_range(size, 0, classes.classes[index].block_size);
        assert_false(classes.classes[index].tracked);
    }
}

static void every_small_request_has_a_tracked_class_that_serves_it(void **state)
{
    (void)state;
    for (size_t size = 0; size <= SMALL_LIMIT; size++) {
        uint32_t index = size_class_tracked(&classes, size);

        assert_in_range(index, CLASS_PLAIN_COUNT, CLASS_COUNT - 1);
        assert_in_range(size, classes.classes[index].smallest, classes.classes[index].largest);
        assert_true(classes.classes[index].tracked);
        assert_in_range(classes.classes[index].blocks, 1, 1024);
    }
}

static void above_128_bytes_at_most_an_eighth_of_a_block_is_wasted(void **state)
{
    (void)state;
    for (size_t size = 129; size <= SMALL_LIMIT; size++) {
        size_t block_size = classes.classes[size_class_plain(&classes, size)].block_size;

        assert_true((block_size - size) * 8 <= block_size);
    }
}

static void blocks_are_aligned_and_fit_into_their_slab(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        const struct size_class *size_class = &classes.classes[i];

        assert_int_equal(size_class->index, i);
        assert_int_equal(size_class->block_size % BLOCK_ALIGNMENT, 0);
        assert_true((size_t)size_class->blocks * size_class->block_size + size_class->margin <=
                    SLAB_SIZE);
        assert_true((size_t)(size_class->blocks + 1) * size_class->block_size + size_class->margin >
                    SLAB_SIZE);
        assert_in_range(size_class->words, 1, SLAB_WORDS);
    }
}

static int begin_with_margins(void **state)
{
    (void)state;
    size_classes_init(&classes, true);
    return 0;
}

static void tracked_classes_with_margins_serve_every_request_up_to_their_limit(void **state)
{
    (void)state;
    assert_int_equal(classes.small_limit, 32736);
    for (size_t size = 0; size <= classes.small_limit; size++) {
        const struct size_class *size_class = &classes.classes[size_class_tracked(&classes, size)];

        assert_in_range(size, size_class->smallest, size_class->largest);
        assert_true(size_class->tracked);
        assert_int_equal(size_class->margin, CLASS_MARGIN);
        assert_int_equal(size_class->largest + CLASS_MARGIN, size_class->block_size);
    }
}

/* A slab holds as many blocks as without margins, or one more; one less of small powers of two. */
static void margins_cost_hardly_any_blocks_of_a_slab(void **state)
{
    static struct size_classes without;

    (void)state;
    size_classes_init(&without, false);
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        const struct size_class *plain = &without.classes[i], *now = &classes.classes[i];
        bool divides = (plain->block_size & (plain->block_size - 1)) == 0;
        bool one_less = plain->tracked && divides && plain->block_size < 1024;

        assert_in_range(now->blocks, plain->blocks - one_less, plain->blocks + plain->tracked);
        assert_int_equal(now->margin, plain->tracked ? CLASS_MARGIN : 0);
    }
}

static void each_block_has_a_field_of_its_own(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        const struct size_class *size_class = &classes.classes[i];
        uint64_t used[SLAB_WORDS] = {0};

        for (uint32_t block = 0; block < size_class->blocks; block++) {
            uint32_t word = size_class_word(size_class, block);
            uint32_t shift = size_class_shift(size_class, block, word);
            uint64_t field = size_class_mask(size_class) << shift;

            assert_in_range(word, 0, size_class->words - 1);
            assert_in_range(shift, 0, 64 - size_class->field_bits);
            assert_int_equal(size_class_block(size_class, word, shift), block);
            assert_int_equal(used[word] & field, 0);
            used[word] |= field;
        }
        /* The tail: the bits of the last word that belong to no block. */
        assert_int_equal(used[size_class->words - 1] & size_class->tail, 0);
        assert_int_equal(
            size_class_free_fields(size_class, used[size_class->words - 1] | size_class->tail), 0);
    }
}

static void each_offset_is_found_to_be_its_blocks(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        const struct size_class *size_class = &classes.classes[i];

        for (uint32_t offset = 0; offset < SLAB_SIZE; offset++)
            assert_true((uint64_t)offset * size_class->per_block >> 32 ==
                        offset / size_class->block_size);
    }
}

static void each_request_has_a_field_that_means_it_and_nothing_else(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        const struct size_class *size_class = &classes.classes[i];
        uint32_t last = 0;

        for (uint32_t size = size_class->smallest; size <= size_class->largest; size++) {
            uint32_t field = slab_field_of(size_class, size);

            assert_int_equal(field, last + 1);
            last = field;
            assert_true(slab_field_is_live(size_class, field));
            assert_int_equal(slab_requested(size_class, field), size);
        }
        assert_false(slab_field_is_live(size_class, 0));
        assert_false(slab_field_is_live(size_class, last + 1));
        assert_false(slab_field_is_live(size_class, (uint32_t)size_class_mask(size_class)));
        assert_true(last < size_class_mask(size_class));
        if (size_class->tracked)
            assert_false(slab_field_is_live(size_class, slab_pending(size_class)));
    }
}

static void free_fields_are_those_that_are_zero(void **state)
{
    struct chance chance = chance_of_this_run();

    (void)state;
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        const struct size_class *size_class = &classes.classes[i];

        for (int round = 0; round < 1000; round++) {
            uint64_t word = 0, expected = 0;

            for (uint32_t field = 0; field < size_class->word_fields; field++) {
                uint64_t value = chance_next(&chance) & size_class_mask(size_class);
                uint32_t shift = field * size_class->field_bits;

                if (chance_below(&chance, 2))
                    value = 0;
                word |= value << shift;
                if (!value)
                    expected |= UINT64_C(1) << (shift + size_class->field_bits - 1);
            }
            assert_true(size_class_free_fields(size_class, word) == expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_small_request_has_a_plain_class_that_serves_it),
        cmocka_unit_test(every_small_request_has_a_tracked_class_that_serves_it),
        cmocka_unit_test(above_128_bytes_at_most_an_eighth_of_a_block_is_wasted),
        cmocka_unit_test(blocks_are_aligned_and_fit_into_their_slab),
        cmocka_unit_test(each_block_has_a_field_of_its_own),
        cmocka_unit_test(each_offset_is_found_to_be_its_blocks),
        cmocka_unit_test(each_request_has_a_field_that_means_it_and_nothing_else),
        cmocka_unit_test(free_fields_are_those_that_are_zero),
    };
    const struct CMUnitTest with_margins[] = {
        cmocka_unit_test(tracked_classes_with_margins_serve_every_request_up_to_their_limit),
        cmocka_unit_test(margins_cost_hardly_any_blocks_of_a_slab),
        cmocka_unit_test(blocks_are_aligned_and_fit_into_their_slab),
        cmocka_unit_test(each_block_has_a_field_of_its_own),
        cmocka_unit_test(each_offset_is_found_to_be_its_blocks),
        cmocka_unit_test(each_request_has_a_field_that_means_it_and_nothing_else),
        cmocka_unit_test(free_fields_are_those_that_are_zero),
    };

    return cmocka_run_group_tests(tests, begin, NULL) +
           cmocka_run_group_tests(with_margins, begin_with_margins, NULL);
}
