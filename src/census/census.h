/*
 * census.h: counts every page of a process and says whose it is: what is in the books, and, by
 * name, all the rest.
 *
 * The process is the caller's own, or another one. Nothing here allocates, takes a lock or asks
 * anything of a heap: the process may be coming down, with threads that were ended while they held
 * locks. So neither HeapWalk nor Toolhelp serves. What is known instead:
 * - The system tells of each page whether it is private, of an image or of a section, and which
 *   allocation it belongs to (VirtualQuery). The books know which allocations are theirs.
 * - The system lists the process's threads, and each thread's environment block (TEB) says where
 * its stack is. Threads that have ended are known by the agent's notes; their stacks count while
 * their TEBs are there, as they are under Wine.
 * - A heap of Windows is an allocation, and so is each further segment and each large block of it.
 *   They are linked to lists that begin in the heap (census_heaps.c).
 * - The process's environment block (PEB) names the rest of what Windows keeps there.
 * Each of these is believed only as far as VirtualQuery agrees: what is named a stack is one whole
 * allocation of private memory, from the stack's lower end to its upper one.
 *
 * In a process whose other threads work meanwhile, each page is as it was when it was looked at.
 */
#ifndef HOSTMEM_CENSUS_CENSUS_H
#define HOSTMEM_CENSUS_CENSUS_H

#include "board/memory_notes.h"
#include "board/page_owner.h"

#include <hostmem/hostmem.h>

struct census_subject {
    /*
     * GetCurrentProcess(), or a handle of another process of the same bitness, with the rights
     * PROCESS_QUERY_INFORMATION and PROCESS_VM_READ.
     */
    HANDLE process;
    IHostMemInspection *inspection; /* of its manager, or of a copy of the manager's books */
    const struct memory_notes *notes;
};

/*
 * Fills in *map. One call at a time. Takes no more stack than a few kilobytes. What cannot be read
 * or is not certain is PAGE_OWNER_UNKNOWN.
 */
void census_take(struct page_map *map, const struct census_subject *subject);

/*
 * Notes the private memory of the calling process before anything of the program has run: what is
 * no stack and no heap of it is Windows' own.
 */
void census_note_early(struct memory_notes *notes);

#endif
