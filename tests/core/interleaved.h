/*
 * interleaved.h: included before the core's sources, makes every atomic access call moment() first.
 * There a test lets other calls run from beginning to end, as if the thread had been frozen before
 * the access. The accesses themselves and their memory orders are unchanged.
 *
 * os_thread_key is the test's own (frozen_key.c), so that the other calls can run as another
 * thread's.
 */
#ifndef HOSTMEM_TESTS_INTERLEAVED_H
#define HOSTMEM_TESTS_INTERLEAVED_H

#include <stdatomic.h>
#include <stdbool.h>

#define HOSTMEM_TEST_THREAD_KEY

void moment(void);

/* For moment(): what will be accessed, and whether that may change it. */
extern const volatile void *moment_object;
extern bool moment_changes;

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit
#undef atomic_fetch_xor_explicit

static inline void moment_of(const volatile void *object, bool changes)
{
    moment_object = object;
    moment_changes = changes;
    moment();
}

/*
 * The macros evaluate the expression of the object twice; an atomic load in it therefore has a
 * moment of its own.
 */
#define MOMENT(object, changes) moment_of((const volatile void *)(object), (changes))

#ifdef __clang__
#define INTERLEAVED(object, changes, clang_name, gcc_name) (MOMENT(object, changes), clang_name)
#else
#define INTERLEAVED(object, changes, clang_name, gcc_name) (MOMENT(object, changes), gcc_name)
#endif

#define atomic_load_explicit(object, order)                                                        \
    INTERLEAVED(object, false, __c11_atomic_load(object, order), __atomic_load_n(object, order))
#define atomic_store_explicit(object, value, order)                                                \
    INTERLEAVED(object, true, __c11_atomic_store(object, value, order),                            \
                __atomic_store_n(object, value, order))
#define atomic_exchange_explicit(object, value, order)                                             \
    INTERLEAVED(object, true, __c11_atomic_exchange(object, value, order),                         \
                __atomic_exchange_n(object, value, order))
#define atomic_compare_exchange_weak_explicit(object, expected, value, success, failure)           \
    INTERLEAVED(object, true,                                                                      \
                __c11_atomic_compare_exchange_weak(object, expected, value, success, failure),     \
                __atomic_compare_exchange_n(object, expected, value, true, success, failure))
#define atomic_compare_exchange_strong_explicit(object, expected, value, success, failure)         \
    INTERLEAVED(object, true,                                                                      \
                __c11_atomic_compare_exchange_strong(object, expected, value, success, failure),   \
                __atomic_compare_exchange_n(object, expected, value, false, success, failure))
#define atomic_fetch_add_explicit(object, value, order)                                            \
    INTERLEAVED(object, true, __c11_atomic_fetch_add(object, value, order),                        \
                __atomic_fetch_add(object, value, order))
#define atomic_fetch_sub_explicit(object, value, order)                                            \
    INTERLEAVED(object, true, __c11_atomic_fetch_sub(object, value, order),                        \
                __atomic_fetch_sub(object, value, order))
#define atomic_fetch_or_explicit(object, value, order)                                             \
    INTERLEAVED(object, true, __c11_atomic_fetch_or(object, value, order),                         \
                __atomic_fetch_or(object, value, order))
#define atomic_fetch_and_explicit(object, value, order)                                            \
    INTERLEAVED(object, true, __c11_atomic_fetch_and(object, value, order),                        \
                __atomic_fetch_and(object, value, order))
#define atomic_fetch_xor_explicit(object, value, order)                                            \
    INTERLEAVED(object, true, __c11_atomic_fetch_xor(object, value, order),                        \
                __atomic_fetch_xor(object, value, order))

#endif
