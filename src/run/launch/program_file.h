/*
 * program_file.h: opening a program or library on disk to read its PE headers and metadata.
 */
#ifndef HOSTMEM_RUN_LAUNCH_PROGRAM_FILE_H
#define HOSTMEM_RUN_LAUNCH_PROGRAM_FILE_H

#include "pe/pe_headers.h"
#include "pe/pe_metadata.h"

#include <wchar.h>

enum program_file_kind {
    PROGRAM_FILE_PE,
    PROGRAM_FILE_UNREADABLE, /* it cannot be opened; GetLastError says why */
    PROGRAM_FILE_NOT_PE
};

enum program_file_kind program_file_headers(const wchar_t *path, struct pe_headers *headers);

/* True if the file exports that name. */
bool program_file_exports(const wchar_t *path, const char *name);

/* False: there is no metadata, or it makes no sense. headers: what program_file_headers read. */
bool program_file_metadata(const wchar_t *path, const struct pe_headers *headers,
                           struct pe_metadata *metadata);

#endif
