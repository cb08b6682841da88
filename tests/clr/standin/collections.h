/*
 * collections.h: what the collector and the JIT do with pages while a program runs.
 */
#ifndef STANDIN_COLLECTIONS_H
#define STANDIN_COLLECTIONS_H

#include "caller.h"

/* Methods are compiled: arenas come and go, the code heap grows, code is made read-only. */
void compile_methods(struct caller *caller);

/* The collector's heap grows, is collected and shrinks. */
void collect(struct caller *caller);

/* The code that was compiled goes, as with its domain. */
void discard_methods(struct caller *caller);

#endif
