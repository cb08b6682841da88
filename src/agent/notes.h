/*
 * notes.h: what the manager tells the agent, written on the board: modules that are redirected,
 * blocks that are damaged, the process's end.
 *
 * All are callbacks of HOSTMEM_OPTIONS, and may be called by any thread at any time.
 */
#ifndef HOSTMEM_AGENT_NOTES_H
#define HOSTMEM_AGENT_NOTES_H

#include <hostmem/hostmem.h>

/* HOSTMEM_OPTIONS.pfnModule, pfnDamage and pfnEnding; their contexts are not used. */
void CALLBACK notes_module(void *context, const HOSTMEM_MODULE *module);
HRESULT CALLBACK notes_damage(void *context, const HOSTMEM_DAMAGE *damage);
void CALLBACK notes_ending(void *context, const HOSTMEM_ENDING *ending);

/* Notes a module that the agent itself has redirected, or could not redirect. */
void notes_redirected(HMODULE module, DWORD kind, HRESULT result);

#endif
