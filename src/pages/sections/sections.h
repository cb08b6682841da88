/*
 * sections.h: the sections of the paging file that a manager knows: making and ending them, and the
 * handles that stand for them. view.h says what is known about views.
 *
 * Known is a section that a redirected module has made, by a call of this manager's. Not known: one
 * that was there before, or that was opened by its name. What another process, or a module that is
 * not redirected, does with a known section is not seen: a page that it commits is not in the books
 * until a commit that is seen meets it, and the section leaves the books with the last known handle
 * and view, though somebody may hold it still.
 *
 * Handles. An array of slots, by the handle's value, holds the section that a handle stands for,
 * with a reference; 0: none is known.
 * - Who has been given a handle by Win32 writes its slot. What the slot held before was the
 *   section of a handle that had been closed unseen: it loses that reference now.
 * - Who closes a handle empties the slot before it asks Win32, because the value may be another
 *   thread's right after. If Win32 refuses, and the handle is open still, it puts the section back,
 *   unless another has come.
 * - So a handle that is closed unseen keeps its section in the books, with its charge, until its
 *   value is closed, or handed out by a call that is seen. A view that is mapped by such a value
 *   meanwhile, of something else, counts as one of that section, if the section is large enough.
 *
 * Promise: lock-free and suspension-safe; no system call but to commit metadata.
 */
#ifndef HOSTMEM_PAGES_SECTIONS_SECTIONS_H
#define HOSTMEM_PAGES_SECTIONS_SECTIONS_H

#include "budget/budget.h"
#include "counters/counters.h"
#include "pages/chunk_table.h"
#include "pages/pages_result.h"
#include "pages/sections/section.h"

struct sections {
    struct counters *counters;
    struct budget *budget;
    struct chunk_table *chunks;
    struct pool records; /* struct section */
    struct pool views;   /* struct view */
    struct pool nodes;   /* struct sparse_node */
    struct sparse handles;
    _Atomic uint64_t sequence; /* of the youngest section */
};

/* False: no address space. views_init (view.h) makes the pool of views. */
bool sections_init(struct sections *sections, struct counters *counters, struct budget *budget,
                   struct chunk_table *chunks, struct book_space *books);
void sections_destroy(struct sections *sections);

static inline struct section *sections_at(const struct sections *sections, uint32_t index)
{
    return pool_item(&sections->records, index);
}

/* ------------------------------------------------------------------------------------------------
 * Making a section: sections_begin, the request to Win32, and sections_made or sections_unmade
 * --------------------------------------------------------------------------------------------- */

/*
 * Takes a record, and charges what Win32 will commit. *index is its index. PAGES_FOREIGN: it is a
 * request that Win32 refuses, and the books need not know of it; PAGES_REFUSED, PAGES_DENIED;
 * OS_ERROR_NOT_ENOUGH_MEMORY.
 */
pages_result sections_begin(struct sections *sections, const struct section_request *request,
                            uint32_t *index);

/* Win32 has made it, and the handle is its first. False: no memory; it is to be unmade. */
bool sections_made(struct sections *sections, uint32_t index, uintptr_t handle);

/* Win32 has not made it, or has it back. */
void sections_unmade(struct sections *sections, uint32_t index);

/* Releases a reference. The last one ends the section, and refunds what it is charged for. */
void sections_release(struct sections *sections, uint32_t index);

/* ------------------------------------------------------------------------------------------------
 * Handles
 * --------------------------------------------------------------------------------------------- */

/* True if the handle stands for a known section. */
bool sections_know(const struct sections *sections, uintptr_t handle);

/* The section that the handle stands for, with a reference for the caller; 0: none. */
uint32_t sections_hold(struct sections *sections, uintptr_t handle);

/*
 * A handle that Win32 has just handed out stands for that section: the caller's reference is the
 * handle's from now on. False: no memory; the reference is the caller's.
 */
bool sections_note_handle(struct sections *sections, uintptr_t handle, uint32_t index);

/* Win32 has just handed out the handle for something else. */
void sections_forget_handle(struct sections *sections, uintptr_t handle);

/* The handle is about to be closed. Its section, the reference being the caller's now; 0: none. */
uint32_t sections_take_handle(struct sections *sections, uintptr_t handle);

/* Win32 has not closed it. */
void sections_restore_handle(struct sections *sections, uintptr_t handle, uint32_t index);

/* Walks the live sections: *cursor starts at 0. False: there are no more. */
bool sections_next(const struct sections *sections, uint32_t *cursor, struct section_facts *facts);

#endif
