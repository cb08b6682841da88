/*
 * frozen_key.c: see frozen_key.h.
 */
#include "frozen_key.h"

uintptr_t frozen_key = 0x1000;

/* What os.h declares for sources that are compiled with interleaved.h. */
uintptr_t os_thread_key(void);

uintptr_t os_thread_key(void)
{
    return frozen_key;
}
