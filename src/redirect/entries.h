/*
 * entries.h: which entries of a module's import address tables a redirection rewrites, and what was
 * in them.
 */
#ifndef HOSTMEM_REDIRECT_ENTRIES_H
#define HOSTMEM_REDIRECT_ENTRIES_H

#include "redirect/redirection.h"

/*
 * Counts the entries to rewrite. S_OK: the redirection is to be made, with room for so many;
 * S_FALSE, or why it cannot be made: HostMemRedirectModule's.
 */
HRESULT entries_survey(HMODULE module, DWORD flags, size_t *count);

/*
 * Notes the entries in the redirection and rewrites them. S_FALSE: another thread has just
 * rewritten them all; Win32's error: nothing is rewritten.
 */
HRESULT entries_rewrite(struct redirection *redirection);

/*
 * Puts them back. S_FALSE: the module had been unloaded; Win32's first error: the other entries
 * have been put back.
 */
HRESULT entries_put_back(struct redirection *redirection);

/*
 * A module was unloaded under its redirections: their entries are no more. Another module may get
 * the addresses.
 */
void entries_forget(HMODULE module);

#endif
