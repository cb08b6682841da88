/*
 * test_freeze.c: invariant I4 with real threads: whichever thread is suspended, and wherever, every
 * other thread completes every method.
 *
 *   test_freeze [--freezes N] [--seed N] [--workers N] [--stall SECONDS]
 *
 * Some of the freezes are made with plain heaps, the others with heaps that fill blocks, delay
 * their reuse and keep their histories.
 */
#include "freeze_rounds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    unsigned freezes;
    uint64_t seed;
    unsigned workers;
    unsigned stall_seconds;
} options = {600, UINT64_C(0xf4ee2e), 2, 60};

static void run(DWORD heap_flags, unsigned freezes)
{
    static struct freezer freezer;

    print_message("seed 0x%" PRIx64 ", %u workers, %u freezes\n", options.seed, options.workers,
                  freezes);
    memset(&freezer, 0, sizeof(freezer));
    freezer.worker_count = options.workers;
    freezer.stall_seconds = options.stall_seconds;
    freezer_run(&freezer, heap_flags, freezes, options.seed);
}

static void a_frozen_thread_keeps_nobody_from_completing_any_method(void **state)
{
    (void)state;
    run(0, options.freezes - options.freezes / 2);
}

static void a_thread_frozen_in_a_checked_heap_keeps_nobody_either(void **state)
{
    (void)state;
    run(HOSTMEM_TRACK_BLOCKS | HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE,
        options.freezes / 2);
}

/* A failure names the functions in which threads stood: checks that such a name is right. */
static void a_function_of_the_dll_is_found_by_its_address(void **state)
{
    struct subject subject = subject_make(NULL);
    static struct places places;
    char name[PLACE_NAME];

    (void)state;
    places_load(&places, subject.manager);
    places_name(&places, (uintptr_t)subject.manager->lpVtbl->VirtualAlloc + 1, name);
    if (!strstr(name, "hostmem.dll+0x") || !strstr(name, "memory_manager_VirtualAlloc") ||
        !strstr(name, "+0x1)")) {
        print_error("VirtualAlloc's second byte is at %s\n", name);
        fail();
    }
    subject_end(&subject);
}

static bool read_option(const char *name, const char *value)
{
    const uint64_t number = strtoull(value, NULL, 0);

    if (!strcmp(name, "--freezes"))
        options.freezes = (unsigned)number;
    else if (!strcmp(name, "--seed"))
        options.seed = number;
    else if (!strcmp(name, "--workers"))
        options.workers = (unsigned)number;
    else if (!strcmp(name, "--stall"))
        options.stall_seconds = (unsigned)number;
    else
        return false;
    return number != 0;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_of_the_dll_is_found_by_its_address),
        cmocka_unit_test(a_frozen_thread_keeps_nobody_from_completing_any_method),
        cmocka_unit_test(a_thread_frozen_in_a_checked_heap_keeps_nobody_either),
    };

    for (int i = 1; i < count; i += 2) {
        if (i + 1 == count || !read_option(arguments[i], arguments[i + 1]) ||
            options.workers > MOST_WORKERS) {
            fprintf(stderr, "usage: %s [--freezes N] [--seed N] [--workers 1..%d] [--stall N]\n",
                    arguments[0], MOST_WORKERS);
            return 2;
        }
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
