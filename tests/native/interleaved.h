/*
 * interleaved.h: put in front of the core's sources, makes every atomic access call `moment` first:
 * there a test lets other calls run, from beginning to end, as if the thread had been frozen before
 * the access. The accesses themselves, and their memory orders, are as they were.
 *
 * Where the test plays another thread then, it says so by os_thread_key, which is its own.
 */
#ifndef HOSTMEM_TESTS_INTERLEAVED_H
#define HOSTMEM_TESTS_INTERLEAVED_H

#include <stdatomic.h>
#include <stdbool.h>

#define HOSTMEM_TEST_THREAD_KEY

void moment(void);

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

#ifdef __clang__
#define INTERLEAVED(clang_name, gcc_name) (moment(), clang_name)
#else
#define INTERLEAVED(clang_name, gcc_name) (moment(), gcc_name)
#endif

#define atomic_load_explicit(object, order)                                                        \
    INTERLEAVED(__c11_atomic_load(object, order), __atomic_load_n(object, order))
#define atomic_store_explicit(object, value, order)                                                \
    INTERLEAVED(__c11_atomic_store(object, value, order), __atomic_store_n(object, value, order))
#define atomic_exchange_explicit(object, value, order)                                             \
    INTERLEAVED(__c11_atomic_exchange(object, value, order),                                       \
                __atomic_exchange_n(object, value, order))
#define atomic_compare_exchange_weak_explicit(object, expected, value, success, failure)           \
    INTERLEAVED(__c11_atomic_compare_exchange_weak(object, expected, value, success, failure),     \
                __atomic_compare_exchange_n(object, expected, value, true, success, failure))
#define atomic_compare_exchange_strong_explicit(object, expected, value, success, failure)         \
    INTERLEAVED(__c11_atomic_compare_exchange_strong(object, expected, value, success, failure),   \
                __atomic_compare_exchange_n(object, expected, value, false, success, failure))
#define atomic_fetch_add_explicit(object, value, order)                                            \
    INTERLEAVED(__c11_atomic_fetch_add(object, value, order),                                      \
                __atomic_fetch_add(object, value, order))
#define atomic_fetch_sub_explicit(object, value, order)                                            \
    INTERLEAVED(__c11_atomic_fetch_sub(object, value, order),                                      \
                __atomic_fetch_sub(object, value, order))
#define atomic_fetch_or_explicit(object, value, order)                                             \
    INTERLEAVED(__c11_atomic_fetch_or(object, value, order),                                       \
                __atomic_fetch_or(object, value, order))
#define atomic_fetch_and_explicit(object, value, order)                                            \
    INTERLEAVED(__c11_atomic_fetch_and(object, value, order),                                      \
                __atomic_fetch_and(object, value, order))
#define atomic_fetch_xor_explicit(object, value, order)                                            \
    INTERLEAVED(__c11_atomic_fetch_xor(object, value, order),                                      \
                __atomic_fetch_xor(object, value, order))

#endif
