/*
 * section.h: for tests of books in a section: the section, seen by its writer and by a reader, and
 * whether two inspections tell the same.
 */
#ifndef HOSTMEM_TESTS_API_SECTION_H
#define HOSTMEM_TESTS_API_SECTION_H

#include "support.h"

struct shared_section {
    HANDLE handle;
    SIZE_T size;
    char *writing;       /* a view that can be written */
    const char *reading; /* a view that cannot */
};

/* kind: SEC_RESERVE or SEC_COMMIT. Its handle can be inherited. Fails the test if it cannot be. */
struct shared_section section_make(DWORD kind, SIZE_T size);

/* The same of a handle: for a child that has inherited it. */
struct shared_section section_of(HANDLE handle, SIZE_T size);
void section_end(struct shared_section *section);

/* Options for books in the section. */
HOSTMEM_OPTIONS options_in(const struct shared_section *section, DWORD flags);

/* The books; fails the test if they cannot be read. */
struct subject books_of_section(const struct shared_section *section);

/*
 * Calls every method of an inspection that tells something. All that it tells, ages apart, as one
 * number a method: equal numbers, equal answers.
 */
struct answers {
    uint64_t statistics, limits, regions, ranges, heaps, blocks, classes, found, audit;
    unsigned region_count, range_count, heap_count, block_count, class_count;
};

struct answers answers_of(IHostMemInspection *inspection);
void assert_same_answers(const char *about, const struct answers *actual,
                         const struct answers *expected);

#endif
