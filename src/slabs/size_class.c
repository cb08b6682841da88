/*
 * size_class.c: the table of size_class.h.
 */
#include "slabs/size_class.h"

static uint32_t divide_up(uint64_t value, uint32_t by)
{
    return (uint32_t)((value + by - 1) / by);
}

/* How many bits a field needs for `requests` values, 0, all ones, and pending. */
static uint32_t bits_for(uint32_t requests)
{
    return 32 - (uint32_t)__builtin_clz(requests);
}

static void fill(struct size_class *size_class, uint32_t index, uint32_t block_size,
                 uint32_t smallest, uint32_t largest, uint32_t field_bits)
{
    uint32_t tail_fields;

    size_class->index = index;
    size_class->block_size = block_size;
    size_class->smallest = smallest;
    size_class->largest = largest;
    size_class->tracked = index >= CLASS_PLAIN_COUNT;
    size_class->blocks = (uint32_t)SLAB_SIZE / block_size;
    size_class->field_bits = field_bits;
    size_class->word_fields = 64 / field_bits;
    size_class->words = divide_up(size_class->blocks, size_class->word_fields);
    size_class->per_block = divide_up(UINT64_C(1) << 32, block_size);
    size_class->per_field = divide_up(UINT64_C(1) << 20, size_class->word_fields);
    size_class->per_bit = divide_up(UINT64_C(1) << 10, field_bits);
    size_class->high = size_class->lower = 0;
    for (uint32_t field = 0; field < size_class->word_fields; field++) {
        uint64_t high = UINT64_C(1) << (field * field_bits + field_bits - 1);

        size_class->high |= high;
        size_class->lower |= high - (UINT64_C(1) << (field * field_bits));
    }
    tail_fields = size_class->words * size_class->word_fields - size_class->blocks;
    size_class->tail = 0;
    for (uint32_t field = size_class->word_fields - tail_fields; field < size_class->word_fields;
         field++)
        size_class->tail |= size_class_mask(size_class) << (field * field_bits);
}

/* The classes with fields of 2 and 4 bits: so narrow that all of a slab's fields fit 1 KiB. */
static uint32_t fill_narrow(struct size_classes *classes)
{
    uint32_t index = 0;

    fill(&classes->classes[index], index, 16, 0, 0, 2);
    for (index = 1; index <= 8; index++)
        fill(&classes->classes[index], index, 16, 2 * index - 1, 2 * index, 2);
    for (; index <= 10; index++)
        fill(&classes->classes[index], index, 32, 8 * index - 55, 8 * index - 48, 4);
    return index;
}

static void fill_plain(struct size_classes *classes)
{
    uint32_t index = fill_narrow(classes);
    uint32_t size = 32;

    while (size < SMALL_LIMIT) {
        uint32_t step = size < 128 ? 16 : (1u << (31 - __builtin_clz(size))) / 8;

        fill(&classes->classes[index], index, size + step, size + 1, size + step, bits_for(step));
        size += step;
        index++;
    }
}

static void fill_tracked(struct size_classes *classes)
{
    const struct size_class *plain = &classes->classes[size_class_plain(classes, 65)];
    uint32_t index = CLASS_TRACKED_SMALL;

    fill(&classes->classes[index], index, 64, 0, 64, bits_for(65));
    for (index++; index < CLASS_COUNT; index++, plain++)
        fill(&classes->classes[index], index, plain->block_size, plain->smallest, plain->largest,
             plain->field_bits);
}

void size_classes_init(struct size_classes *classes)
{
    uint32_t index = 0;

    fill_plain(classes);
    for (uint32_t size = 0; size < CLASS_LOOKUP; size++) {
        if (size > classes->classes[index].largest)
            index++;
        classes->lookup[size] = (uint8_t)index;
    }
    fill_tracked(classes);
}
