/*
 * json_expect.h: assertions about the report for machines.
 */
#ifndef HOSTMEM_TESTS_RUN_JSON_EXPECT_H
#define HOSTMEM_TESTS_RUN_JSON_EXPECT_H

#include "report/snapshot.h"

#include <jansson.h>

/* Before a test makes JSON values without json_expect_report: their memory is never given back. */
void json_expect_begin(void);

/* The report of the snapshot, written and read again. */
const json_t *json_expect_report(const struct snapshot *snapshot);

/* A member of an object; it exists. */
const json_t *json_expect_member(const json_t *object, const char *name);

/*
 * The value has exactly these members, each with exactly that value. Where JSON has ", expected has
 * ' instead.
 */
void json_expect(const json_t *value, const char *expected);

#endif
