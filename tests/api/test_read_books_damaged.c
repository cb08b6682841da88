/*
 * test_read_books_damaged.c: HostMemReadBooks believes nothing: books in which words were replaced
 * by chance, and every answer that is had from them. Nothing may crash or hang, whatever is told.
 *
 * Two seeds: a fixed one, and one from the clock, which is printed; or the one on the command line.
 */
#include "full_books.h"

#include <stdlib.h>
#include <string.h>

#define FIXED_SEED UINT64_C(20261130)
#define MOST_CHANGES 8

/* What is committed of the section, in words. */
#define MOST_WORDS ((SIZE_T)1 << 20)

struct damage {
    struct shared_section section;
    struct full_books full;
    uint64_t *words[MOST_WORDS]; /* that are not 0 */
    SIZE_T word_count;
    uint64_t *pointers[MOST_WORDS]; /* of these, those that lead into the books */
    SIZE_T pointer_count;
    uint64_t random;
    unsigned readable;
};

static void collect_word(struct damage *damage, uint64_t *word)
{
    if (!*word || damage->word_count == MOST_WORDS)
        return;
    damage->words[damage->word_count++] = word;
    if (*word - (uintptr_t)damage->section.writing < damage->section.size)
        damage->pointers[damage->pointer_count++] = word;
}

static void collect_words(struct damage *damage)
{
    char *end = damage->section.writing + damage->section.size;
    MEMORY_BASIC_INFORMATION page;

    damage->word_count = damage->pointer_count = 0;
    for (char *at = damage->section.writing; at < end; at += page.RegionSize) {
        assert_true(VirtualQuery(at, &page, sizeof(page)) != 0);
        if (page.State != MEM_COMMIT)
            continue;
        for (SIZE_T i = 0; i < page.RegionSize; i += 8)
            collect_word(damage, (uint64_t *)(at + i));
    }
    assert_between(damage->word_count, 5000, MOST_WORDS - 1);
    assert_at_least(damage->pointer_count, sizeof(void *) == 8 ? 100 : 20);
}

static SIZE_T below(struct damage *damage, SIZE_T bound)
{
    return (SIZE_T)(next_random(&damage->random) >> 11) % bound;
}

static uint64_t other_value(struct damage *damage, uint64_t value)
{
    switch (below(damage, 8)) {
    case 0:
        return 0;
    case 1:
        return ~UINT64_C(0);
    case 2:
        return *damage->words[below(damage, damage->word_count)];
    case 3:
        return (uintptr_t)damage->section.writing + 8 * below(damage, damage->section.size / 8);
    case 4:
        return value + below(damage, 65) - 32;
    case 5:
        return UINT64_C(1) << below(damage, 64);
    case 6:
        return next_random(&damage->random);
    default:
        return value ^ UINT64_C(1) << below(damage, 64);
    }
}

/*
 * One word in four is one of the first pages', the header's and the manager's own, from which all
 * else is found; and one in four is a pointer.
 */
static uint64_t *any_word(struct damage *damage)
{
    switch (below(damage, 4)) {
    case 0:
        return (uint64_t *)(damage->section.writing + 8 * below(damage, PAGE / 2));
    case 1:
        return damage->pointers[below(damage, damage->pointer_count)];
    default:
        return damage->words[below(damage, damage->word_count)];
    }
}

static void read_damaged(struct damage *damage)
{
    struct {
        uint64_t *at, value;
    } changes[MOST_CHANGES];
    unsigned count = 1 + (unsigned)below(damage, MOST_CHANGES);
    IHostMemInspection *inspection = NULL;
    HRESULT hr;

    for (unsigned i = 0; i < count; i++) {
        changes[i].at = any_word(damage);
        changes[i].value = *changes[i].at;
        *changes[i].at = other_value(damage, changes[i].value);
    }
    hr = HostMemReadBooks(damage->section.reading, damage->section.size, &inspection);
    if (hr == S_OK) {
        answers_of(inspection);
        assert_figure(IHostMemInspection_Release(inspection), 0);
        damage->readable++;
    } else {
        assert_true(hr == HRESULT_FROM_WIN32(ERROR_INVALID_DATA) ||
                    hr == HRESULT_FROM_WIN32(ERROR_REVISION_MISMATCH) ||
                    hr == HRESULT_FROM_WIN32(ERROR_NOT_READY) || hr == E_OUTOFMEMORY);
        assert_address(inspection, NULL);
    }
    while (count--)
        *changes[count].at = changes[count].value;
}

static void read_many(struct damage *damage, uint64_t seed, DWORD flags)
{
    unsigned times = is_long_form() ? 20000 : 200;
    struct answers expected, told;
    struct subject books;

    print_message("seed %llu\n", (unsigned long long)seed);
    damage->section = section_make(SEC_RESERVE, HostMemGetBooksSize());
    damage->random = seed;
    damage->readable = 0;
    full_books_make(&damage->full, &damage->section, flags);
    expected = answers_of(damage->full.subject.inspection);
    collect_words(damage);
    for (unsigned i = 0; i < times; i++)
        read_damaged(damage);
    print_message("%u of %u damaged books could be read\n", damage->readable, times);
    assert_between(damage->readable, times / 4, times);
    books = books_of_section(&damage->section);
    told = answers_of(books.inspection);
    assert_same_answers("repaired", &told, &expected);
    IHostMemInspection_Release(books.inspection);
    full_books_end(&damage->full);
    section_end(&damage->section);
}

static uint64_t second_seed;

static void damaged_books_never_crash_their_reader(void **state)
{
    static struct damage damage;
    static const DWORD flags[] = {0, HOSTMEM_TRACK_BLOCKS};

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(flags); i++) {
        read_many(&damage, FIXED_SEED + i, flags[i]);
        read_many(&damage, second_seed + i, flags[i]);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(damaged_books_never_crash_their_reader)};

    second_seed = argc > 1 ? strtoull(argv[1], NULL, 0) : GetTickCount64() << 16 | 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
