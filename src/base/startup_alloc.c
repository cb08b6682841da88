/*
 * startup_alloc.c: see startup_alloc.h.
 */
#include "base/startup_alloc.h"

#include "base/arena.h"
#include "base/exit_code.h"

#include <windows.h>

static struct arena startup;

void *startup_alloc(size_t size)
{
    void *memory = arena_alloc(&startup, size);

    if (!memory)
        ExitProcess((UINT)fail_without_memory());
    return memory;
}
