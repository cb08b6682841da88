/*
 * size_class.h: which requests share slabs, and how the state of a slab's blocks is encoded.
 *
 * A slab is cut into blocks of one size. Each block's state is one field of a few bits: 0 when the
 * block is free, else what was asked for, as the difference to the smallest request of the class,
 * plus 1. Fields are packed into 64-bit words, so that claiming or freeing a block, its exact size
 * included, is one atomic operation on one word. A field of all ones is no block: such are the tail
 * of the last word, and every field of a slab that is being retired.
 *
 * Block sizes rise by 16 bytes to 128, then by an eighth of the last power of two: from 129 bytes
 * on at most 1/9 of a block is wasted. The smallest block sizes serve several classes, each of a
 * few requests only. That keeps their fields narrow: all of a slab's fields are at most 1 KiB.
 *
 * Tracked classes are the same, except that all requests up to 64 bytes share one. Their slabs keep
 * a history of each block (block_history.h), and a slab holds at most 1,024 such blocks.
 *
 * Margins. The tracked classes of heaps that check for overruns have a margin: the last bytes of
 * each block's room, and as many before the first block of a slab, are never handed out. So every
 * block has that many bytes before it and behind it. Blocks of 1,024 bytes and the larger powers of
 * two are 16 bytes shorter there, so that a slab holds as many of them as without margins.
 */
#ifndef HOSTMEM_SLABS_SIZE_CLASS_H
#define HOSTMEM_SLABS_SIZE_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLAB_SIZE ((size_t)0x10000)
#define SLAB_WORDS 128u

/* Every block's address is a multiple of it. On x86 a multiple of 8 would do. */
#define BLOCK_ALIGNMENT ((size_t)16)

/* Larger requests get regions of their own. With margins it is a little less: small_limit below. */
#define SMALL_LIMIT ((size_t)32768)

/* Bytes of a margin, where a class has one. */
#define CLASS_MARGIN 16u

#define CLASS_PLAIN_COUNT 81u
#define CLASS_TRACKED_SMALL CLASS_PLAIN_COUNT
#define CLASS_COUNT (CLASS_PLAIN_COUNT + 69u)

/* The class of a smaller request is looked up in a table, that of a larger one computed. */
#define CLASS_LOOKUP 1025u

struct size_class {
    uint64_t high;        /* the highest bit of each field of a word */
    uint64_t lower;       /* the other bits of each field */
    uint64_t tail;        /* the fields of the last word that are no blocks, all ones */
    uint32_t block_size;  /* bytes */
    uint32_t smallest;    /* request that it serves */
    uint32_t largest;     /* likewise */
    uint32_t blocks;      /* how many a slab holds */
    uint32_t words;       /* how many their fields take */
    uint32_t field_bits;  /* width of a field */
    uint32_t word_fields; /* fields in a word */
    uint32_t per_block;   /* 2^32 / block_size, rounded up: division by multiplying */
    uint32_t per_field;   /* 2^20 / word_fields, likewise */
    uint32_t per_bit;     /* 2^10 / field_bits, likewise */
    uint32_t index;       /* in size_classes.classes */
    bool tracked;
    uint8_t margin; /* CLASS_MARGIN or 0 */
};

struct size_classes {
    struct size_class classes[CLASS_COUNT];
    uint8_t lookup[CLASS_LOOKUP]; /* plain class of a request */
    uint32_t margin;              /* of tracked classes */
    uint32_t small_limit;         /* larger requests get regions of their own */
};

/* margins: the tracked classes have them. */
void size_classes_init(struct size_classes *classes, bool margins);

/* The plain class of a request of CLASS_LOOKUP to SMALL_LIMIT bytes. */
static inline uint32_t size_class_of_larger(size_t size)
{
    uint32_t last = (uint32_t)size - 1;
    uint32_t power = 31 - (uint32_t)__builtin_clz(last);

    return 17 + (power - 7) * 8 + (last >> (power - 3) & 7);
}

static inline uint32_t size_class_plain(const struct size_classes *classes, size_t size)
{
    return size < CLASS_LOOKUP ? classes->lookup[size] : size_class_of_larger(size);
}

static inline uint32_t size_class_tracked(const struct size_classes *classes, size_t size)
{
    size_t room = size + classes->margin;
    /* Plain class 13 is the first above 64 bytes. */
    uint32_t index = room <= 64 ? CLASS_TRACKED_SMALL
                                : CLASS_TRACKED_SMALL + 1 + size_class_plain(classes, room) - 13;

    return index +
           (size > classes->classes[index].largest); /* with margins a block may be shorter */
}

/* All ones in one field. */
static inline uint64_t size_class_mask(const struct size_class *size_class)
{
    return (UINT64_C(1) << size_class->field_bits) - 1;
}

/* The word that holds a block's field, and the bit at which the field begins. */
static inline uint32_t size_class_word(const struct size_class *size_class, uint32_t block)
{
    return (uint32_t)((uint64_t)block * size_class->per_field >> 20);
}

static inline uint32_t size_class_shift(const struct size_class *size_class, uint32_t block,
                                        uint32_t word)
{
    return (block - word * size_class->word_fields) * size_class->field_bits;
}

/* The block whose field begins at that bit of that word. */
static inline uint32_t size_class_block(const struct size_class *size_class, uint32_t word,
                                        uint32_t shift)
{
    return word * size_class->word_fields + (shift * size_class->per_bit >> 10);
}

/* The value of a word none of whose blocks is in use. */
static inline uint64_t size_class_empty(const struct size_class *size_class, uint32_t word)
{
    return word + 1 == size_class->words ? size_class->tail : 0;
}

/* The highest bit of each field that is 0. */
static inline uint64_t size_class_free_fields(const struct size_class *size_class, uint64_t word)
{
    /* Adding 01..1 to the lower bits carries into the highest one unless they are 0. */
    uint64_t carried = (word & size_class->lower) + size_class->lower;

    return ~(carried | word) & size_class->high;
}

#endif
