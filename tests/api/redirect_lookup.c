/*
 * redirect_lookup.c: see redirect_lookup.h. It has no C run-time library, so it imports nothing
 * else.
 */
#include "redirect_lookup.h"

static FARPROC WINAPI call_look_up(HMODULE module, LPCSTR name)
{
    return GetProcAddress(module, name);
}

/* What the compiler calls through for GetProcAddress. */
#ifdef _WIN64
extern void *volatile entry_of_look_up __asm__("__imp_GetProcAddress");
#else
extern void *volatile entry_of_look_up __asm__("__imp__GetProcAddress@8");
#endif

__declspec(dllexport) redirect_lookup_function redirect_lookup;

__declspec(dllexport) const struct redirect_lookup *WINAPI redirect_lookup(void)
{
    static const struct redirect_lookup lookup = {call_look_up, &entry_of_look_up};

    return &lookup;
}

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved);

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)instance;
    (void)reason;
    (void)reserved;
    return TRUE;
}
