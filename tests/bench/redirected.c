/*
 * redirected.c: this program's own module is redirected, its heap functions with it, and calls them
 * through its imports. Win32's side calls the same functions by pointers from before.
 */
#include "pattern.h"

#include <string.h>

#define MIB ((SIZE_T)1 << 20)

struct heap_functions {
    LPVOID(WINAPI *alloc)(HANDLE, DWORD, SIZE_T);
    LPVOID(WINAPI *resize)(HANDLE, DWORD, LPVOID, SIZE_T);
    BOOL(WINAPI *release)(HANDLE, DWORD, LPVOID);
};

struct redirected {
    struct host host;
    HOSTMEM_REDIRECTION *redirection;
};

/* Not in a table that the loader or a redirection fills in. */
static struct heap_functions win32;

/* A block of 64 bytes becomes twice as large until it has 1 MiB; what is new is written. */
static inline bool grow(const struct heap_functions *functions)
{
    HANDLE heap = GetProcessHeap();
    char *block = functions->alloc(heap, 0, 64);

    for (SIZE_T size = 64; block && size < MIB; size *= 2) {
        block = functions->resize(heap, 0, block, 2 * size);
        if (block)
            memset(block + size, 1, size);
    }
    return block && functions->release(heap, 0, block);
}

static inline bool one_block(const struct heap_functions *functions)
{
    LPVOID block = functions->alloc(GetProcessHeap(), 0, 100);

    return block && functions->release(GetProcessHeap(), 0, block);
}

/* The addresses that the import table holds at that moment. */
static struct heap_functions imports(void)
{
    return (struct heap_functions){HeapAlloc, HeapReAlloc, HeapFree};
}

typedef bool redirected_work(const struct heap_functions *functions);

static inline bool repeat(redirected_work *work, const struct heap_functions *functions,
                          uint64_t times)
{
    while (times--) {
        if (!work(functions))
            return false;
    }
    return true;
}

#define WORKS_OF_HEAPS(name)                                                                       \
    static bool name##_win32(void *state, unsigned thread, uint64_t times)                         \
    {                                                                                              \
        (void)state;                                                                               \
        (void)thread;                                                                              \
        return repeat(name, &win32, times);                                                        \
    }                                                                                              \
    static bool name##_hostmem(void *state, unsigned thread, uint64_t times)                       \
    {                                                                                              \
        const struct heap_functions functions = imports();                                         \
                                                                                                   \
        (void)state;                                                                               \
        (void)thread;                                                                              \
        return repeat(name, &functions, times);                                                    \
    }                                                                                              \
    static const work name##_works[SIDES] = {name##_win32, NULL, NULL, name##_hostmem};

WORKS_OF_HEAPS(grow)
WORKS_OF_HEAPS(one_block)

static void *redirected_begin(const struct pattern *pattern, enum side side, bool quick)
{
    struct redirected *redirected = calloc(1, sizeof(*redirected));

    (void)pattern;
    (void)quick;
    if (!redirected || side == SIDE_WIN32) {
        win32 = imports();
        return redirected;
    }
    if (!host_open(&redirected->host, 0)) {
        free(redirected);
        return NULL;
    }
    if (HostMemRedirectModule(redirected->host.manager, GetModuleHandleW(NULL),
                              HOSTMEM_REDIRECT_HEAP, &redirected->redirection) == S_OK)
        return redirected;
    host_close(&redirected->host);
    free(redirected);
    return NULL;
}

static bool redirected_end(void *state)
{
    struct redirected *redirected = state;
    bool done = true;

    if (redirected->redirection) {
        HostMemRemoveRedirection(redirected->redirection);
        done = host_close(&redirected->host);
    }
    free(redirected);
    return done;
}

const struct pattern redirected_patterns[] = {
    {"redirected/one", 1, false, one_block_works, NULL, redirected_begin, redirected_end, NULL},
    {"redirected/growth-to-1MiB", 1, false, grow_works, NULL, redirected_begin, redirected_end,
     NULL},
    {0},
};
