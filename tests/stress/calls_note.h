/*
 * calls_note.h: the code around each call of a method; for calls.c and calls_inspect.c.
 */
#ifndef HOSTMEM_TESTS_STRESS_CALLS_NOTE_H
#define HOSTMEM_TESTS_STRESS_CALLS_NOTE_H

#include "calls.h"

/* Results that are as good as S_OK. */
#define ACCEPT_NOTHING 1u /* S_FALSE */
#define ACCEPT_REFUSED 2u /* E_OUTOFMEMORY */
#define ACCEPT_NOBODYS 4u /* the address is in no region, or is taken */

void note_begin(struct caller *caller, enum method method);

/* True: S_OK. */
bool note_end(struct caller *caller, HRESULT hr, unsigned accepted);

/* Makes the call, and notes while it is under way which method the caller is in. True: S_OK. */
#define NOTE(caller, method, accepted, call)                                                       \
    (note_begin((caller), (method)), note_end((caller), (call), (accepted)))

#endif
