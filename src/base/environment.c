/*
 * environment.c: see environment.h.
 */
#include "base/environment.h"

#include "base/startup_alloc.h"

#include <windows.h>

wchar_t *environment_value(const wchar_t *name)
{
    DWORD size = GetEnvironmentVariableW(name, NULL, 0);
    wchar_t *value;

    if (size <= 1)
        return NULL;
    value = startup_alloc((size_t)size * sizeof(wchar_t));
    return GetEnvironmentVariableW(name, value, size) < size ? value : NULL;
}
