/*
 * pe_metadata.h: what the metadata of a .NET program says about the class library that the program
 * was built for.
 *
 * Promise: bytes of any content are read without harm; metadata that contradicts itself says
 * nothing.
 */
#ifndef HOSTMEM_PE_PE_METADATA_H
#define HOSTMEM_PE_PE_METADATA_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PE_VERSION_SIZE = 64 /* characters of a runtime's version that are kept, the NUL included */
};

struct pe_metadata {
    char version[PE_VERSION_SIZE]; /* of the runtime, such as "v4.0.30319"; empty: none is given */
    bool refers_to_mscorlib;       /* .NET Framework's class library */
    bool refers_to_system_runtime; /* .NET's: System.Runtime or System.Private.CoreLib */
};

/* bytes: the metadata from its root on. False: there is none, or it makes no sense. */
bool pe_metadata_parse(const unsigned char *bytes, size_t size, struct pe_metadata *metadata);

#endif
