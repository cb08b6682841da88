/*
 * redirect_ending.h: a module that calls, through its import tables, what ends the process.
 */
#ifndef HOSTMEM_TESTS_API_REDIRECT_ENDING_H
#define HOSTMEM_TESTS_API_REDIRECT_ENDING_H

#include <windows.h>

struct redirect_ending {
    void(WINAPI *exit_process)(UINT);
    BOOL(WINAPI *terminate_process)(HANDLE, UINT);
    void(WINAPI *fail_fast)(PEXCEPTION_RECORD, PCONTEXT, DWORD);
    LPTOP_LEVEL_EXCEPTION_FILTER(WINAPI *set_filter)(LPTOP_LEVEL_EXCEPTION_FILTER);
    LONG(WINAPI *nt_terminate_process)(HANDLE, LONG);
    FARPROC(WINAPI *look_up)(HMODULE, LPCSTR);
};

#define REDIRECT_ENDING_EXPORT "redirect_ending"
typedef const struct redirect_ending *WINAPI redirect_ending_function(void);

#endif
