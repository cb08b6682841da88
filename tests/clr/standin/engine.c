/*
 * engine.c: start and stop.
 */
#include "engine.h"

#include "assembly.h"
#include "host.h"
#include "scenario.h"

#define FIRST_BLOCKS 64

struct engine engine;

/* Of the startup's own. */
static void *first_blocks[FIRST_BLOCKS];

static SIZE_T first_block_size(unsigned i)
{
    return i % 16 == 15 ? (SIZE_T)i * 1000 : (SIZE_T)i * 24;
}

/* ------------------------------------------------------------------------------------------------
 * Start
 * --------------------------------------------------------------------------------------------- */

static void make_heaps(struct caller *caller)
{
    segment_reserve(caller, &engine.loader_heap, 16 * GRANULE, 0, PAGE_READWRITE);
    for (int i = 0; i < 8; i++)
        segment_commit(caller, &engine.loader_heap, 2 * PAGE);
    /* A page that is committed already keeps what stands in it. */
    caller_alloc(caller, engine.loader_heap.base + PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    segment_check(caller, &engine.loader_heap);

    segment_reserve(caller, &engine.gc_heap, 256 * GRANULE, MEM_WRITE_WATCH, PAGE_READWRITE);
    segment_commit(caller, &engine.gc_heap, PAGE);
    segment_commit(caller, &engine.gc_heap, 4 * GRANULE);

    segment_reserve(caller, &engine.code_heap, 16 * GRANULE, 0, PAGE_EXECUTE_READWRITE);

    segment_reserve(caller, &engine.handles, 16 * GRANULE, MEM_TOP_DOWN, PAGE_READWRITE);
    segment_commit(caller, &engine.handles, GRANULE);
}

static void make_first_blocks(struct caller *caller)
{
    for (unsigned i = 0; i < FIRST_BLOCKS; i++) {
        const SIZE_T size = first_block_size(i);

        if (i % 4 == 0)
            first_blocks[i] = caller_debug_malloc(caller, size, __FILE__, __LINE__);
        else
            first_blocks[i] = caller_malloc(caller, size);
        caller_fill(caller, first_blocks[i], size, i);
    }
    caller_malloc_free(caller, NULL);
}

/*
 * A code patch: a page of this module, which the host does not own, is made writable for a moment.
 */
static void look_at_image(struct caller *caller)
{
    const uintptr_t address = (uintptr_t)&engine_start;
    void *page = (void *)(address & ~(PAGE - 1));
    const MEMORY_BASIC_INFORMATION information = caller_query(caller, page);
    DWORD old = caller_protect(caller, page, PAGE, PAGE_EXECUTE_READWRITE);
    void *taken = NULL;

    caller_protect(caller, page, PAGE, old);
    if (!caller->failed && information.Type != MEM_IMAGE)
        caller_fail(caller, "VirtualQuery of an image", E_UNEXPECTED);
    /* An image's preferred address may well be taken. Here it is, so the request must fail. */
    if (!caller->failed && host_alloc(information.AllocationBase, GRANULE, MEM_RESERVE,
                                      PAGE_NOACCESS, caller->level, &taken) == S_OK)
        caller_fail(caller, "the refusal of a taken address", E_UNEXPECTED);
}

/* The thread's stack, from its lowest address to here; its guard page is set up anew. */
static void look_at_stack(struct caller *caller)
{
    char here = 0;
    MEMORY_BASIC_INFORMATION found = caller_query(caller, &here);
    char *at = found.AllocationBase;

    while (!caller->failed && at <= &here) {
        found = caller_query(caller, at);
        if (found.State == MEM_COMMIT && found.Protect & PAGE_GUARD)
            caller_protect(caller, at, PAGE, found.Protect);
        if (found.RegionSize == 0)
            caller_fail(caller, "VirtualQuery of the stack", E_UNEXPECTED);
        at += found.RegionSize;
    }
}

HRESULT engine_start(void)
{
    struct caller caller = {.level = eProcessCritical};

    make_heaps(&caller);
    make_first_blocks(&caller);
    look_at_image(&caller);
    look_at_stack(&caller);
    caller_memory_load(&caller);
    return caller_verdict(&caller);
}

/* ------------------------------------------------------------------------------------------------
 * Stop
 * --------------------------------------------------------------------------------------------- */

static void free_first_blocks(struct caller *caller)
{
    for (unsigned i = 0; i < FIRST_BLOCKS; i++)
        if (first_blocks[i]) {
            caller_check(caller, first_blocks[i], first_block_size(i), i);
            caller_malloc_free(caller, first_blocks[i]);
            first_blocks[i] = NULL;
        }
}

void engine_stop(struct caller *caller)
{
    if (scenario_is(SCENARIO_LEAK))
        return;
    assembly_unload();
    free_first_blocks(caller);
    segment_decommit(caller, &engine.gc_heap, PAGE);
    segment_release(caller, &engine.gc_heap);
    segment_release(caller, &engine.code_heap);
    segment_release(caller, &engine.loader_heap);
    segment_release(caller, &engine.handles);
}
