/*
 * census_heaps.c: which allocations are of Windows' heaps, told without a heap's lock and without
 * knowing how this Windows' heaps are laid out.
 *
 * A heap is an allocation that begins with the heap's own description. All that the heap has
 * besides is in further allocations, its segments and its large blocks, and each begins with a few
 * words of which two link it, forwards and backwards, into a list that begins in the heap's
 * description. That is so for the heaps of every Windows since NT (its segments, its virtually
 * allocated blocks, the page segments of the later segment heap), and for Wine's (which also links
 * its heaps with each other). So what is looked for is:
 * - a pair of words in the heap's first page that is the head of a list: the word behind the one
 *   that it points to points back to it;
 * - members of that list that lie in the first bytes of a private allocation. A list with other
 *   members is given up at the first of them: it is one of free blocks, or of something else.
 * Large allocations of a segment heap are in a tree and not found: they are unknown.
 */
#include "census/census_heaps.h"

#include <winternl.h>

enum {
#ifdef _WIN64
    PEB_HEAP = 0x30,       /* the process's heap */
    PEB_HEAP_COUNT = 0xe8, /* 0 under Wine */
    PEB_HEAPS = 0xf0,      /* address of an array of them */
    HEAP_SIGNATURE = 0x10,
#else
    PEB_HEAP = 0x18,
    PEB_HEAP_COUNT = 0x88,
    PEB_HEAPS = 0x90,
    HEAP_SIGNATURE = 0x08,
#endif
    MEMBER_MOST = 0x100,   /* bytes of an allocation in which its link lies */
    MEMBERS_MOST = 100000, /* whatever the words say */
    INNER_MOST = 4         /* members inside the heap's own first allocation that are passed over */
};

#define SIGNATURE_OF_HEAP 0xffeeffeeu

struct link {
    uintptr_t next, previous;
};

static bool is_aligned(uintptr_t address)
{
    return address && address % sizeof(void *) == 0;
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

/* A heap that lies in memory of its maker's own is its maker's. */
static void know_heap(struct census_work *work, uintptr_t heap)
{
    struct census_allocation *allocation = census_find_base(work, heap);

    if (!allocation)
        return;
    census_know(allocation, PAGE_OWNER_HEAP);
    for (uint32_t i = 0; i < work->heap_count; i++)
        if (work->heaps[i] == heap)
            return;
    if (work->heap_count < CENSUS_HEAPS)
        work->heaps[work->heap_count++] = heap;
    else
        work->is_cut = true;
}

/* Wine's heaps are linked with each other. A segment of Windows' says so of itself as well. */
static void know_member(struct census_work *work, struct census_allocation *member,
                        bool lists_heaps)
{
    uint32_t signature;

    if (lists_heaps &&
        census_read(work, member->base + HEAP_SIGNATURE, &signature, sizeof(signature)) &&
        signature == SIGNATURE_OF_HEAP)
        know_heap(work, member->base);
    else
        census_know(member, PAGE_OWNER_HEAP);
}

/* ------------------------------------------------------------------------------------------------
 * A list
 * --------------------------------------------------------------------------------------------- */

static void follow(struct census_work *work, uintptr_t heap, uintptr_t head, uintptr_t first,
                   bool lists_heaps)
{
    uintptr_t before = head, at = first;
    int inner = 0;

    for (int i = 0; i < MEMBERS_MOST && at != head; i++) {
        struct census_allocation *member = is_aligned(at) ? census_find(work, at) : NULL;
        bool is_inner = member && member->base == heap;
        struct link link;

        if (!member || (is_inner ? ++inner > INNER_MOST : at - member->base >= MEMBER_MOST) ||
            !census_read(work, at, &link, sizeof(link)) || link.previous != before)
            return;
        if (!is_inner)
            know_member(work, member, lists_heaps);
        before = at;
        at = link.next;
    }
}

static void look_through(struct census_work *work, uintptr_t heap, bool lists_heaps)
{
    const uintptr_t *word = (const uintptr_t *)work->scratch;

    if (!census_read(work, heap, work->scratch, sizeof(work->scratch)))
        return;
    for (size_t i = 0; i + 1 < sizeof(work->scratch) / sizeof(*word); i++) {
        uintptr_t head = heap + i * sizeof(*word);

        if (is_aligned(word[i]) && is_aligned(word[i + 1]) && word[i] != head)
            follow(work, heap, head, word[i], lists_heaps);
    }
}

/* ------------------------------------------------------------------------------------------------
 * All of them
 * --------------------------------------------------------------------------------------------- */

/* The heaps that the process's block lists: all of them on Windows, none under Wine. */
static bool know_listed(struct census_work *work, uintptr_t peb)
{
    uint32_t count;
    uintptr_t array, heap;

    if (!census_read(work, peb + PEB_HEAP_COUNT, &count, sizeof(count)) ||
        !census_read(work, peb + PEB_HEAPS, &array, sizeof(array)))
        return false;
    if (count > CENSUS_HEAPS)
        work->is_cut = true;
    for (uint32_t i = 0; i < count && i < CENSUS_HEAPS; i++)
        if (census_read(work, array + i * sizeof(heap), &heap, sizeof(heap)))
            know_heap(work, heap);
    return count > 0;
}

void census_heaps(struct census_work *work, uintptr_t peb)
{
    bool are_listed = know_listed(work, peb);
    uintptr_t heap;

    if (census_read(work, peb + PEB_HEAP, &heap, sizeof(heap)))
        know_heap(work, heap);
    /* Those that are found meanwhile follow. */
    for (uint32_t i = 0; i < work->heap_count; i++)
        look_through(work, work->heaps[i], !are_listed);
}
