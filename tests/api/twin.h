/*
 * twin.h: makes the same requests to a manager and to Win32, and compares the answers.
 *
 * A scenario is a function that makes requests through a twin. It runs twice: with a twin that is a
 * manager, then with one that is Win32. Every answer is noted as an HRESULT (hresult_of_error),
 * with the last error after a failure and with addresses relative to an origin, so the notes of
 * both runs must be equal. A scenario gives back what it allocates.
 *
 * The manager's twin checks more after each request: a success leaves the last error alone, a
 * failure leaves NULL in the out pointer and the books as they were, and memory that was handed out
 * is in the books with the size that VirtualQuery tells. After the scenario the audit finds nothing
 * and the books are empty.
 */
#ifndef HOSTMEM_TESTS_API_TWIN_H
#define HOSTMEM_TESTS_API_TWIN_H

#include "support.h"

/* Bytes of free address space at a twin's spot. */
#define TWIN_SPOT ((SIZE_T)32 << 20)

struct twin {
    const struct subject *subject; /* NULL: this is Win32 */
    char *spot;                    /* free, and the same for both twins */
    char *origin;                  /* what noted addresses are relative to */
    struct twin_notes *notes;
};

typedef void twin_scenario(struct twin *twin);

/* Runs the scenario for both; fails at the first note that differs. */
void twins_compare(const struct subject *subject, twin_scenario *scenario);

/* ------------------------------------------------------------------------------------------------
 * For scenarios. Each request notes its answer.
 * --------------------------------------------------------------------------------------------- */

#define twin_alloc(twin, address, size, type, protect)                                             \
    twin_do_alloc((twin), (address), (size), (type), (protect), __LINE__)
#define twin_free(twin, address, size, type)                                                       \
    twin_do_free((twin), (address), (size), (type), __LINE__)
#define twin_protect(twin, address, size, protect)                                                 \
    twin_do_protect((twin), (address), (size), (protect), __LINE__)

/* VirtualAlloc. NULL on failure. */
char *twin_do_alloc(struct twin *twin, void *address, SIZE_T size, DWORD type, DWORD protect,
                    int line);

/* VirtualFree. False on failure. */
bool twin_do_free(struct twin *twin, void *address, SIZE_T size, DWORD type, int line);

/* VirtualProtect. False on failure. */
bool twin_do_protect(struct twin *twin, void *address, SIZE_T size, DWORD protect, int line);

/*
 * VirtualFree of what is not the caller's to free: the manager answers HOST_E_INVALIDOPERATION
 * where Win32 fails with an error of its choice.
 */
#define twin_free_refused(twin, address, size, type)                                               \
    twin_do_free_refused((twin), (address), (size), (type), __LINE__)
void twin_do_free_refused(struct twin *twin, void *address, SIZE_T size, DWORD type, int line);

/*
 * Makes a new reservation somewhere, with that type and protection; it is the origin from now on.
 */
#define twin_make(twin, size, type, protect)                                                       \
    twin_do_make((twin), (size), (type), (protect), __LINE__)
char *twin_do_make(struct twin *twin, SIZE_T size, DWORD type, DWORD protect, int line);

/* Notes the MEMORY_BASIC_INFORMATION of every page from address on. */
#define twin_look(twin, address, size) twin_do_look((twin), (address), (size), __LINE__)
void twin_do_look(struct twin *twin, void *address, SIZE_T size, int line);

/* Notes a figure. */
#define twin_note(twin, figure) twin_do_note((twin), #figure, (ULONGLONG)(figure), __LINE__)
void twin_do_note(struct twin *twin, const char *what, ULONGLONG figure, int line);

#endif
