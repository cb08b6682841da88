/*
 * redirect_library.h: redirect_library.dll, which hostmem takes for a C run-time library, because
 * it exports _get_heap_handle. It has a heap of its own.
 *
 * The first _get_heap_handle answers that there is none yet, and makes it: as if another thread had
 * run the library's entry point right after that.
 */
#ifndef HOSTMEM_TESTS_API_REDIRECT_LIBRARY_H
#define HOSTMEM_TESTS_API_REDIRECT_LIBRARY_H

#include <windows.h>

struct redirect_library {
    void (*forget_heap)(void); /* destroys it: the next _get_heap_handle is the first again */
    void *(*make_block)(SIZE_T size);
    SIZE_T (*measure_block)(const void *block);
    BOOL (*free_block)(void *block);
    void *(*make_local)(SIZE_T size);
    BOOL (*free_local)(void *block);
    void *(*make_pages)(SIZE_T size);
    BOOL (*free_pages)(void *pages);
};

/* The DLL exports it by this name. */
extern __declspec(dllexport) const struct redirect_library redirect_library;

#endif
