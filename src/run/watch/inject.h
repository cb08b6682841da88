/*
 * inject.h: makes a program that has been created suspended load a DLL before anything of it runs.
 */
#ifndef HOSTMEM_RUN_WATCH_INJECT_H
#define HOSTMEM_RUN_WATCH_INJECT_H

#include <windows.h>

#include <stdbool.h>

enum inject_result {
    INJECT_OK,
    INJECT_REFUSED,   /* the system does not let its memory be read or written; GetLastError */
    INJECT_BAD_IMAGE, /* its headers make no sense, or it has no room for the block */
};

/*
 * Puts the DLL before the imports of the process's program.
 *   process  of this bitness; it has been created suspended, and none of its threads has run.
 *   dll      absolute path of a DLL that exports ordinal 1, in UTF-8 of the ASCII range or the
 *            system's ANSI code page: import tables know no other.
 *   board    the handle that the DLL finds in the block (board/injected.h), valid in the process.
 * On failure the process must not be let run.
 */
enum inject_result inject(HANDLE process, const char *dll, HANDLE board);

#endif
