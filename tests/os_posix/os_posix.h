/*
 * os_posix.h: what os.h on Linux offers in addition, for its own files and for the tests that
 * compare it with Win32's rules. Names and numbers are Win32's (winnt.h, winerror.h).
 */
#ifndef HOSTMEM_OS_POSIX_H
#define HOSTMEM_OS_POSIX_H

#include "os/os.h"

enum {
    OS_MEM_PRIVATE = 0x20000,
    OS_MEM_TOP_DOWN = 0x100000,
    OS_MEM_WRITE_WATCH = 0x200000,

    OS_PAGE_WRITECOPY = 0x08,
    OS_PAGE_EXECUTE_READ = 0x20,
    OS_PAGE_EXECUTE_WRITECOPY = 0x80,
    OS_PAGE_NOCACHE = 0x200,
    OS_PAGE_WRITECOMBINE = 0x400,

    OS_ERROR_BAD_LENGTH = 24
};

/* No reservation lies below the first or reaches beyond the second (Windows on x64). */
#define OS_LOWEST_ADDRESS ((uintptr_t)0x10000)
#define OS_ADDRESS_LIMIT ((uintptr_t)0x7fffffff0000)

/*
 * Whether os_unasked_addresses tells of any. Most tests leave that: regions come to lie where the
 * stand-in for the system puts them, each where the last one was.
 */
extern bool os_posix_keeps_addresses_apart;

/* What os_query fills: the fields of MEMORY_BASIC_INFORMATION. */
struct os_information {
    void *base_address;
    void *allocation_base;       /* NULL when free */
    uint32_t allocation_protect; /* 0 when free */
    size_t region_size;
    uint32_t state;
    uint32_t protect; /* 0 when reserved, OS_PAGE_NOACCESS when free */
    uint32_t type;    /* OS_MEM_PRIVATE; 0 when free */
};

#endif
