/*
 * use_agent.c: a program that makes itself visible to hostmem-top.
 */
#define COBJMACROS
#include <initguid.h>

#include <hostmem/agent.h>

#include <stdio.h>

int main(void)
{
    IHostMemoryManager *manager;
    void *memory = NULL;
    HRESULT result = HostMemAgentStart(NULL, &manager);

    if (result != S_OK) {
        printf("HostMemAgentStart: 0x%08lx\n", (unsigned long)result);
        return 1;
    }
    result = IHostMemoryManager_VirtualAlloc(manager, NULL, 65536, MEM_RESERVE | MEM_COMMIT,
                                             PAGE_READWRITE, eTaskCritical, &memory);
    if (result != S_OK || IHostMemoryManager_VirtualFree(manager, memory, 0, MEM_RELEASE) != S_OK)
        return 2;
    if (IHostMemoryManager_VirtualFree(manager, memory, 0, MEM_RELEASE) == S_OK)
        return 3;
    IHostMemoryManager_Release(manager);
    puts("memory was allocated and freed, a second free refused");
    return 0;
}
