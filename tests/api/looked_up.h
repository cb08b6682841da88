/*
 * looked_up.h: a module whose look-ups by GetProcAddress reach a manager.
 */
#ifndef HOSTMEM_TESTS_API_LOOKED_UP_H
#define HOSTMEM_TESTS_API_LOOKED_UP_H

#include "redirect_lookup.h"
#include "support.h"

struct looker {
    struct subject subject;
    HMODULE module;
    const struct redirect_lookup *calls;
    DWORD flags;                      /* of HostMemRedirectModule */
    HOSTMEM_REDIRECTION *redirection; /* NULL: not redirected */
};

void looker_begin(struct looker *looker);
void looker_end(struct looker *looker);

/* The redirection to another manager. The old one's last reference of the test's is released. */
void looker_restart(struct looker *looker, const HOSTMEM_OPTIONS *options);

/*
 * For CMocka: *state is a struct looker with redirect_lookup.dll, redirected with no flags, or with
 * all but FOLLOW. The tear-down ends the redirection if the test has not, and fails if the audit
 * finds a difference.
 */
int looker_set_up(void **state);
int looker_set_up_all(void **state);
int looker_tear_down(void **state);

#define looker_promise(test) cmocka_unit_test_setup_teardown(test, looker_set_up, looker_tear_down)
#define looker_promise_all(test)                                                                   \
    cmocka_unit_test_setup_teardown(test, looker_set_up_all, looker_tear_down)

/* A function of no type in particular. */
typedef void any_function(void);

/* GetProcAddress. */
typedef FARPROC WINAPI look_up_t(HMODULE module, LPCSTR name);

/* What the module gets for a name from kernel32, or else kernelbase; NULL: neither has it. */
any_function *look_up(const struct looker *looker, const char *function);

/* The same from Win32 itself. */
any_function *win32(const char *function);

/* The same, as the function that it is. */
#define LOOKED_UP(looker, function) ((__typeof__(function) *)look_up((looker), #function))

#endif
