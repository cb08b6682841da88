/*
 * own_dll.c: a program that brings a hostmem.dll of its own. It allocates 2 MiB from a manager of
 * that DLL, 4 MiB by VirtualAlloc, and prints where its hostmem.dll lies.
 */
#define COBJMACROS
#include <initguid.h>

#include <hostmem/hostmem.h>

#include <stdio.h>

enum {
    OF_ITS_MANAGER = 2 << 20,
    OF_ITS_OWN = 4 << 20
};

int main(void)
{
    static const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options)};
    IHostMemoryManager *manager;
    char path[MAX_PATH] = "";
    HMODULE library = GetModuleHandleW(L"hostmem.dll");
    void *memory = NULL;

    if (!library || !GetModuleFileNameA(library, path, MAX_PATH) ||
        HostMemCreateManager(&options, &manager) != S_OK)
        return 1;
    if (IHostMemoryManager_VirtualAlloc(manager, NULL, OF_ITS_MANAGER, MEM_RESERVE | MEM_COMMIT,
                                        PAGE_READWRITE, eTaskCritical, &memory) != S_OK)
        return 2;
    if (!VirtualAlloc(NULL, OF_ITS_OWN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE))
        return 3;
    IHostMemoryManager_VirtualFree(manager, memory, 0, MEM_RELEASE);
    IHostMemoryManager_Release(manager);
    printf("%s\n", path);
    return 9;
}
