/*
 * version.c: HostMemGetVersion.
 */
#include <hostmem/hostmem.h>

DWORD STDMETHODCALLTYPE HostMemGetVersion(void)
{
    return HOSTMEM_VERSION;
}
