/*
 * requests.h: talking with a program over its stdin and stdout, a line each way.
 */
#ifndef HOSTMEM_TESTS_WATCH_REQUESTS_H
#define HOSTMEM_TESTS_WATCH_REQUESTS_H

#include "watched.h"

/* What is said, and what was heard. */
struct requests {
    void (*say)(int number, char *line, size_t size); /* writes the request of that number */
    bool (*has_answer)(int number);                   /* NULL: each has one */
    int count;
    char *answers; /* one a line; to be freed */
    HANDLE to, from;
};

/*
 * Makes an order whose program is asked so. Its stdin ends after the last answer. An answer that
 * does not come within the time limit ends the answers.
 */
struct run_order order_of_requests(struct requests *requests);

#endif
