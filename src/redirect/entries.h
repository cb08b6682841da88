/*
 * entries.h: which entries of a module's import address tables a redirection rewrites, and what was
 * in them.
 */
#ifndef HOSTMEM_REDIRECT_ENTRIES_H
#define HOSTMEM_REDIRECT_ENTRIES_H

#include "redirect/binding.h"

#include <hostmem/hostmem.h>

/*
 * Beside HostMemRedirectModule's flags. The first: only the loader's functions are redirected. The
 * second: a module without entries to rewrite is S_OK, unless it is redirected with
 * HOSTMEM_REDIRECT_FOLLOW already. The third: functions that make something are left out
 * (hook_catalogue_makes).
 */
#define REDIRECT_LOADER_ONLY 0x80000000u
#define REDIRECT_MAY_BE_EMPTY 0x40000000u
#define REDIRECT_NO_MAKERS 0x20000000u

/* An entry that was rewritten. */
struct rewritten {
    void *volatile *entry;
    void *original; /* what was in it */
    void *hook;     /* what is in it */
};

typedef _Atomic(struct redirection *) redirection_link;

struct redirection {
    HOSTMEM_REDIRECTION *name; /* redirect_module.c: by which the host knows it; NULL: none */
    struct binding_use use;
    HMODULE module;
    DWORD flags;

    /* redirection.h */
    redirection_link next;       /* of all */
    struct redirection *claimed; /* the next of those that were claimed together */
    _Atomic uint32_t thread;     /* that makes or undoes it; 0: it stands */
    bool holds_module;

    /* follow.c */
    bool follows;     /* it is one of the host's that follow */
    bool is_followed; /* it was made because of those */

    /* entries.c */
    redirection_link below; /* the next in its list */
    bool is_standing;       /* entries may be rewritten */
    bool is_unloaded;       /* the module was unloaded under it */
    bool keeps_blocks;      /* what is given blocks stays redirected: see entries_put_back */
    size_t capacity;        /* entries that there is room for */
    size_t count;           /* entries that were noted */
    struct rewritten entries[];
};

/*
 * Counts the entries to rewrite. S_OK: the redirection is to be made, with room for so many;
 * S_FALSE, or why it cannot be made: HostMemRedirectModule's.
 */
HRESULT entries_survey(HMODULE module, DWORD flags, size_t *count);

/*
 * Notes the entries in the redirection and rewrites them, functions that make something last: the
 * module's threads may be running, and what they get from the manager they must be able to give
 * back. S_FALSE: another thread has just
 * rewritten them all; Win32's error: nothing is rewritten.
 */
HRESULT entries_rewrite(struct redirection *redirection);

/*
 * Puts those back that are rewritten, functions that make something first. With keeps_blocks
 * functions that are given a block, or a heap, that there is stay redirected for ever: others than
 * the module have blocks of the manager's, and free them by the module's code. S_FALSE: the module
 * had been unloaded; Win32's first error: the other entries have been put back. May be called
 * again, also for a redirection whose entries another thread was rewriting, or putting back, when
 * it was terminated.
 */
HRESULT entries_put_back(struct redirection *redirection);

/*
 * A module was unloaded under its redirections: their entries are no more. Another module may get
 * the addresses.
 */
void entries_forget(const void *module);

#endif
