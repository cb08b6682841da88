/*
 * print.h: prints a sequence and its result as C: a table of steps that this test can play again,
 * and the calls themselves, for a program without this test.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_PRINT_H
#define HOSTMEM_TESTS_DIFFERENTIAL_PRINT_H

#include "play.h"

/* Text that grows up to what there is room for. */
struct printed {
    char *text;
    size_t room, length;
};

/* The difference, in a comment. */
void print_difference(struct printed *printed, const struct sequence *sequence,
                      const struct outcome *outcome);

/* `static const struct step steps[]`. */
void print_steps(struct printed *printed, const struct sequence *sequence);

/* A function that makes the calls of both twins, with each's answer in a comment. */
void print_calls(struct printed *printed, const struct sequence *sequence,
                 const struct outcome *outcome);

#endif
