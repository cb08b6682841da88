/*
 * program_file.c: see program_file.h.
 */
#include "run/launch/program_file.h"

#include "base/startup_alloc.h"
#include "pe/pe_exports.h"

#include <string.h>

enum {
    MOST_METADATA = 256 << 20 /* bytes; no compiler makes more */
};

static HANDLE open_file(const wchar_t *path)
{
    return CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                       0, NULL);
}

/* A pe_read_callback; the context is the file's handle. */
static bool read_at(void *file, DWORD offset, void *buffer, DWORD size)
{
    LARGE_INTEGER position = {.QuadPart = offset};
    DWORD read;

    return SetFilePointerEx(file, position, NULL, FILE_BEGIN) &&
           ReadFile(file, buffer, size, &read, NULL) && read == size;
}

enum program_file_kind program_file_headers(const wchar_t *path, struct pe_headers *headers)
{
    HANDLE file = open_file(path);
    bool is_pe;

    ZeroMemory(headers, sizeof(*headers));
    if (file == INVALID_HANDLE_VALUE)
        return PROGRAM_FILE_UNREADABLE;
    is_pe = pe_headers_read(read_at, file, headers);
    CloseHandle(file);
    return is_pe ? PROGRAM_FILE_PE : PROGRAM_FILE_NOT_PE;
}

bool program_file_exports(const wchar_t *path, const char *name)
{
    HANDLE file = open_file(path);
    bool exports;

    if (file == INVALID_HANDLE_VALUE)
        return false;
    exports = pe_exports_name(read_at, file, name);
    CloseHandle(file);
    return exports;
}

/* What the file holds of the metadata is parsed, even where that is less than its header says. */
bool program_file_metadata(const wchar_t *path, const struct pe_headers *headers,
                           struct pe_metadata *metadata)
{
    LARGE_INTEGER position = {.QuadPart = headers->metadata_offset};
    unsigned char *bytes;
    DWORD read = 0;
    HANDLE file;

    memset(metadata, 0, sizeof(*metadata));
    if (!headers->metadata_offset || headers->metadata_size > MOST_METADATA)
        return false;
    file = open_file(path);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    bytes = startup_alloc(headers->metadata_size);
    if (!SetFilePointerEx(file, position, NULL, FILE_BEGIN) ||
        !ReadFile(file, bytes, headers->metadata_size, &read, NULL))
        read = 0;
    CloseHandle(file);
    return pe_metadata_parse(bytes, read, metadata);
}
