/*
 * error_info.h: what was wrong with the arguments of a call that answers E_INVALIDARG, for
 * HostMemGetErrorInfo.
 *
 * It is kept for each thread in two of the process's slots for thread-local storage: what was
 * wrong, and the value. The slots are taken when the first manager is made, outside of I4. Only
 * slots among the first TLS_MINIMUM_AVAILABLE are used: they lie in the thread's own block, so that
 * writing one is one store. Where there is none left, nothing is kept.
 */
#ifndef HOSTMEM_HOSTING_ERROR_INFO_H
#define HOSTMEM_HOSTING_ERROR_INFO_H

#include <windows.h>

#include <stdint.h>

/* Each has its words in error_info.c. */
enum bad_argument {
    BAD_NOTHING = 0,
    BAD_OPTIONS_SIZE,
    BAD_OPTIONS_FLAGS,
    BAD_BOOKS_SIZE_ALONE,
    BAD_BOOKS,
    BAD_BOOKS_TAKEN,
    BAD_LIMITS_SIZE,
    BAD_LIMITS_UNUSED,
    BAD_LOW_PERCENT,
    BAD_HIGH_PERCENT,
    BAD_CONTROL_MANAGER,
    BAD_REDIRECT_MANAGER,
    BAD_REDIRECT_NO_MODULE,
    BAD_REDIRECT_MODULE,
    BAD_REDIRECT_OWN_MODULE,
    BAD_REDIRECT_FLAGS,
    BAD_REDIRECT_LIBRARIES,
    BAD_FOLLOW_MODULE,
    BAD_HARD_LIMIT_MANAGER,
    BAD_HARD_LIMIT_MODULE,
    BAD_HARD_LIMIT_FLAGS,
    BAD_REDIRECTION,
    BAD_STATISTICS_SIZE,
    BAD_AUDIT_SIZE,
    BAD_REDIRECTED_LEVEL,
    BAD_MALLOC_TYPE,
    BAD_ALLOC_LEVEL,
    BAD_BLOCK_LEVEL,
    BAD_ALLOC_SIZE,
    BAD_ALLOC_TYPE,
    BAD_ALLOC_PROTECT,
    BAD_ALLOC,
    BAD_FREE_TYPE,
    BAD_FREE_SIZE,
    BAD_FREE,
    BAD_QUERY,
    BAD_PROTECT,
    BAD_PROTECT_RANGE,
    BAD_RANGE_ADDRESS,
    BAD_RANGE_SIZE,
    BAD_ARGUMENTS /* how many there are */
};

/* Takes the slots, if nobody has. Not suspension-safe. */
void error_info_prepare(void);

/* Gives them back: the module is being unloaded. */
void error_info_end(void);

/* Keeps it for the calling thread. Returns E_INVALIDARG. Suspension-safe. */
HRESULT error_info_set(enum bad_argument argument, uintptr_t value);

#endif
