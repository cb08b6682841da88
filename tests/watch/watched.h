/*
 * watched.h: the programs that the tests watch, each run under hostmem-run and without it.
 *
 * Runtimes and programs lie in the directory that HOSTMEM_TEST_BUILD names (tools/test.sh provides
 * them there). Where one is missing, the test says so and is skipped.
 */
#ifndef HOSTMEM_TESTS_WATCH_WATCHED_H
#define HOSTMEM_TESTS_WATCH_WATCHED_H

#include "expected.h"
#include "run.h"

#include <wchar.h>

/* One of the runtimes that the tests run on. */
struct dotnet {
    const wchar_t *framework; /* "net10.0" */
    const char *version;
};

/* For x86 there is the last one alone. */
extern const struct dotnet dotnet_8, dotnet_9, dotnet_10;

/* Call first. HOSTMEM_TEST_LONG asks for the long form. */
void watched_begin(void);
bool is_long_form(void);

/* A path below the directory of runtimes and programs. Kept in one of eight static places, in turn.
 */
const wchar_t *built(const wchar_t *format, ...);

/* A file of Hello (tests/clr/modern), shipped in the way that publish.proj calls so. */
const wchar_t *hello(const struct dotnet *dotnet, const wchar_t *shape, const wchar_t *file);

/* The dotnet root of that version. */
const wchar_t *dotnet_root(const struct dotnet *dotnet);

/* The program witness (programs/witness.c), in quotation marks. Kept in a static place. */
const wchar_t *witness(void);

/* Whether there is such a file; if not, says that the test is skipped for that. */
bool is_there(const wchar_t *path);

/* Runs "hostmem-run --json FILE" with what the format makes of the values. */
struct run *run_watched(const wchar_t *format, ...);

/* Runs a command line as it is, without hostmem. */
struct run *run_plain(const wchar_t *format, ...);

/* The same, and all that an order says besides its line and its file. */
struct run *order_watched(struct run_order order, const wchar_t *format, ...);
struct run *order_plain(struct run_order order, const wchar_t *format, ...);

/* The number of the first line that differs; 0: none. */
int first_difference(const char *one, const char *other);

/* Both wrote the same on stdout and ended with the same exit code. */
void check_same(const struct run *watched, const struct run *plain);

/*
 * There is one report, on stderr and as JSON, it tells the exit code, and the audit found nothing:
 * the books against the system, or, where nothing in the process saw its end, against themselves.
 */
void check_whole_report(const struct run *watched);
void check_report_of_unseen_end(const struct run *watched);

/* The report lists these modules, in the order in which they were redirected. NULL ends the list.
 */
void check_redirected(const struct run *watched, const char *const *names);

/* Nothing of a report that is being written is left in the scratch directory. */
void check_no_part_left(const struct run *watched);

#endif
