/*
 * redirected.h: a module whose imports reach a manager, for the tests of import redirection.
 */
#ifndef HOSTMEM_TESTS_API_REDIRECTED_H
#define HOSTMEM_TESTS_API_REDIRECTED_H

#include "redirect_target.h"
#include "support.h"

struct redirected {
    struct subject subject;
    HMODULE module;
    const struct redirect_target *calls;
    DWORD flags;                      /* of HostMemRedirectModule */
    HOSTMEM_REDIRECTION *redirection; /* NULL: not redirected */
};

/* Loads a module built from redirect_target.c. Nothing is redirected yet. */
void redirected_load(struct redirected *redirected, const wchar_t *file);

void redirected_begin(struct redirected *redirected);
void redirected_end(struct redirected *redirected);

/* Unloads the module. */
void redirected_unload(struct redirected *redirected);

/*
 * For CMocka: *state is a struct redirected with redirect_target.dll, whose imports reach a
 * manager. The tear-down ends the redirection if the test has not, and fails if the audit finds a
 * difference.
 */
int redirected_set_up(void **state);
int redirected_tear_down(void **state);

/* The same with HOSTMEM_REDIRECT_HEAP. */
int redirected_heap_set_up(void **state);

/* Redirects the module to a new manager of these options. */
void redirected_restart(struct redirected *redirected, const HOSTMEM_OPTIONS *options);

/* A test of the promise that its function is named after, with a redirected module. */
#define redirected_promise(test)                                                                   \
    cmocka_unit_test_setup_teardown(test, redirected_set_up, redirected_tear_down)
#define redirected_heap_promise(test)                                                              \
    cmocka_unit_test_setup_teardown(test, redirected_heap_set_up, redirected_tear_down)

/* The address lies in a live region of the manager. */
bool is_owned(const struct subject *subject, const void *address);

/* Redirects the module to a new manager with these limits. */
void redirected_limit(struct redirected *redirected, const HOSTMEM_LIMITS *limits);

/* The same, with a limit on what is committed and a reserve for app-domain-critical requests. */
void redirected_limit_committed(struct redirected *redirected, ULONGLONG bytes, ULONGLONG reserve);

/* The module's own VirtualAlloc (PAGE_READWRITE); NULL: it failed. */
void *redirected_alloc(const struct redirected *redirected, void *address, SIZE_T size, DWORD type);

/* The module's own VirtualFree of a region. */
void redirected_release(const struct redirected *redirected, void *memory);

#endif
