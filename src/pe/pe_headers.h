/*
 * pe_headers.h: what the headers of a program file say.
 *
 * Nothing here opens a file: the caller supplies the bytes. Promise: bytes of any content are read
 * without harm; a file whose headers contradict themselves is no PE file.
 */
#ifndef HOSTMEM_PE_PE_HEADERS_H
#define HOSTMEM_PE_PE_HEADERS_H

#include "pe/pe_file.h"

struct pe_headers {
    WORD machine;          /* IMAGE_FILE_MACHINE_... */
    bool is_64_bit;        /* the optional header is that of PE32+ */
    bool is_whole;         /* the file has all bytes that its headers speak of */
    bool is_dll;           /* not a program that can be started by itself */
    bool is_managed;       /* there is a CLI header */
    DWORD cli_flags;       /* the CLI header's */
    DWORD metadata_offset; /* in the file; 0: there is no metadata */
    DWORD metadata_size;
};

/* False: the bytes are not those of a PE file. */
bool pe_headers_read(pe_read_callback *read, void *context, struct pe_headers *headers);

#endif
