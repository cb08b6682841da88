/*
 * started.h: starts a program that goes on meanwhile, and reads what it has written by now.
 *
 * Output goes to files, so that nobody waits for a reader.
 */
#ifndef HOSTMEM_TESTS_WATCH_STARTED_H
#define HOSTMEM_TESTS_WATCH_STARTED_H

#include "support.h"

#include <jansson.h>

enum {
    STARTED_PATH = 1024,
    STARTED_PATIENCE = 60 * 1000 /* milliseconds that a step may take */
};

struct started {
    HANDLE process;
    DWORD exit_code; /* of one that was finished */
    char *output;    /* of one that was finished; without carriage returns */
    char *errors;
    wchar_t line[2 * STARTED_PATH];
    wchar_t output_path[STARTED_PATH];
    wchar_t errors_path[STARTED_PATH];
};

/* The directory of the tests' programs, and one for a test's own files, made anew. */
const wchar_t *bin_directory(void);
const wchar_t *scratch(void);

/* Copies a file of the first directory to the second one, which may be a new name. */
void copy_file(const wchar_t *from_directory, const wchar_t *name, const wchar_t *to_directory);

/*
 * Starts a program: one of the tests' directory, or, in quotation marks, another one. It is named
 * first in the format.
 */
/* What is started gets these: inheritable; NULL: no standard input, and a file for its output. */
extern HANDLE start_input, start_output;
struct started *start(const wchar_t *format, ...);

/* Waits until it has written a line that begins with the word; the number behind the word. */
DWORD number_after(struct started *started, const char *word);

/* Waits for its end, and takes its output. */
void finish(struct started *started);

/* The same as start and finish. */
struct started *run(const wchar_t *format, ...);

void forget(struct started *started);

/* Fails the test, and shows all that is known of the run, unless the condition holds. */
#define check_started(started, condition)                                                          \
    started_check(started, condition, #condition, __FILE__, __LINE__)
void started_check(const struct started *started, bool holds, const char *condition,
                   const char *file, int line);

/* The JSON of a file; fails the test if there is none. The file is deleted. */
json_t *take_json(const struct started *started, const wchar_t *path);

/* The integer at a path such as "statistics.committed.peak"; -1: there is none. */
json_int_t integer_at(json_t *object, const char *path);

#endif
