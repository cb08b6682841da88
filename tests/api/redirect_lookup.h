/*
 * redirect_lookup.h: a module that imports nothing but GetProcAddress, and calls it when a test
 * asks it to.
 *
 * It exports a function of its own by the name of one of Win32's: VirtualAlloc.
 */
#ifndef HOSTMEM_TESTS_API_REDIRECT_LOOKUP_H
#define HOSTMEM_TESTS_API_REDIRECT_LOOKUP_H

#include <windows.h>

struct redirect_lookup {
    FARPROC(WINAPI *look_up)(HMODULE, LPCSTR);

    /* The import address table entry that `look_up` goes through. */
    void *volatile *look_up_entry;
};

#define REDIRECT_LOOKUP_EXPORT "redirect_lookup"
typedef const struct redirect_lookup *WINAPI redirect_lookup_function(void);

#endif
