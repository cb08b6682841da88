/*
 * version.h: the version of these headers, for C, C++ and resource scripts.
 */
#ifndef HOSTMEM_VERSION_H
#define HOSTMEM_VERSION_H

#define HOSTMEM_VERSION_MAJOR 0
#define HOSTMEM_VERSION_MINOR 1
#define HOSTMEM_VERSION_PATCH 0
#define HOSTMEM_VERSION_TEXT "0.1.0"

/* In one number, as HostMemGetVersion returns it: major << 24 | minor << 16 | patch. */
#define HOSTMEM_VERSION                                                                            \
    (HOSTMEM_VERSION_MAJOR << 24 | HOSTMEM_VERSION_MINOR << 16 | HOSTMEM_VERSION_PATCH)

#endif
