/*
 * frozen_key.c: see frozen_key.h.
 */
#include "frozen_key.h"

#include <stdbool.h>

uintptr_t frozen_key = 0x1000;
uint64_t frozen_tick = 1000000;

/* What interleaved.h declares. */
extern const volatile void *moment_object;
extern bool moment_changes;

const volatile void *moment_object;
bool moment_changes;

/* What os.h declares for sources that are compiled with interleaved.h. */
uintptr_t os_thread_key(void);

uintptr_t os_thread_key(void)
{
    return frozen_key;
}

/* The linker leads os_tick_milliseconds here. */
uint64_t __wrap_os_tick_milliseconds(void);

uint64_t __wrap_os_tick_milliseconds(void)
{
    return frozen_tick;
}
