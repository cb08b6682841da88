/*
 * version.h: hostmem's version, for C and for resource scripts.
 */
#ifndef HOSTMEM_VERSION_H
#define HOSTMEM_VERSION_H

#define HOSTMEM_VERSION_MAJOR 0
#define HOSTMEM_VERSION_MINOR 1
#define HOSTMEM_VERSION_PATCH 0
#define HOSTMEM_VERSION_TEXT "0.1.0"

#endif
