/*
 * import_write.c: see import_write.h.
 */
#include "pe/import_write.h"

DWORD import_write(void *volatile *entry, void *value)
{
    DWORD protect;

    if (!VirtualProtect((void *)entry, sizeof(*entry), PAGE_READWRITE, &protect))
        return GetLastError();
    InterlockedExchangePointer((void *volatile *)entry, value);
    VirtualProtect((void *)entry, sizeof(*entry), protect, &protect);
    return ERROR_SUCCESS;
}
