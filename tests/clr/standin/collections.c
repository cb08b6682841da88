/*
 * collections.c: pages of the JIT and of the collector.
 */
#include "collections.h"

#include "engine.h"

#define METHODS 20
#define COLLECTIONS 6

/* ------------------------------------------------------------------------------------------------
 * The JIT
 * --------------------------------------------------------------------------------------------- */

static void use_arena(struct caller *caller, unsigned method)
{
    const SIZE_T size = GRANULE + method * PAGE;
    char *arena = caller_alloc(caller, NULL, size, MEM_COMMIT, PAGE_READWRITE);

    caller_check_zero(caller, arena, size);
    caller_fill(caller, arena, size, method);
    caller_check(caller, arena, size, method);
    caller_free(caller, arena, 0, MEM_RELEASE);
}

static void write_code(struct caller *caller)
{
    char *code;

    segment_commit(caller, &engine.code_heap, 2 * PAGE);
    if (caller->failed)
        return;
    code = engine.code_heap.base + engine.code_heap.committed - PAGE;
    caller_protect(caller, code, PAGE, PAGE_EXECUTE_READ);
    if (caller_protect(caller, code, PAGE, PAGE_EXECUTE_READWRITE) != PAGE_EXECUTE_READ)
        caller_fail(caller, "VirtualProtect's old protection", E_UNEXPECTED);
}

/* What the loader keeps for a method; it holds a lock meanwhile, so nothing may go wrong. */
static void describe_method(struct caller *caller)
{
    const EMemoryCriticalLevel level = caller->level;

    caller->level = eProcessCritical;
    segment_commit(caller, &engine.loader_heap, PAGE);
    caller->level = level;
}

void compile_methods(struct caller *caller)
{
    for (unsigned i = 0; i < METHODS; i++) {
        caller->level = i % 4 == 3 ? eAppDomainCritical : eTaskCritical;
        use_arena(caller, i);
        write_code(caller);
        describe_method(caller);
    }
    caller->level = eTaskCritical;
    segment_check(caller, &engine.code_heap);
}

void discard_methods(struct caller *caller)
{
    if (caller->failed) /* and perhaps not all of them are there */
        return;
    segment_check(caller, &engine.code_heap);
    segment_decommit(caller, &engine.code_heap, 0);
    segment_decommit(caller, &engine.loader_heap, engine.loader_heap.committed - METHODS * PAGE);
}

/* ------------------------------------------------------------------------------------------------
 * The collector
 * --------------------------------------------------------------------------------------------- */

#define GENERATION (64 * PAGE)

/* Windows itself is asked which pages were written to: it knows only if it was told to watch. */
static void look_at_written_pages(struct caller *caller, char *generation)
{
    void *pages[GENERATION / PAGE];
    ULONG_PTR count = ARRAYSIZE(pages);
    DWORD granularity;

    if (caller->failed)
        return;
    if (GetWriteWatch(WRITE_WATCH_FLAG_RESET, generation, GENERATION, pages, &count,
                      &granularity) != 0 ||
        count != ARRAYSIZE(pages))
        caller_fail(caller, "GetWriteWatch", E_UNEXPECTED);
}

/* Free objects' pages: their contents are lost, and they are written to again. */
static void reset_pages(struct caller *caller, char *from, SIZE_T size)
{
    caller_alloc(caller, from, size, MEM_RESET, PAGE_READWRITE);
    caller_fill(caller, from, size, engine.gc_heap.seed);
}

/* The same, but they go back to the system, and come back fresh. */
static void replace_pages(struct caller *caller, char *from, SIZE_T size)
{
    caller_free(caller, from, size, MEM_DECOMMIT);
    if (!caller->failed && caller_query(caller, from).State != MEM_RESERVE)
        caller_fail(caller, "VirtualQuery of decommitted pages", E_UNEXPECTED);
    caller_alloc(caller, from, size, MEM_COMMIT, PAGE_READWRITE);
    if (!caller->failed && caller_query(caller, from).State != MEM_COMMIT)
        caller_fail(caller, "VirtualQuery of committed pages", E_UNEXPECTED);
    caller_check_zero(caller, from, size);
    caller_fill(caller, from, size, engine.gc_heap.seed);
    if (caller->failed) /* there may be a hole now, which must not be read */
        engine.gc_heap.committed = (SIZE_T)(from - engine.gc_heap.base);
}

void collect(struct caller *caller)
{
    const SIZE_T survivors = engine.gc_heap.committed;

    for (unsigned i = 0; i < COLLECTIONS && !caller->failed; i++) {
        char *generation = engine.gc_heap.base + engine.gc_heap.committed;

        segment_commit(caller, &engine.gc_heap, GENERATION);
        look_at_written_pages(caller, generation);
        caller_memory_load(caller);
        reset_pages(caller, generation + 8 * PAGE, 16 * PAGE);
        replace_pages(caller, generation + 30 * PAGE, (10 + i) * PAGE);
        segment_check(caller, &engine.gc_heap);
        caller_memory_load(caller);
    }
    segment_decommit(caller, &engine.gc_heap, survivors);
}
