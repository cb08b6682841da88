/*
 * pe_headers.h: what the headers of a program file on disk say.
 *
 * Promise: a file of any content is read without harm; what does not hold together is no PE file.
 */
#ifndef HOSTMEM_PE_PE_HEADERS_H
#define HOSTMEM_PE_PE_HEADERS_H

#include <windows.h>

#include <stdbool.h>

enum pe_verdict {
    PE_FILE,
    PE_FILE_UNREADABLE, /* it cannot be opened; GetLastError says why */
    PE_FILE_FOREIGN     /* it is something else */
};

struct pe_headers {
    WORD machine;    /* IMAGE_FILE_MACHINE_... */
    bool is_64_bit;  /* its optional header is that of PE32+ */
    bool is_managed; /* it has a CLI header */
    DWORD cli_flags; /* the CLI header's */
    DWORD metadata;  /* where in the file its metadata begin; 0: it has none */
    DWORD metadata_size;
};

enum pe_verdict pe_file_read(const wchar_t *path, struct pe_headers *pe);

#endif
