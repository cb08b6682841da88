/*
 * entries.c: see entries.h.
 *
 * A first walk over the module's imports counts the entries to rewrite. Two more note them in a
 * redirection of that size: entries of functions that make something come last.
 */
#include "redirect/entries.h"

#include "pe/import_table.h"
#include "pe/import_write.h"
#include "redirect/hooks/hook_catalogue.h"
#include "redirect/hooks/lookup_hooks.h"
#include "redirect/spinlock.h"

/* Guards all writing of entries (import_write allows one thread at a time), and `standing`. */
static struct spinlock rewriting = SPINLOCK_FREE;

/*
 * The redirections whose entries are rewritten, the newest first, linked by `below`. One is in the
 * list before the first of its entries is rewritten: its thread may be terminated after any of
 * them.
 */
static redirection_link standing;

static struct redirection *first_of(const redirection_link *link)
{
    return atomic_load_explicit(link, memory_order_relaxed);
}

/* The first walk over the imports. */
struct survey {
    DWORD flags;     /* HostMemRedirectModule's */
    size_t count;    /* entries to rewrite */
    bool is_unknown; /* of some entry it cannot be told what it is */
    bool is_wanted;  /* the redirection is to be made, even if there is no entry to rewrite */
};

/* ------------------------------------------------------------------------------------------------
 * Which entries
 * --------------------------------------------------------------------------------------------- */

static unsigned features_of(DWORD flags)
{
    unsigned features = flags & HOSTMEM_REDIRECT_NO_PAGES ? 0 : HOOKS_PAGES;

    if (flags & REDIRECT_LOADER_ONLY)
        return HOOKS_LOADS;
    if (!(flags & HOSTMEM_REDIRECT_NO_STATUS))
        features |= HOOKS_STATUS;
    if (flags & HOSTMEM_REDIRECT_HEAP)
        features |= HOOKS_HEAP;
    if (flags & HOSTMEM_REDIRECT_FOLLOW)
        features |= HOOKS_LOADS;
    if (flags & HOSTMEM_REDIRECT_ENDINGS)
        features |= HOOKS_ENDINGS;
    return features;
}

static struct rewritten *find_in(struct redirection *redirection, const volatile void *entry)
{
    for (size_t i = 0; i < redirection->count; i++) {
        if (redirection->entries[i].entry == entry)
            return &redirection->entries[i];
    }
    return NULL;
}

/* The newest of the standing redirections' notes of an entry; NULL: there is none. */
static struct rewritten *find_standing(const volatile void *entry)
{
    struct rewritten *found = NULL;

    for (struct redirection *at = first_of(&standing); at && !found; at = first_of(&at->below))
        found = find_in(at, entry);
    return found;
}

/* What an entry held before any of the standing redirections. */
static const void *address_before(const struct import *import)
{
    const void *address = *import->entry;

    for (struct redirection *at = first_of(&standing); at; at = first_of(&at->below)) {
        const struct rewritten *noted = find_in(at, import->entry);

        if (noted)
            address = noted->original; /* the oldest is the last */
    }
    return address;
}

/*
 * The hook for an import; NULL: there is none, or the entry is redirected to it already, even if
 * somebody else has rewritten it since. A module that is redirected once more, with other flags,
 * looks up by GetProcAddress what either of the two redirects.
 */
static void *hook_of(const struct import *import, DWORD flags)
{
    const struct rewritten *noted = find_standing(import->entry);
    const void *now = noted ? noted->hook : *import->entry;
    const void *before = address_before(import);
    unsigned features = features_of(flags);
    void *hook = lookup_hooks_find(features | lookup_hooks_features(now), import, before);

    if (!hook)
        hook = hook_catalogue_find_import(features, import, before);
    return hook != now ? hook : NULL;
}

/* Functions that give memory, and GetProcAddress, which gives out pointers to such. */
static bool is_maker(const void *hook)
{
    return hook_catalogue_makes(hook) || lookup_hooks_features(hook);
}

/* The same, if these flags want it. */
static void *wanted_hook_of(const struct import *import, DWORD flags)
{
    void *hook = hook_of(import, flags);

    return hook && (flags & REDIRECT_NO_MAKERS) && is_maker(hook) ? NULL : hook;
}

static bool count_entry(void *context, const struct import *import)
{
    struct survey *survey = context;

    if (wanted_hook_of(import, survey->flags))
        survey->count++;
    if (hook_catalogue_is_unknown(features_of(survey->flags), import, address_before(import)))
        survey->is_unknown = true;
    return true;
}

/* One of the walks that note entries. */
struct noting {
    struct redirection *redirection;
    bool makers; /* notes the makers; else the others */
};

static bool note_entry(void *context, const struct import *import)
{
    const struct noting *noting = context;
    struct redirection *redirection = noting->redirection;
    void *hook = wanted_hook_of(import, redirection->flags);

    if (!hook || is_maker(hook) != noting->makers)
        return true;
    if (redirection->count == redirection->capacity)
        return false; /* another thread or program is rewriting the module */
    redirection->entries[redirection->count] =
        (struct rewritten){import->entry, *import->entry, hook};
    redirection->count++;
    return true;
}

/* In the order in which they are to be rewritten. */
static void note_entries(struct redirection *redirection)
{
    struct noting noting = {redirection, false};

    import_walk(redirection->module, note_entry, &noting);
    noting.makers = true;
    import_walk(redirection->module, note_entry, &noting);
}

/* ------------------------------------------------------------------------------------------------
 * Rewriting
 * --------------------------------------------------------------------------------------------- */

/*
 * Puts one entry back. If a newer redirection has rewritten it once more, that one gets what to put
 * back in its turn. What another program has written stays.
 */
static DWORD put_entry_back(const struct rewritten *rewritten)
{
    struct rewritten *newer;

    if (*rewritten->entry == rewritten->hook)
        return import_write(rewritten->entry, rewritten->original);
    newer = find_standing(rewritten->entry);
    if (newer && newer->original == rewritten->hook)
        newer->original = rewritten->original;
    return ERROR_SUCCESS;
}

/* Puts the entries back, the last first, also after an error. Returns the first error, or 0. */
static DWORD put_back(const struct redirection *redirection)
{
    DWORD first_error = ERROR_SUCCESS;
    size_t count = redirection->count;

    while (count--) {
        const struct rewritten *rewritten = &redirection->entries[count];
        DWORD error = ERROR_SUCCESS;

        if (!redirection->keeps_blocks || !hook_catalogue_takes_blocks(rewritten->hook))
            error = put_entry_back(rewritten);
        if (!first_error)
            first_error = error;
    }
    return first_error;
}

/* Returns the first error, or 0. */
static DWORD rewrite(const struct redirection *redirection)
{
    DWORD error = ERROR_SUCCESS;

    for (size_t i = 0; i < redirection->count && !error; i++)
        error = import_write(redirection->entries[i].entry, redirection->entries[i].hook);
    return error;
}

/* ------------------------------------------------------------------------------------------------
 * A redirection's entries
 * --------------------------------------------------------------------------------------------- */

/* True if a standing redirection of the module has HOSTMEM_REDIRECT_FOLLOW. */
static bool is_followed(const void *module)
{
    const struct redirection *at = first_of(&standing);

    while (at && !(at->module == module && (at->flags & HOSTMEM_REDIRECT_FOLLOW)))
        at = first_of(&at->below);
    return at != NULL;
}

/* Counts the entries to rewrite. */
static enum import_walk_result take_survey(HMODULE module, struct survey *survey)
{
    enum import_walk_result result;

    spinlock_acquire(&rewriting);
    result = import_walk(module, count_entry, survey);
    survey->is_wanted =
        survey->count || ((survey->flags & REDIRECT_MAY_BE_EMPTY) && !is_followed(module));
    spinlock_release(&rewriting);
    return result;
}

HRESULT entries_survey(HMODULE module, DWORD flags, size_t *count)
{
    struct survey survey = {.flags = flags};

    if (take_survey(module, &survey) == IMPORT_WALK_NOT_PE)
        return HRESULT_FROM_WIN32(ERROR_BAD_EXE_FORMAT);
    if (survey.is_unknown)
        return HRESULT_FROM_WIN32(ERROR_PROC_NOT_FOUND);
    *count = survey.count;
    return survey.is_wanted ? S_OK : S_FALSE;
}

static void put_in(struct redirection *redirection)
{
    atomic_store_explicit(&redirection->below, first_of(&standing), memory_order_relaxed);
    redirection->is_standing = true;
    atomic_store_explicit(&standing, redirection, memory_order_release);
}

/* Takes a redirection out of the list of those that stand, if it is in it. */
static void take_out(const struct redirection *redirection)
{
    redirection_link *at = &standing;

    while (first_of(at) && first_of(at) != redirection)
        at = &first_of(at)->below;
    if (first_of(at))
        atomic_store_explicit(at, first_of(&redirection->below), memory_order_release);
}

/* Puts all back, also after an error. Returns the first error, or 0. */
static DWORD put_all_back(struct redirection *redirection)
{
    DWORD error;

    if (!redirection->is_standing)
        return ERROR_SUCCESS;
    take_out(redirection);
    error = put_back(redirection);
    redirection->is_standing = false;
    return error;
}

HRESULT entries_rewrite(struct redirection *redirection)
{
    DWORD error = ERROR_SUCCESS;
    bool any;

    spinlock_acquire(&rewriting);
    note_entries(redirection);
    any = redirection->count || !redirection->capacity;
    if (any) {
        put_in(redirection);
        error = rewrite(redirection);
    }
    if (error)
        put_all_back(redirection);
    spinlock_release(&rewriting);
    return any ? HRESULT_FROM_WIN32(error) : S_FALSE;
}

HRESULT entries_put_back(struct redirection *redirection)
{
    DWORD error = ERROR_SUCCESS;
    bool is_unloaded;

    spinlock_acquire(&rewriting);
    is_unloaded = redirection->is_unloaded;
    if (!is_unloaded)
        error = put_all_back(redirection);
    spinlock_release(&rewriting);
    return is_unloaded ? S_FALSE : HRESULT_FROM_WIN32(error);
}

void entries_forget(const void *module)
{
    redirection_link *at = &standing;
    struct redirection *redirection;

    spinlock_acquire(&rewriting);
    while ((redirection = first_of(at)) != NULL) {
        if (redirection->module == module) {
            redirection->is_unloaded = true;
            redirection->is_standing = false;
            take_out(redirection);
        } else {
            at = &redirection->below;
        }
    }
    spinlock_release(&rewriting);
}
