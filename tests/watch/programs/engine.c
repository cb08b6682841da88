/*
 * engine.c: a DLL that allocates memory of its own.
 */
#include <windows.h>

__declspec(dllexport) void *engine_take(unsigned mebibytes);

void *engine_take(unsigned mebibytes)
{
    return VirtualAlloc(NULL, (SIZE_T)mebibytes << 20, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}
