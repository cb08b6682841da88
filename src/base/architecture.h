/*
 * architecture.h: the architecture that this build is for, and that of the other build.
 */
#ifndef HOSTMEM_BASE_ARCHITECTURE_H
#define HOSTMEM_BASE_ARCHITECTURE_H

#ifdef _WIN64
#define ARCHITECTURE_NAME "x64"
#define ARCHITECTURE_BITS 64
#define ARCHITECTURE_OTHER_BITS 32
#define ARCHITECTURE_MACHINE IMAGE_FILE_MACHINE_AMD64
#else
#define ARCHITECTURE_NAME "x86"
#define ARCHITECTURE_BITS 32
#define ARCHITECTURE_OTHER_BITS 64
#define ARCHITECTURE_MACHINE IMAGE_FILE_MACHINE_I386
#endif

#endif
