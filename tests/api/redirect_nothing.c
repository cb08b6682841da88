/*
 * redirect_nothing.c: a module that imports something, but none of Win32's memory functions.
 */
#include <windows.h>

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved);

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)reason;
    (void)reserved;
    return instance != NULL && GetCurrentProcessId() != 0;
}
