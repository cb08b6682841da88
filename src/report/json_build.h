/*
 * json_build.h: builds JSON values with jansson.
 *
 * jansson's memory comes from an arena: see arena.h for why. A value for which there is no memory
 * is left out, and json_build_is_complete says so at the end: callers need check nothing before.
 */
#ifndef HOSTMEM_REPORT_JSON_BUILD_H
#define HOSTMEM_REPORT_JSON_BUILD_H

#include "base/arena.h"

#include <hostmem/hostmem.h>

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

void json_build_begin(struct arena *arena);
bool json_build_is_complete(void);

/* Both take ownership of the value. */
void json_build_member(json_t *object, const char *name, json_t *value);
void json_build_item(json_t *array, json_t *value);

/* Add a member to an object. */
void json_build_integer(json_t *object, const char *name, uint64_t value);
void json_build_address(json_t *object, const char *name, uint64_t address);
void json_build_result(json_t *object, const char *name, HRESULT result);
void json_build_gauge(json_t *object, const char *name, const HOSTMEM_GAUGE *gauge);

/* Text from outside: what is not UTF-8 becomes null, rather than make the report fail. */
void json_build_text(json_t *object, const char *name, const char *value);

#endif
