/*
 * plain_assertions.h: CMocka's assertions for programs that are no CMocka tests, such as the fuzz
 * targets: the same words, which print the figures and end the process. The program says by
 * assertion_failed what is done before that. The headers of tests/core use these or CMocka's, as
 * the program is built.
 */
#ifndef HOSTMEM_TESTS_PLAIN_ASSERTIONS_H
#define HOSTMEM_TESTS_PLAIN_ASSERTIONS_H

#include <stdint.h>
#include <stdio.h>

/* Where an assertion stands, and what it said. */
struct assertion {
    const char *file;
    int line;
    const char *text;
};

_Noreturn void assertion_failed(const struct assertion *assertion, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void assert_figures_are(const struct assertion *assertion, bool holds, uint64_t a,
                                      uint64_t b)
{
    if (!holds)
        assertion_failed(assertion, "%llu (%#llx) and %llu (%#llx)", (unsigned long long)a,
                         (unsigned long long)a, (unsigned long long)b, (unsigned long long)b);
}

#define ASSERTION_HERE(text)                                                                       \
    &(const struct assertion)                                                                      \
    {                                                                                              \
        __FILE__, __LINE__, text                                                                   \
    }

#define assert_true(condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            assertion_failed(ASSERTION_HERE(#condition), "it does not hold");                      \
    } while (0)
#define assert_false(condition) assert_true(!(condition))
#define assert_null(pointer) assert_true(!(pointer))
#define assert_non_null(pointer) assert_true(pointer)

#define assert_int_equal(a, b) assert_compared(a, ==, b)
#define assert_int_not_equal(a, b) assert_compared(a, !=, b)
#define assert_ptr_equal(a, b) assert_compared((uintptr_t)(a), ==, (uintptr_t)(b))

#define assert_compared(a, operator, b)                                                            \
    do {                                                                                           \
        uint64_t first_ = (uint64_t)(a);                                                           \
        uint64_t second_ = (uint64_t)(b);                                                          \
                                                                                                   \
        assert_figures_are(ASSERTION_HERE(#a " " #operator" " #b), first_ operator second_,        \
                           first_, second_);                                                       \
    } while (0)

#define print_message(...) fprintf(stderr, __VA_ARGS__)
#define print_error(...) fprintf(stderr, __VA_ARGS__)

#endif
