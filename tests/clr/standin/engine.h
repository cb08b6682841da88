/*
 * engine.h: the execution engine of the stand-in's CLR: the memory that it takes at its start and
 * keeps until it stops.
 */
#ifndef STANDIN_ENGINE_H
#define STANDIN_ENGINE_H

#include "segment.h"

struct engine {
    struct segment loader_heap; /* its own data structures */
    struct segment code_heap;   /* for the JIT; pages may be written and executed */
    struct segment gc_heap;     /* watched for writes */
    struct segment handles;     /* reserved from the top of the address space */
};

extern struct engine engine;

/* All of its requests are process-critical. S_OK, or E_FAIL if one failed that must not. */
HRESULT engine_start(void);

/*
 * Gives everything back. The caller says what failed; at the process's end that does not matter any
 * more. With SCENARIO_LEAK nothing is given back.
 */
void engine_stop(struct caller *caller);

#endif
