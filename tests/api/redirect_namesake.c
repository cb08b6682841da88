/*
 * redirect_namesake.c: a function of redirect_lookup.dll that is named like one of Win32's. It is
 * here alone, because windows.h declares another one of that name.
 */
__declspec(dllexport) int VirtualAlloc(void);

__declspec(dllexport) int VirtualAlloc(void)
{
    return 42;
}
