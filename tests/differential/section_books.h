/*
 * section_books.h: what the manager's books must say of sections, by Win32's answers alone, and
 * whether they do.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_SECTION_BOOKS_H
#define HOSTMEM_TESTS_DIFFERENTIAL_SECTION_BOOKS_H

#include "section_twins.h"

#define KNOWN_SECTIONS 64u
#define UNSEEN_HANDLES 64u
#define PAGE_SLOTS 2048u

/* A section that the module has made. */
struct known_section {
    ULONGLONG size; /* whole pages */
    bool reserved;
    unsigned handles, views;
    unsigned committed;         /* pages, if it is reserved */
    uint32_t pages[PAGE_SLOTS]; /* their numbers, each plus 1, hashed */
};

/* Of a view. */
struct view_facts {
    struct known_section *section; /* NULL: not known */
    ULONGLONG from;
    SIZE_T size;
};

struct section_books {
    struct known_section sections[KNOWN_SECTIONS];
    unsigned made;
    struct known_section *of_handle[SECTION_HANDLES]; /* NULL: not known, or no handle */
    struct view_facts views[SECTION_VIEWS];
    struct {
        HANDLE value; /* of the manager's twin */
        struct known_section *section;
    } unseen[UNSEEN_HANDLES]; /* closed, but the books do not know it */
    unsigned unseen_count;
    HANDLE values[SECTION_HANDLES]; /* of the manager's twin's handles */
    ULONGLONG foreign_commits;
    struct {
        ULONGLONG reserved, committed, count;
    } regions; /* in Win32's window: each is the manager's, in its own */

    /* Wine 8 loses a commit that reaches the end of its view, for other views. */
    bool reached_an_end;
    /* Pages that were committed in a view that is not known may show in one that is. */
    bool committed_unseen;
};

/* Learns from a step and its answer, which both twins gave. */
void section_books_learn(struct section_books *books, const struct section_twins *twins,
                         const struct section_step *step, const struct section_answer *answer);

/* NULL: the manager's totals, and what it says of each view, are right; else what is wrong. */
const char *section_books_compare(const struct section_books *books,
                                  const struct section_twins *twins);

/* The same of its audit. */
const char *section_books_audit(const struct section_books *books,
                                const struct section_twins *twins);

#endif
