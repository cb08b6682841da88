/*
 * dllmain.c: the DLL's entry point. hostmem is linked without the C run-time library: it needs
 * none, and its import table, in which no heap and no lock appears, proves a promise.
 */
#include "hosting/errors/error_info.h"

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved);

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    if (reason == DLL_PROCESS_ATTACH)
        DisableThreadLibraryCalls(instance);
    else if (reason == DLL_PROCESS_DETACH && !reserved)
        error_info_end(); /* unloaded; at the process's end the system takes all */
    return TRUE;
}
