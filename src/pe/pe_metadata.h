/*
 * pe_metadata.h: what the metadata of a .NET program say of the class library that it is for.
 *
 * Promise: a file of any content is read without harm; what does not hold together says nothing.
 */
#ifndef HOSTMEM_PE_PE_METADATA_H
#define HOSTMEM_PE_PE_METADATA_H

#include "pe/pe_headers.h"

enum {
    PE_VERSION_SIZE = 64 /* characters of a runtime's version that are kept, the NUL included */
};

struct pe_metadata {
    char version[PE_VERSION_SIZE]; /* of the runtime, such as "v4.0.30319"; empty: none is given */
    bool refers_to_mscorlib;       /* .NET Framework's class library */
    bool refers_to_system_runtime; /* .NET's: System.Runtime or System.Private.CoreLib */
};

/* False: there are none, or they make no sense. */
bool pe_metadata_read(const wchar_t *path, const struct pe_headers *pe,
                      struct pe_metadata *metadata);

/* The same of metadata in memory. */
bool pe_metadata_parse(const unsigned char *bytes, size_t size, struct pe_metadata *metadata);

#endif
