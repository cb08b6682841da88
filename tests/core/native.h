/*
 * native.h: what the tests of the core share: CMocka, the length of a run, threads that start
 * together, and pseudo-random numbers.
 */
#ifndef HOSTMEM_TESTS_NATIVE_H
#define HOSTMEM_TESTS_NATIVE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_barrier_t */
#endif

#include "os/os.h"
#include "os/os_fault.h"

#ifdef HOSTMEM_PLAIN_ASSERTIONS
#include <stdbool.h>
#include "plain_assertions.h" /* of tests/fuzz */
#else
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#endif

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE OS_PAGE_SIZE
#define GRANULE OS_GRANULE_SIZE

#define RESERVE_COMMIT (OS_MEM_RESERVE | OS_MEM_COMMIT)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Zeroed memory, aligned to cache lines as the core's structures need it. */
static inline void *zeroed(size_t size)
{
    size_t rounded = (size + 63) / 64 * 64;
    void *memory = aligned_alloc(64, rounded);

    assert_non_null(memory);
    return memset(memory, 0, rounded);
}

/* True in the long form of the tests: HOSTMEM_TEST_LONG is in the environment. */
static inline bool is_long_form(void)
{
    return getenv("HOSTMEM_TEST_LONG") != NULL;
}

/* ------------------------------------------------------------------------------------------------
 * Chance: xorshift64*; the same seed gives the same numbers
 * --------------------------------------------------------------------------------------------- */

struct chance {
    uint64_t state; /* not 0 */
};

static inline uint64_t chance_next(struct chance *chance)
{
    chance->state ^= chance->state >> 12;
    chance->state ^= chance->state << 25;
    chance->state ^= chance->state >> 27;
    return chance->state * UINT64_C(0x2545f4914f6cdd1d);
}

static inline size_t chance_below(struct chance *chance, size_t bound)
{
    return (size_t)((chance_next(chance) >> 32) % bound);
}

/*
 * The seed is HOSTMEM_TEST_SEED, else one from the clock. It is printed, so that a failure can be
 * repeated.
 */
static inline struct chance chance_of_this_run(void)
{
    const char *wanted = getenv("HOSTMEM_TEST_SEED");
    struct chance chance = {wanted ? strtoull(wanted, NULL, 0)
                                   : (os_tick_milliseconds() << 20 ^ os_thread_id()) | 1};

    print_message("HOSTMEM_TEST_SEED=%llu\n", (unsigned long long)chance.state);
    return chance;
}

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

#define THREADS 8

typedef void crew_work(void *context, unsigned number);

struct crew_member {
    pthread_t thread;
    pthread_barrier_t *start;
    crew_work *work;
    void *context;
    unsigned number;
};

static inline void *crew_member_main(void *argument)
{
    struct crew_member *member = argument;

    pthread_barrier_wait(member->start);
    member->work(member->context, member->number);
    return NULL;
}

/* Runs the work in `count` threads that begin together. Returns when all have ended. */
static inline void crew_run(crew_work *work, void *context, unsigned count)
{
    struct crew_member members[2 * THREADS];
    pthread_barrier_t start;

    assert_true(count <= COUNT_OF(members));
    assert_int_equal(pthread_barrier_init(&start, NULL, count), 0);
    for (unsigned i = 0; i < count; i++) {
        members[i] =
            (struct crew_member){.start = &start, .work = work, .context = context, .number = i};
        assert_int_equal(pthread_create(&members[i].thread, NULL, crew_member_main, &members[i]),
                         0);
    }
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(pthread_join(members[i].thread, NULL), 0);
    pthread_barrier_destroy(&start);
}

#endif
