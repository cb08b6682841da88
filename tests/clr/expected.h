/*
 * expected.h: what the C# programs must print, and what every report of a run that went well says.
 * Each function fails the test otherwise.
 */
#ifndef HOSTMEM_TESTS_CLR_EXPECTED_H
#define HOSTMEM_TESTS_CLR_EXPECTED_H

#include "run.h"

/* The output of "Demo THREADS ROUNDS". */
void check_demo_output(const struct run *run, int threads, int rounds);

/* The audit compared everything and found nothing. */
void check_books(const struct run *run);

/* Regions, statistics, audit and a walk over the whole process agree to the byte. */
void check_agreement(const struct run *run);

/* The sum of an integer member of all the objects in an array. */
json_int_t sum_of(const json_t *array, const char *member);

#endif
