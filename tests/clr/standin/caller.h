/*
 * caller.h: a thread of the stand-in's CLR that calls the memory manager. It knows how critical its
 * requests are and remembers the first that failed. After that it asks for nothing more, so a
 * sequence of calls needs no checks in between.
 *
 * As for a CLR, only S_OK is success. No function but caller_verdict prints or takes a lock.
 */
#ifndef STANDIN_CALLER_H
#define STANDIN_CALLER_H

#include <hostmem/clrhosting.h>

#include <stdbool.h>

#define PAGE ((SIZE_T)0x1000)
#define GRANULE ((SIZE_T)0x10000)

struct caller {
    EMemoryCriticalLevel level;
    const char *failed; /* the first call that did; NULL: none has */
    HRESULT result;     /* of that */
};

/* Notes down a failure, unless there is one already. */
void caller_fail(struct caller *caller, const char *call, HRESULT hr);

/* Takes over a failure of another thread's. */
void caller_join(struct caller *caller, const struct caller *other);

/* S_OK; or E_FAIL, and a line on stderr which says what failed. */
HRESULT caller_verdict(const struct caller *caller);

/* Pages. NULL, 0 and nothing if the caller has failed. */
void *caller_alloc(struct caller *caller, void *address, SIZE_T size, DWORD type, DWORD protect);
void caller_free(struct caller *caller, void *address, SIZE_T size, DWORD type);
MEMORY_BASIC_INFORMATION caller_query(struct caller *caller, const void *address);
DWORD caller_protect(struct caller *caller, void *address, SIZE_T size, DWORD protect);
void caller_memory_load(struct caller *caller);

/* Blocks; likewise. */
void *caller_malloc(struct caller *caller, SIZE_T size);
void *caller_debug_malloc(struct caller *caller, SIZE_T size, const char *file, int line);
void caller_malloc_free(struct caller *caller, void *block);

/*
 * Writes a pattern that depends on the seed and on each byte's address; and fails unless it stands
 * there still. If it does not, the same memory was handed out twice.
 */
void caller_fill(struct caller *caller, void *memory, SIZE_T size, unsigned seed);
void caller_check(struct caller *caller, const void *memory, SIZE_T size, unsigned seed);

/* Fails unless fresh pages are all zero. */
void caller_check_zero(struct caller *caller, const void *memory, SIZE_T size);

#endif
