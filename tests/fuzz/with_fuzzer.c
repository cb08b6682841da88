/*
 * with_fuzzer.c: what libFuzzer calls.
 */
#include "fuzz.h"

#include <sys/resource.h>

int LLVMFuzzerInitialize(int *argument_count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Switches core files off: the operations are printed, and a file with terabytes of shadow memory
 * would be no help.
 */
int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
    const struct rlimit none = {0, 0};

    (void)argument_count;
    (void)arguments;
    setrlimit(RLIMIT_CORE, &none);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_run(data, size);
    return 0;
}
