/*
 * import_write.c: see import_write.h.
 */
#include "pe/import_write.h"

#include <stdbool.h>

#define WRITABLE                                                                                   \
    ((DWORD)(PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY))
#define EXECUTABLE                                                                                 \
    ((DWORD)(PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY))
#define CACHING ((DWORD)(PAGE_NOCACHE | PAGE_WRITECOMBINE))

/* A page that was made writable. */
struct opened {
    void *at;
    DWORD protect; /* that it had before; 0: it could be written anyway */
};

/* Makes the page of a byte writable. Returns 0, or Win32's error number. */
static DWORD open_page(void *at, struct opened *opened)
{
    MEMORY_BASIC_INFORMATION page;
    DWORD writable;

    *opened = (struct opened){at, 0};
    if (!VirtualQuery(at, &page, sizeof(page)))
        return GetLastError();
    if ((page.Protect & WRITABLE) && !(page.Protect & PAGE_GUARD))
        return ERROR_SUCCESS;
    writable = (page.Protect & EXECUTABLE) ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
    return VirtualProtect(at, 1, writable | (page.Protect & CACHING), &opened->protect)
               ? ERROR_SUCCESS
               : GetLastError();
}

static void close_page(struct opened *opened)
{
    if (opened->protect)
        VirtualProtect(opened->at, 1, opened->protect, &opened->protect);
}

/* An entry that is not aligned may lie on two pages. */
DWORD import_write(void *volatile *entry, void *value)
{
    struct opened first, last;
    DWORD error = open_page((void *)entry, &first);

    if (error)
        return error;
    error = open_page((char *)entry + sizeof(*entry) - 1, &last);
    if (!error) {
        InterlockedExchangePointer((void *volatile *)entry, value);
        close_page(&last);
    }
    close_page(&first);
    return error;
}
