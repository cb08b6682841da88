/*
 * without_fuzzer.c: runs a target without libFuzzer, for compilers that have none: its corpus, and
 * sequences by chance.
 *
 * Usage: sequences_NAME NAME COUNT
 *
 * HOSTMEM_TEST_SEED makes other sequences than those of seed 1.
 */
#include "native.h"

#include "corpus.h"
#include "fuzz.h"

#include <sys/resource.h>

#define OPERATIONS 128

static void run_by_chance(uint64_t seed)
{
    struct chance chance = {seed * 2 + 1};
    uint8_t bytes[OPERATIONS * FUZZ_OPERATION];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(chance_next(&chance) >> 40);
    fuzz_run(bytes, (1 + chance_below(&chance, OPERATIONS)) * FUZZ_OPERATION);
}

int main(int count, char **arguments)
{
    const struct rlimit no_image = {0, 0};
    const char *wanted = getenv("HOSTMEM_TEST_SEED");
    uint64_t seed = wanted ? strtoull(wanted, NULL, 0) : 1;
    const struct corpus *corpus = count == 3 ? corpus_of(arguments[1]) : NULL;
    uint64_t sequences = count == 3 ? strtoull(arguments[2], NULL, 0) : 0;

    if (!corpus || !sequences) {
        fputs("Usage: sequences_NAME NAME COUNT\n", stderr);
        return 2;
    }
    setrlimit(RLIMIT_CORE, &no_image);
    print_message("HOSTMEM_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < corpus->count; i++)
        fuzz_run(corpus->seeds[i].operations, corpus->seeds[i].size);
    for (uint64_t i = 0; i < sequences; i++)
        run_by_chance(seed * 1000000 + i);
    print_message("%zu sequences of the corpus and %llu by chance: nothing found\n", corpus->count,
                  (unsigned long long)sequences);
    return 0;
}
