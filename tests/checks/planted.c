/*
 * planted.c: what must never get into hostmem.dll, one piece for each case of the checks' own test
 * (refusals.cmake). PLANT names the piece. It is also built as a DLL of its own.
 */
#include <stdlib.h>
#include <windows.h>

#define PLANT_LOCK 1
#define PLANT_MALLOC 2
#define PLANT_WAIT 3
#define PLANT_THREAD_LOCAL 4
#define PLANT_LOADER 5
#define PLANT_YIELD 6
#define PLANT_UPWARD 7
#define PLANT_NOTHING 8
#define PLANT_DLL 9
#define PLANT_HEAP 10

void *planted(void *argument);

#if PLANT == PLANT_LOCK
void *planted(void *argument)
{
    EnterCriticalSection(argument);
    return argument;
}
#elif PLANT == PLANT_MALLOC
void *planted(void *argument)
{
    return malloc((size_t)argument);
}
#elif PLANT == PLANT_HEAP
void *planted(void *argument)
{
    return HeapAlloc(argument, 0, 1);
}
#elif PLANT == PLANT_WAIT
void *planted(void *argument)
{
    WaitForSingleObject(argument, INFINITE);
    return argument;
}
#elif PLANT == PLANT_THREAD_LOCAL
static _Thread_local char own[256];

void *planted(void *argument)
{
    return own + (size_t)argument;
}
#elif PLANT == PLANT_LOADER
void *planted(void *argument)
{
    HMODULE module = NULL;

    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, argument, &module);
    return module;
}
#elif PLANT == PLANT_YIELD
void *planted(void *argument)
{
    SwitchToThread();
    return argument;
}
#elif PLANT == PLANT_UPWARD
void heap_destroy(void *heap);

void *planted(void *argument)
{
    heap_destroy(argument);
    return argument;
}
#elif PLANT == PLANT_NOTHING
void *planted(void *argument)
{
    return argument;
}
#elif PLANT == PLANT_DLL
void *planted(void *argument)
{
    return HeapLock(argument) ? argument : NULL;
}

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved);

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)instance;
    (void)reason;
    (void)reserved;
    return TRUE;
}
#else
#error "PLANT names no piece"
#endif
