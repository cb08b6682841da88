/*
 * os_posix_requests.h: requests to os.h on Linux, and the checks of their answers, for its tests.
 */
#ifndef HOSTMEM_TESTS_OS_POSIX_REQUESTS_H
#define HOSTMEM_TESTS_OS_POSIX_REQUESTS_H

#include "os/os.h"
#include "os_posix/os_posix.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE OS_PAGE_SIZE
#define GRANULE OS_GRANULE_SIZE
#define GIB ((size_t)1 << 30)

#define OK 0
#define NO_MEMORY OS_ERROR_NOT_ENOUGH_MEMORY
#define BAD_PARAMETER OS_ERROR_INVALID_PARAMETER
#define BAD_ADDRESS OS_ERROR_INVALID_ADDRESS

#define RESERVE_COMMIT (OS_MEM_RESERVE | OS_MEM_COMMIT)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ------------------------------------------------------------------------------------------------
 * Requests, and what they must answer
 * --------------------------------------------------------------------------------------------- */

static inline uint32_t alloc_as(void *address, size_t size, uint32_t type, uint32_t protect,
                                char **memory)
{
    void *result = address;
    uint32_t error = os_alloc(address, size, type, protect, OS_ANY_NODE, &result);

    if (error)
        assert_null(result);
    else
        assert_non_null(result);
    *memory = result;
    return error;
}

static inline uint32_t alloc_error(void *address, size_t size, uint32_t type, uint32_t protect)
{
    char *memory;

    return alloc_as(address, size, type, protect, &memory);
}

/* An allocation that must succeed, readable and writable. */
static inline char *alloc(void *address, size_t size, uint32_t type)
{
    char *memory;

    assert_int_equal(alloc_as(address, size, type, OS_PAGE_READWRITE, &memory), OK);
    return memory;
}

static inline char *reserve(size_t size)
{
    return alloc(NULL, size, OS_MEM_RESERVE);
}

static inline void release(void *memory)
{
    assert_int_equal(os_free(memory, 0, OS_MEM_RELEASE), OK);
}

static inline struct os_information query(const void *address)
{
    struct os_information information;
    size_t written;

    memset(&information, 0xa5, sizeof(information));
    assert_int_equal(os_query(address, &information, sizeof(information), &written), OK);
    assert_int_equal(written, sizeof(information));
    return information;
}

static inline void assert_run(const void *begin, size_t size, uint32_t state, uint32_t protect)
{
    struct os_information information = query(begin);

    assert_ptr_equal(information.base_address, begin);
    assert_int_equal(information.region_size, size);
    assert_int_equal(information.state, state);
    assert_int_equal(information.protect, protect);
}

static inline void assert_free(const void *address)
{
    assert_int_equal(query(address).state, OS_MEM_FREE);
}

/* Whether the memory can be accessed is asked of Linux, through a pipe: it answers EFAULT instead
 * of a signal. */
static inline bool can_read(const void *address)
{
    int ends[2];
    bool can;

    assert_int_equal(pipe(ends), 0);
    can = write(ends[1], address, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return can;
}

static inline bool can_write(void *address)
{
    int ends[2];
    bool can;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "w", 1), 1);
    can = read(ends[0], address, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return can;
}

static inline bool is_zero(const char *memory, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (memory[i])
            return false;
    return true;
}

/* An address that has just been given back to Linux, so that no memory is there. */
static inline char *address_outside_the_arena(size_t size)
{
    char *mapped =
        mmap(NULL, size + GRANULE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert_ptr_not_equal(mapped, MAP_FAILED);
    munmap(mapped, size + GRANULE);
    return mapped + (-(uintptr_t)mapped & (GRANULE - 1));
}

#endif
