/*
 * committed.c: see committed.h.
 */
#include "pages/committed.h"

static chunk_word *words_of(const struct chunk *chunk)
{
    struct chunk_pages *pages = chunk_pages_of(chunk);

    return pages ? pages->committed : NULL;
}

/* The bits of word `word` that lie in [first, last). */
static chunk_bits mask_of(size_t word, size_t first, size_t last)
{
    size_t base = word * CHUNK_BITS_PER_WORD;
    chunk_bits mask = ~(chunk_bits)0;

    if (first > base)
        mask &= ~(chunk_bits)0 << (first - base);
    if (last < base + CHUNK_BITS_PER_WORD)
        mask &= ~(chunk_bits)0 >> (base + CHUNK_BITS_PER_WORD - last);
    return mask;
}

static size_t ones(chunk_bits bits)
{
    return (size_t)__builtin_popcountll(bits);
}

enum word_operation {
    WORD_COUNT,
    WORD_SET,
    WORD_CLEAR
};

/* Counts the bits of the mask that are set, or that the operation changed. */
static size_t apply(chunk_word *word, chunk_bits mask, enum word_operation operation)
{
    chunk_bits bits;

    switch (operation) {
    case WORD_SET:
        bits = ~atomic_fetch_or_explicit(word, mask, memory_order_relaxed);
        break;
    case WORD_CLEAR:
        bits = atomic_fetch_and_explicit(word, ~mask, memory_order_relaxed);
        break;
    default:
        bits = atomic_load_explicit(word, memory_order_relaxed);
        break;
    }
    return ones(bits & mask);
}

static size_t apply_to_range(const struct chunk_table *table, uintptr_t begin, uintptr_t end,
                             enum word_operation operation)
{
    size_t sum = 0;

    while (begin < end) {
        struct chunk_part part = chunk_table_part(table, begin, end);
        chunk_word *words = words_of(part.chunk);

        for (size_t word = part.first / CHUNK_BITS_PER_WORD;
             words && word * CHUNK_BITS_PER_WORD < part.last; word++)
            sum += apply(&words[word], mask_of(word, part.first, part.last), operation);
        begin = part.next;
    }
    return sum;
}

bool committed_ensure(struct chunk_table *table, uintptr_t begin, uintptr_t end)
{
    while (begin < end) {
        struct chunk_part part = chunk_table_part(table, begin, end);

        if (!part.chunk || !chunk_ensure_pages(table, part.chunk))
            return false;
        begin = part.next;
    }
    return true;
}

size_t committed_count(const struct chunk_table *table, uintptr_t begin, uintptr_t end)
{
    return apply_to_range(table, begin, end, WORD_COUNT);
}

size_t committed_set(struct chunk_table *table, uintptr_t begin, uintptr_t end)
{
    return apply_to_range(table, begin, end, WORD_SET);
}

size_t committed_clear(struct chunk_table *table, uintptr_t begin, uintptr_t end)
{
    return apply_to_range(table, begin, end, WORD_CLEAR);
}

/* The page of [first, last) where a run of bits equal to `set` ends. */
static size_t run_in_words(const chunk_word *words, size_t first, size_t last, bool set)
{
    size_t page = first;

    while (page < last) {
        size_t word = page / CHUNK_BITS_PER_WORD;
        chunk_bits bits = words ? atomic_load_explicit(&words[word], memory_order_relaxed) : 0;
        chunk_bits others = (set ? ~bits : bits) & mask_of(word, page, last);

        if (others)
            return word * CHUNK_BITS_PER_WORD + (size_t)__builtin_ctzll(others);
        page = (word + 1) * CHUNK_BITS_PER_WORD;
    }
    return last;
}

uintptr_t committed_run(const struct chunk_table *table, uintptr_t begin, uintptr_t end, bool *set)
{
    uintptr_t at = begin;

    *set = committed_count(table, begin, begin + OS_PAGE_SIZE) != 0;
    while (at < end) {
        struct chunk_part part = chunk_table_part(table, at, end);
        size_t stop = run_in_words(words_of(part.chunk), part.first, part.last, *set);

        if (stop < part.last)
            return chunk_number(at) * CHUNK_SIZE + stop * OS_PAGE_SIZE;
        at = part.next;
    }
    return end;
}
