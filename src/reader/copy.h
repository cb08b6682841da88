/*
 * copy.h: a private copy of the books of another process's manager, made so that nothing in the
 * books has to be believed.
 *
 * Two pieces of memory are used, each laid out like the books themselves:
 * - `raw` receives bytes as they are found. It never changes afterwards, and everything that is
 *   looked at in it is checked: bounds, states, sizes, pointers.
 * - The copy's own book space holds a manager that manager_parts.c has made, with all pools empty.
 *   The records are filled in one by one. Every pointer in it is one that this process has made.
 * So whatever the books hold, the code that shows a live manager can run on the copy.
 *
 * What is read may change meanwhile, if the process lives. Why the copy is right all the same:
 * - The manager, with its counts of calls that have ended, is read first, and the counts of calls
 *   that have begun are read last. A call that was under way in between makes the two differ, and
 *   so counts as under way (counters.h). If none was, nothing changed, and the copy is exact.
 * - A region or a mapped range is read twice, with all else read in between. Its `life` changes
 *   whenever anything about it changes; so if both readings are equal, the record, and the bits of
 *   its pages, are those of one moment. Otherwise it is read again, a few times, and is then busy.
 * - A section or a view is read twice likewise. The `life` of a section does not change with its
 *   figures, but whole records are compared. One that does not come to rest is left out, a section
 *   with its views.
 * - A slab counts if its key is the same in both readings: its words are then of one use.
 * - A thread's counts that differ between the readings make it count as inside a call.
 * - A block's history counts if it has not changed between two readings, with the word that says
 *   whose the block is read in between.
 */
#ifndef HOSTMEM_READER_COPY_H
#define HOSTMEM_READER_COPY_H

#include "hosting/manager.h"

struct copy {
    struct manager manager; /* at the start of the copy's book space, like the writer's */
    const char *view;       /* the books as this process sees them: anybody may change them */
    char *raw;
    uintptr_t base; /* where the writer sees them */
    size_t metadata_used;
    size_t names_used;
    size_t histories_used;
    bool histories_changed; /* while the slabs were read */
};

/* What was read of the manager. */
static inline const struct manager *copy_raw_manager(const struct copy *copy)
{
    return (const struct manager *)copy->raw;
}

static inline size_t copy_offset(const struct copy *copy, const void *in_copy)
{
    return (size_t)((const char *)in_copy - (const char *)copy);
}

/* ------------------------------------------------------------------------------------------------
 * copy_read.c: reading. S_OK; HRESULT_FROM_WIN32(ERROR_INVALID_DATA): it is not there;
 * E_OUTOFMEMORY.
 * --------------------------------------------------------------------------------------------- */

/* Reads [offset, offset + size) of a view. Never faults, whatever the view is. */
HRESULT copy_read_view(const char *view, void *to, size_t offset, size_t size);

/* The same of the copy's view. */
HRESULT copy_read(const struct copy *copy, void *to, size_t offset, size_t size);

/* The same into the same place of raw. */
HRESULT copy_read_raw(const struct copy *copy, size_t offset, size_t size);

/* Reads what a pool of the manager has given out, into raw. */
HRESULT copy_read_pool(const struct copy *copy, const struct pool *raw, const struct pool *pool);

/* Gives out as many items of the copy's pool as were read of the writer's. */
HRESULT copy_give_out(const struct pool *raw, struct pool *pool);

/* Gives them out, and reads them once more, into the copy's pool. */
HRESULT copy_read_again(const struct copy *copy, const struct pool *raw, struct pool *pool);

/* The item as it was read into raw. */
static inline const void *copy_raw_item(const struct copy *copy, const struct pool *pool,
                                        uint32_t index)
{
    return copy->raw + copy_offset(copy, pool_item(pool, index));
}

/*
 * Makes both readings of an item equal, by reading it again where they differ. False: it keeps
 * changing.
 */
bool copy_settle_item(const struct copy *copy, const struct pool *pool, uint32_t index);

/*
 * What a pointer found in the books leads to in raw, if `size` bytes of it lie in the first `used`
 * bytes of the span, aligned; else NULL.
 */
const void *copy_follow(const struct copy *copy, const void *pointer, const struct span *span,
                        size_t used, size_t size, size_t alignment);

/* The index of the item of the pool that a pointer found in the books names; 0: it names none. */
uint32_t copy_index_of(const struct copy *copy, const void *pointer, const struct pool *pool);

/* A kept file name, in raw; NULL: there is none, or it does not end. */
const char *copy_text(const struct copy *copy, const char *pointer);

/* ------------------------------------------------------------------------------------------------
 * copy_pages.c, copy_sections.c and copy_heaps.c: filling in records
 * --------------------------------------------------------------------------------------------- */

HRESULT copy_fill_chunks(struct copy *copy);
HRESULT copy_fill_regions(struct copy *copy);
HRESULT copy_fill_mapped(struct copy *copy);
HRESULT copy_fill_sections(struct copy *copy);
HRESULT copy_fill_slabs(struct copy *copy);
HRESULT copy_fill_heaps(struct copy *copy);

/* ------------------------------------------------------------------------------------------------
 * copy.c
 * --------------------------------------------------------------------------------------------- */

/* Reads everything into a copy that is empty, but for its manager's parts, view, raw and base. */
HRESULT copy_fill(struct copy *copy);

#endif
