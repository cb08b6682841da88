/*
 * suspension.h: threads of a program that allocate, and a collector that freezes them all, wherever
 * they are, and then calls the memory manager itself.
 */
#ifndef STANDIN_SUSPENSION_H
#define STANDIN_SUSPENSION_H

#include "caller.h"

void collect_with_frozen_threads(struct caller *caller);

#endif
