/*
 * view.h: views of known sections: which one holds an address, and the protocol of a view's life.
 *
 * Views are found by any address inside them, because pages are committed at interior addresses.
 * The thread that has mapped a view writes its index into the chunks' nodes, for each granule that
 * it covers (chunk_table.h), before it makes it live. An index may be stale: the view says whether
 * it is live and what it covers.
 *
 * struct view lives in a type-stable pool. `life` changes by compare-and-swap, or by a release
 * store where only one thread can change it:
 *
 *   bits 0-1    state: FREE, LIVE, LEAVING or GONE
 *   bits 2-17   operations under way on its pages
 *   bits 18-63  version: grows when the view becomes live
 *
 *   FREE -> LIVE       by the thread that has mapped the view (views_map): version + 1
 *   LIVE -> LIVE       an operation begins or ends: count + 1 or - 1
 *   LIVE -> LEAVING    by the one thread that is to unmap it (views_claim)
 *   LIVE -> GONE       by a thread that has been handed the address for another view: this one was
 *                      unmapped unseen
 *   LEAVING, GONE      operations but the last end: count - 1; none begins
 *   LEAVING -> LIVE    by the thread that claimed it, when Win32 refused to unmap it
 *   LEAVING, GONE -> FREE  by the thread that claimed it, or by the last operation
 *
 * - Base, size and section are read after `life` was loaded (acquire) and before it is swapped: a
 *   swap that succeeds proves by the version that they were the live view's.
 * - A view that is unmapped while an operation is under way on it (a bug, or a race, in the
 *   program) is unmapped by the operation when it ends; the thread that unmaps it is done at once.
 *   The last operation is counted until it has unmapped the view, so that whoever unmaps the
 *   address once more is refused all that time, as Win32 would refuse it.
 *   So no operation reaches the next owner of the address, nobody waits for anybody, and a
 *   suspended thread keeps no other from going on.
 * - A view has a reference of its section from before it is mapped until it is FREE. An operation
 *   on the view relies on that.
 */
#ifndef HOSTMEM_PAGES_SECTIONS_VIEW_H
#define HOSTMEM_PAGES_SECTIONS_VIEW_H

#include "pages/sections/view_record.h"

/* The pool of views. False: no address space. */
bool views_init(struct sections *sections, struct book_space *books);
void views_destroy(struct sections *sections);

/* ------------------------------------------------------------------------------------------------
 * Mapping: views_begin, the request to Win32, and views_map or views_cancel
 * --------------------------------------------------------------------------------------------- */

/*
 * Takes a record, for a view of the section that the handle stands for, and holds the section.
 * *section is its index. The record's index; 0: the section is not known, and *section is 0, or
 * there is no memory.
 */
uint32_t views_begin(struct sections *sections, uintptr_t handle, uint32_t *section);

enum view_mapped {
    VIEW_MAPPED,
    VIEW_STRANGE, /* the section is too small: the handle stood for another, and the view is foreign
                   */
    VIEW_NO_MEMORY /* Win32 is to unmap it */
};

/*
 * Win32 has mapped the view. size: what was asked for; 0: to the section's end. If it is not in the
 * books then, it is to be cancelled.
 */
enum view_mapped views_map(struct sections *sections, uint32_t index, uintptr_t base,
                           uint64_t offset, size_t size);

/* Win32 has not mapped it, or has unmapped it. */
void views_cancel(struct sections *sections, uint32_t index);

/* ------------------------------------------------------------------------------------------------
 * Unmapping: views_claim, the request to Win32, and views_unmapped or views_restore
 * --------------------------------------------------------------------------------------------- */

enum view_claim {
    VIEW_NOT_KNOWN,
    VIEW_CLAIMED,    /* the caller is to ask Win32 */
    VIEW_HANDED_ON,  /* the last operation on it will */
    VIEW_GONE_BEFORE /* it was handed on: for the program it is unmapped, nobody is to ask Win32 */
};

/* Claims the live view that holds the address. *index: when it is claimed. */
enum view_claim views_claim(struct sections *sections, uintptr_t address, uint32_t *index);

void views_unmapped(struct sections *sections, uint32_t index);
void views_restore(struct sections *sections, uint32_t index);

/*
 * Win32 has handed out [begin, end) for something else: live views that hold a granule of it were
 * unmapped unseen, and nobody meets there any more those that are being unmapped.
 */
void views_forget(struct sections *sections, uintptr_t begin, uintptr_t end);

/* ------------------------------------------------------------------------------------------------
 * Looking
 * --------------------------------------------------------------------------------------------- */

/* True if a live view holds the address. */
bool views_know(const struct sections *sections, uintptr_t address);

/* The address lies in a view that is being unmapped; *base is the view's. False: in none. */
bool views_leave(const struct sections *sections, uintptr_t address, uintptr_t *base);

/* The facts of the section of which a live view holds the address. False: there is none. */
bool views_find_section(const struct sections *sections, uintptr_t address,
                        struct section_facts *facts);

/* A consistent copy of a view's facts. False: it is not live. */
bool views_read(const struct sections *sections, uint32_t index, struct view_facts *facts);

/* Walks the live views: *cursor starts at 0, and is the index of the one that was met. */
bool views_next(const struct sections *sections, uint32_t *cursor, struct view_facts *facts);

/* Whether the live view with that index is still the one that was read. */
bool views_are_still(const struct sections *sections, uint32_t index,
                     const struct view_facts *facts);

/* ------------------------------------------------------------------------------------------------
 * Operations
 * --------------------------------------------------------------------------------------------- */

struct view_operation {
    struct view *view;
    struct section *section;
    struct view_facts facts;
};

enum view_begun {
    VIEW_BEGUN,
    VIEW_NOT_FOUND,
    VIEW_CROWDED /* 65,535 operations are under way on it */
};

/* Begins an operation on the live view that holds the address. */
enum view_begun view_begin(struct sections *sections, uintptr_t address,
                           struct view_operation *operation);

/* Ends it. Unmaps the view if it was claimed meanwhile and this was the last operation. */
void view_end(struct sections *sections, struct view_operation *operation);

#endif
