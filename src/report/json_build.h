/*
 * json_build.h: putting JSON values together, with jansson.
 *
 * jansson's memory comes from an arena: see arena.h for why. Where there is none, a value is
 * missing and json_build_is_complete says so at the end; nothing need be checked before.
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

/* Both take the value over. */
void json_build_member(json_t *object, const char *name, json_t *value);
void json_build_item(json_t *array, json_t *value);

/* Members of an object. */
void json_build_integer(json_t *object, const char *name, uint64_t value);
void json_build_address(json_t *object, const char *name, const void *address);
void json_build_result(json_t *object, const char *name, HRESULT result);
void json_build_gauge(json_t *object, const char *name, const HOSTMEM_GAUGE *gauge);

/* Text from outside: what is not UTF-8 must not cost the report, and becomes null. */
void json_build_text(json_t *object, const char *name, const char *value);

#endif
