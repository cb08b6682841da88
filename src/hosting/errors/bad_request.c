/*
 * bad_request.c: see bad_request.h.
 */
#include "hosting/errors/bad_request.h"

/* One of PAGE_NOACCESS to PAGE_EXECUTE_WRITECOPY; the modifiers are left to Win32. */
static bool is_protection(DWORD protect)
{
    DWORD base = protect & 0xff;

    return base && !(base & (base - 1));
}

void bad_request_of_alloc(const struct pages_request *request)
{
    const DWORD types = MEM_COMMIT | MEM_RESERVE | MEM_RESET | OS_MEM_RESET_UNDO;

    if (!request->size)
        error_info_set(BAD_ALLOC_SIZE, 0);
    else if (!(request->type & types))
        error_info_set(BAD_ALLOC_TYPE, request->type);
    else if (!is_protection(request->protect))
        error_info_set(BAD_ALLOC_PROTECT, request->protect);
    else
        error_info_set(BAD_ALLOC, request->type);
}

void bad_request_of_free(const void *address, size_t size, DWORD type)
{
    if (type != MEM_DECOMMIT && type != MEM_RELEASE)
        error_info_set(BAD_FREE_TYPE, type);
    else if (type == MEM_RELEASE && size)
        error_info_set(BAD_FREE_SIZE, size);
    else
        error_info_set(BAD_FREE, (uintptr_t)address);
}

void bad_request_of_protect(size_t size, DWORD protect)
{
    if (is_protection(protect))
        error_info_set(BAD_PROTECT_RANGE, size);
    else
        error_info_set(BAD_PROTECT, protect);
}
