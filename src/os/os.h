/*
 * os.h: the one seam to the operating system.
 *
 * Everything that the core (counters, budget, pages, heap) wants from the system goes through these
 * functions. os_win32.c calls Win32. tests/os_posix/ does the same with mmap, so that the core can
 * be tested natively on Linux and under its sanitizers. Requests, states and errors carry Win32's
 * names and numbers.
 *
 * Promise (suspension): on Win32 each function is one system call or a read of thread or system
 * data; none takes a user-mode lock, allocates from a heap, or calls the loader.
 */
#ifndef HOSTMEM_OS_OS_H
#define HOSTMEM_OS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifndef _WIN32
#include <string.h>
#endif

/* Fixed on x86 and x64 Windows; os_win32.c checks them when a manager is made. */
#define OS_PAGE_SIZE ((size_t)0x1000)
#define OS_GRANULE_SIZE ((size_t)0x10000) /* the allocation granularity */

/* Win32's numbers (winnt.h, winerror.h); os_win32.c asserts that they are. */
enum {
    OS_MEM_COMMIT = 0x1000,
    OS_MEM_RESERVE = 0x2000,
    OS_MEM_DECOMMIT = 0x4000,
    OS_MEM_RELEASE = 0x8000,
    OS_MEM_FREE = 0x10000,
    OS_MEM_RESET = 0x80000,
    OS_MEM_RESET_UNDO = 0x1000000,

    OS_PAGE_NOACCESS = 0x01,
    OS_PAGE_READONLY = 0x02,
    OS_PAGE_READWRITE = 0x04,
    OS_PAGE_EXECUTE = 0x10,
    OS_PAGE_EXECUTE_READWRITE = 0x40,
    OS_PAGE_EXECUTE_MASK = 0xf0, /* all that allow that */
    OS_PAGE_ACCESS_MASK = 0xff,  /* one of the above; modifiers are above it */
    OS_PAGE_GUARD = 0x100,

    OS_ERROR_NOT_ENOUGH_MEMORY = 8,
    OS_ERROR_OUTOFMEMORY = 14,
    OS_ERROR_INVALID_PARAMETER = 87,
    OS_ERROR_INVALID_ADDRESS = 487,
    OS_ERROR_NO_SYSTEM_RESOURCES = 1450,
    OS_ERROR_WORKING_SET_QUOTA = 1453,
    OS_ERROR_PAGEFILE_QUOTA = 1454,
    OS_ERROR_COMMITMENT_LIMIT = 1455,
    OS_ERROR_NOT_ENOUGH_QUOTA = 1816
};

/* No NUMA node is preferred (NUMA_NO_PREFERRED_NODE). */
#define OS_ANY_NODE UINT32_MAX

/* The pages from base on that are of one state and protection. */
struct os_range {
    uintptr_t base;
    uintptr_t allocation_base; /* 0 when free */
    size_t size;
    uint32_t state;   /* OS_MEM_COMMIT, OS_MEM_RESERVE or OS_MEM_FREE */
    uint32_t protect; /* of committed pages: OS_PAGE_READWRITE and so on */
    bool mapped;      /* may be a view: it was not made by VirtualAlloc */
};

/* ------------------------------------------------------------------------------------------------
 * Memory that is handed out. Each returns 0, or Win32's error number.
 * --------------------------------------------------------------------------------------------- */

uint32_t os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                  void **memory);
/* Leaves the last error as it was when it succeeds. */
uint32_t os_free(void *address, size_t size, uint32_t type);

/* UnmapViewOfFile. Leaves the last error as it was when it succeeds. */
uint32_t os_unmap(void *address);

/* buffer receives the system's own MEMORY_BASIC_INFORMATION; *written is 0 on failure. */
uint32_t os_query(const void *address, void *buffer, size_t length, size_t *written);
uint32_t os_protect(void *address, size_t size, uint32_t protect, uint32_t *old_protect);

/* False when the address is beyond what the system answers for. */
bool os_query_range(uintptr_t address, struct os_range *range);

/*
 * memset and memcpy, without the C library: hostmem.dll does not link it.
 */
static inline void os_fill(void *memory, unsigned char value, size_t size)
{
#ifdef _WIN32
    __asm__ volatile("rep stosb" : "+D"(memory), "+c"(size) : "a"(value) : "memory");
#else
    memset(memory, value, size);
#endif
}

static inline void os_copy(void *to, const void *from, size_t size)
{
#ifdef _WIN32
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
#else
    memcpy(to, from, size);
#endif
}

/* ------------------------------------------------------------------------------------------------
 * Memory for hostmem's own bookkeeping.
 * --------------------------------------------------------------------------------------------- */

void *os_metadata_reserve(size_t size);
/* Pages are zero when first committed, and keep their contents when committed again. */
bool os_metadata_commit(void *address, size_t size);
void os_metadata_release(void *address);

/* ------------------------------------------------------------------------------------------------
 * The system
 * --------------------------------------------------------------------------------------------- */

uint32_t os_thread_id(void);

/*
 * A number that no other living thread has; not 0. A thread that begins may get that of one that
 * has ended. On Windows it is the address of the thread's environment block, as of NtCurrentTeb.
 */
#ifdef HOSTMEM_TEST_THREAD_KEY
uintptr_t os_thread_key(void); /* a test defines it, to act as several threads */
#else
static inline uintptr_t os_thread_key(void)
{
    uintptr_t key;

#if defined(_WIN64)
    __asm__("movq %%gs:0x30, %0" : "=r"(key));
#elif defined(_WIN32)
    __asm__("movl %%fs:0x18, %0" : "=r"(key));
#else
    __asm__("movq %%fs:0, %0" : "=r"(key));
#endif
    return key;
}
#endif

uint64_t os_tick_milliseconds(void);

/*
 * 64 bits that are hard to guess, where the processor has a random number instruction; else its
 * time stamp counter.
 */
static inline uint64_t os_chance(void)
{
    uint32_t leaf = 1, features, low, high;

    __asm__ volatile("cpuid" : "+a"(leaf), "=c"(features) : "c"(0) : "ebx", "edx");
    if (features & UINT32_C(1) << 30)
        __asm__ volatile("rdrand %0; rdrand %1" : "=r"(low), "=r"(high) : : "cc");
    else
        __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Physical memory: percent in use, and bytes available. 0, or Win32's error number. */
uint32_t os_memory_load(uint32_t *percent, uint64_t *available);

/*
 * Addresses that the system gives to nobody who does not name them, as far as is known. False:
 * there are none.
 */
bool os_unasked_addresses(uintptr_t *begin, uintptr_t *end);

/* False when the page size or the allocation granularity is not OS_PAGE_SIZE, OS_GRANULE_SIZE. */
bool os_has_known_granularity(void);

#endif
