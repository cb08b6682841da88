/*
 * pressure.h: a program that takes all the memory that it is given.
 */
#ifndef STANDIN_PRESSURE_H
#define STANDIN_PRESSURE_H

#include "caller.h"

/*
 * Commits and touches pages of the collector's heap until the host refuses or the callback is told
 * that memory is low, at most 256 MiB. Then it gives most of them back and prints "notified low
 * <how often>". A refusal is no failure here.
 */
void allocate_until_told(struct caller *caller);

#endif
