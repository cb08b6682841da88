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

/* How many blocks a slab has, and the words of their fields. */
static void count_blocks(struct size_class *size_class, uint32_t margin)
{
    uint32_t tail_fields;

    size_class->margin = (uint8_t)margin;
    size_class->blocks = ((uint32_t)SLAB_SIZE - margin) / size_class->block_size;
    size_class->words = divide_up(size_class->blocks, size_class->word_fields);
    tail_fields = size_class->words * size_class->word_fields - size_class->blocks;
    size_class->tail = 0;
    for (uint32_t field = size_class->word_fields - tail_fields; field < size_class->word_fields;
         field++)
        size_class->tail |= size_class_mask(size_class) << (field * size_class->field_bits);
}

static void fill(struct size_class *size_class, uint32_t index, uint32_t block_size,
                 uint32_t smallest, uint32_t largest, uint32_t field_bits)
{
    size_class->index = index;
    size_class->block_size = block_size;
    size_class->smallest = smallest;
    size_class->largest = largest;
    size_class->tracked = index >= CLASS_PLAIN_COUNT;
    size_class->field_bits = field_bits;
    size_class->word_fields = 64 / field_bits;
    size_class->per_block = divide_up(UINT64_C(1) << 32, block_size);
    size_class->per_field = divide_up(UINT64_C(1) << 20, size_class->word_fields);
    size_class->per_bit = divide_up(UINT64_C(1) << 10, field_bits);
    size_class->high = size_class->lower = 0;
    for (uint32_t field = 0; field < size_class->word_fields; field++) {
        uint64_t high = UINT64_C(1) << (field * field_bits + field_bits - 1);

        size_class->high |= high;
        size_class->lower |= high - (UINT64_C(1) << (field * field_bits));
    }
    count_blocks(size_class, 0);
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

/* With margins a slab has no room for as many blocks of a power of two as it has without. */
static uint32_t block_size_with(uint32_t block_size, uint32_t margin)
{
    bool divides = (block_size & (block_size - 1)) == 0;

    return divides && block_size >= 1024 ? block_size - margin : block_size;
}

static void fill_tracked(struct size_classes *classes)
{
    const struct size_class *plain = &classes->classes[size_class_plain(classes, 65)];
    uint32_t block_size = 64, smallest = 0;

    for (uint32_t index = CLASS_TRACKED_SMALL; index < CLASS_COUNT; index++) {
        uint32_t room = block_size_with(block_size, classes->margin);
        uint32_t largest = room - classes->margin;

        fill(&classes->classes[index], index, room, smallest, largest,
             bits_for(largest - smallest + 1));
        count_blocks(&classes->classes[index], classes->margin);
        smallest = largest + 1;
        block_size = plain++->block_size;
    }
    classes->small_limit = smallest - 1;
}

void size_classes_init(struct size_classes *classes, bool margins)
{
    uint32_t index = 0;

    fill_plain(classes);
    for (uint32_t size = 0; size < CLASS_LOOKUP; size++) {
        if (size > classes->classes[index].largest)
            index++;
        classes->lookup[size] = (uint8_t)index;
    }
    classes->margin = margins ? CLASS_MARGIN : 0;
    fill_tracked(classes);
}
