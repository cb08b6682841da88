/*
 * books_read.c: see books_read.h.
 */
#include "run/snapshot/books_read.h"

#include "base/exit_code.h"
#include "board/board_section.h"

#include <hostmem/version.h>

IHostMemInspection *books_read(HANDLE section)
{
    IHostMemInspection *inspection = NULL;
    void *books = board_section_map_books(section, false);

    if (!books)
        return NULL;
    HostMemReadBooks(books, HostMemGetBooksSize(), &inspection);
    UnmapViewOfFile(books);
    return inspection;
}

int books_check_version(void)
{
    DWORD version = HostMemGetVersion();

    if (version == HOSTMEM_VERSION)
        return GO_ON;
    return fail(EXIT_CODE_HOSTMEM_FAILED,
                "hostmem.dll is of version %lu.%lu.%lu, and this is %s: they belong together.",
                version >> 24, version >> 16 & 0xff, version & 0xffff, HOSTMEM_VERSION_TEXT);
}
