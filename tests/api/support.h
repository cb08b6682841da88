/*
 * support.h: for all tests of the interfaces: assertions that fail with the figures that matter, a
 * manager under test, images of memory before and after a call, and threads.
 *
 * An assertion ends the test by a longjmp. Use it only on the thread that runs the test, and never
 * inside a callback of the manager: there, note what happened and assert afterwards.
 */
#ifndef HOSTMEM_TESTS_API_SUPPORT_H
#define HOSTMEM_TESTS_API_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hostmem/hostmem.h>

#include <cmocka.h>

#define PAGE ((SIZE_T)0x1000)
#define GRANULE ((SIZE_T)0x10000)

/* A last error that nothing under test sets. */
#define UNTOUCHED ((DWORD)0x20c0ffee)

/* What an out parameter holds before a call that must set it. */
#define SOMETHING ((void *)(uintptr_t)0x1234)

/* An address that no program can have. */
#ifdef _WIN64
#define KERNEL_ADDRESS ((uintptr_t)0xffff800000000000)
#else
#define KERNEL_ADDRESS ((uintptr_t)0xffff0000)
#endif

/*
 * A size for which there is address space in theory, but never so much free in one piece: on x64 a
 * program's image lies low and leaves less above it.
 */
#ifdef _WIN64
#define MORE_THAN_THERE_IS ((SIZE_T)0x7fff00000000)
#else
#define MORE_THAN_THERE_IS ((SIZE_T)0x7f000000)
#endif

/* Numbers that are no critical level. */
extern const EMemoryCriticalLevel no_levels[4];

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ------------------------------------------------------------------------------------------------
 * Assertions
 * --------------------------------------------------------------------------------------------- */

/* The call returned that HRESULT. */
#define assert_hresult(call, expected)                                                             \
    check_hresult((call), (expected), #call, "", __FILE__, __LINE__)

/* The call returns that HRESULT and leaves that last error. */
#define assert_result(call, expected, error)                                                       \
    do {                                                                                           \
        HRESULT result_of_call;                                                                    \
        DWORD error_of_call;                                                                       \
        SetLastError(UNTOUCHED);                                                                   \
        result_of_call = (call);                                                                   \
        error_of_call = GetLastError();                                                            \
        check_hresult(result_of_call, (expected), #call, "", __FILE__, __LINE__);                  \
        check_figure(error_of_call, (error), "the last error", #call, __FILE__, __LINE__);         \
    } while (0)

/* The call returns S_OK and the thread's last error is what it was before. */
#define assert_succeeds(call) assert_result((call), S_OK, UNTOUCHED)

/* Two numbers are the same. */
#define assert_figure(actual, expected)                                                            \
    check_figure((ULONGLONG)(actual), (ULONGLONG)(expected), #actual, "", __FILE__, __LINE__)

/* Two addresses are the same. */
#define assert_address(actual, expected)                                                           \
    check_figure((uintptr_t)(actual), (uintptr_t)(expected), #actual, "", __FILE__, __LINE__)

/* A number is at least that. */
#define assert_at_least(actual, least)                                                             \
    check_bounds((ULONGLONG)(actual), (ULONGLONG)(least), UINT64_MAX, #actual, __FILE__, __LINE__)

/* A number lies in a range, the ends included. */
#define assert_between(actual, least, most)                                                        \
    check_bounds((ULONGLONG)(actual), (ULONGLONG)(least), (ULONGLONG)(most), #actual, __FILE__,    \
                 __LINE__)

/* The same about one of several cases: `about` says which. */
#define assert_hresult_of(about, call, expected)                                                   \
    check_hresult((call), (expected), #call, (about), __FILE__, __LINE__)
#define assert_figure_of(about, actual, expected)                                                  \
    check_figure((ULONGLONG)(actual), (ULONGLONG)(expected), #actual, (about), __FILE__, __LINE__)
#define assert_address_of(about, actual, expected)                                                 \
    check_figure((uintptr_t)(actual), (uintptr_t)(expected), #actual, (about), __FILE__, __LINE__)

/* The thread's last error is that. */
#define assert_last_error(expected)                                                                \
    check_figure(GetLastError(), (expected), "the last error", "", __FILE__, __LINE__)

/*
 * What a method answers where Win32 fails with that error: E_OUTOFMEMORY for every error that means
 * exhausted memory, else HRESULT_FROM_WIN32.
 */
HRESULT hresult_of_error(DWORD error);

void check_hresult(HRESULT actual, HRESULT expected, const char *call, const char *about,
                   const char *file, int line);
void check_figure(ULONGLONG actual, ULONGLONG expected, const char *what, const char *about,
                  const char *file, int line);
void check_bounds(ULONGLONG actual, ULONGLONG least, ULONGLONG most, const char *what,
                  const char *file, int line);

/* ------------------------------------------------------------------------------------------------
 * A manager under test
 * --------------------------------------------------------------------------------------------- */

struct subject {
    IHostMemoryManager *manager;
    IHostMemInspection *inspection;
};

/* A manager of these options (NULL: the defaults) and its inspection. Fails the test if it cannot.
 */
struct subject subject_make(const HOSTMEM_OPTIONS *options);

/* Gives both references back. */
void subject_end(struct subject *subject);

/*
 * For CMocka: *state is a struct subject. The tear-down fails if the audit finds a difference, then
 * gives the references back; live regions stay.
 */
int subject_set_up(void **state);
int subject_tear_down(void **state);

/* A test of the promise that its function is named after, with a manager of its own. */
#define promise(test) cmocka_unit_test_setup_teardown(test, subject_set_up, subject_tear_down)

HOSTMEM_STATISTICS statistics_of(const struct subject *subject);

/* Checks that the books, apart from the peaks, are what they were before. */
#define assert_same_books(about, before, after)                                                    \
    check_same_books((before), (after), (about), __FILE__, __LINE__)
void check_same_books(const HOSTMEM_STATISTICS *before, const HOSTMEM_STATISTICS *after,
                      const char *about, const char *file, int line);

/*
 * Checks that the last call left nothing behind: books, peaks and audit are as before, and the
 * manager is still open.
 */
#define assert_no_trace(subject, before) check_no_trace((subject), (before), __FILE__, __LINE__)
void check_no_trace(const struct subject *subject, const HOSTMEM_STATISTICS *before,
                    const char *file, int line);

/*
 * Checks that the audit finds nothing. It compares the totals too, so no other thread may be in a
 * call.
 */
#define assert_clean_audit(subject) check_clean_audit((subject), "", __FILE__, __LINE__)
#define assert_clean_audit_of(about, subject)                                                      \
    check_clean_audit((subject), (about), __FILE__, __LINE__)
void check_clean_audit(const struct subject *subject, const char *about, const char *file,
                       int line);

/*
 * Checks that the audit finds nothing, and that the books hold no region, no mapped range and no
 * block.
 */
void assert_empty_books(const struct subject *subject);

/* Memory from the manager's VirtualAlloc (task-critical); fails the test if there is none. */
void *subject_alloc(const struct subject *subject, SIZE_T size, DWORD type, DWORD protect);
void *subject_alloc_at(const struct subject *subject, void *address, SIZE_T size, DWORD type,
                       DWORD protect);

/* A heap, and a block of one; each fails the test if there is none. */
IHostMalloc *subject_heap(const struct subject *subject);
void *heap_block(IHostMalloc *heap, SIZE_T size);

/* A host control around another one (NULL: around none); fails the test if it cannot be made. */
IHostControl *make_control(IHostMemoryManager *manager, IHostControl *inner);

/* How many references a COM object has. */
ULONG references_of(void *object);

/* Releases a region; fails the test if it cannot be. */
void subject_release(const struct subject *subject, void *base);

/* ------------------------------------------------------------------------------------------------
 * Memory as Windows sees it
 * --------------------------------------------------------------------------------------------- */

/* What Windows says of an address, and what stands in the extent there. */
struct memory_image {
    void *address;
    SIZE_T extent; /* readable bytes that are compared; 0: none */
    SIZE_T known;  /* what VirtualQuery returned */
    MEMORY_BASIC_INFORMATION information;
    uint64_t digest;
};

struct memory_image memory_image_of(void *address, SIZE_T extent);

/* Fails, naming the field, if a newly taken image is not the same. */
#define assert_unchanged(about, image) check_unchanged((image), (about), __FILE__, __LINE__)
void check_unchanged(const struct memory_image *image, const char *about, const char *file,
                     int line);

/* The sums over the process's private memory (what VirtualAlloc gives), by VirtualQuery. */
struct memory_sum {
    ULONGLONG reserved; /* committed or not */
    ULONGLONG committed;
    ULONGLONG reservations; /* how many */
};

struct memory_sum memory_sum_of_process(void);

/* The state that VirtualQuery tells of an address: MEM_COMMIT, MEM_RESERVE or MEM_FREE; 0: none. */
DWORD memory_state(const void *address);

/* The protection of a page; 0: it is not committed. */
DWORD memory_protection(const void *address);

/* ------------------------------------------------------------------------------------------------
 * Threads and chance
 * --------------------------------------------------------------------------------------------- */

#define MOST_THREADS 16

/* Starts threads that run the routine on contexts[0], [1]... of this size, and ends them. */
struct threads {
    HANDLE handles[MOST_THREADS];
    unsigned count;
};

void threads_start(struct threads *threads, unsigned count, LPTHREAD_START_ROUTINE routine,
                   void *contexts, size_t context_size);
void threads_join(struct threads *threads);

/* Numbers that look random and are the same for the same seed; *state is never 0. */
uint64_t next_random(uint64_t *state);

/* True in the long form of the tests: HOSTMEM_TEST_LONG is in the environment. */
bool is_long_form(void);

#endif
