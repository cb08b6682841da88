/*
 * view_hooks.h: what a redirected module calls instead of Win32's functions for views. Win32 maps
 * and unmaps them, the manager keeps the books: views of sections that it knows belong to those
 * (pages/sections/view.h), all others are mapped ranges (pages/mapped.h), be they of files or not.
 * Private copies of pages, in views that are mapped with FILE_MAP_COPY, are in no books. Views that
 * were unmapped unseen are looked for when Win32 hands out their addresses: for a view of a known
 * section in all of its granules, for another if its first address lies in one, for memory never.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_SECTIONS_VIEW_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_SECTIONS_VIEW_HOOKS_H

#include "redirect/hooks/hook_table.h"

#include <stdbool.h>

extern const struct hook_table view_hooks;

/* What all ways to map take. */
struct map_request {
    unsigned hook; /* for the way's own use */
    HANDLE mapping;
    HANDLE process;
    LPVOID address;
    ULONG64 offset;
    SIZE_T size;
    ULONG type;
    ULONG protect; /* or access */
    MEM_EXTENDED_PARAMETER *parameters;
    ULONG count;
    ULONG node;
};

/* One of Win32's ways to map. */
typedef LPVOID map_way(const struct map_request *request);

/*
 * Maps in this process, and enters the view in the books. If there is no address space, asks the
 * manager for some, as a CLR asks its host, and tries once more. If the books have no memory for a
 * view of a known section, it is not mapped; a placeholder that it was to replace is gone then.
 */
LPVOID view_hooks_map(map_way *way, const struct map_request *request);

/* One of Win32's ways to unmap, by a handle of this process. */
typedef BOOL unmap_view(HANDLE process, LPVOID address, ULONG flags);

/* Unmaps in one of these ways, and takes the view out of the books. */
BOOL view_hooks_unmap(HANDLE process, LPVOID address, ULONG flags, unmap_view *unmap);

#endif
