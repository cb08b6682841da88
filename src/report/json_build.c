/*
 * json_build.c: jansson, with its memory from an arena.
 */
#include "report/json_build.h"

#include <stdio.h>

static struct arena *json_arena;
static bool complete;

static void *json_alloc(size_t size)
{
    return arena_alloc(json_arena, size);
}

static void json_free(void *memory)
{
    (void)memory;
}

void json_build_begin(struct arena *arena)
{
    json_arena = arena;
    json_set_alloc_funcs(json_alloc, json_free);
    complete = true;
}

bool json_build_is_complete(void)
{
    return complete;
}

void json_build_member(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value))
        complete = false;
}

void json_build_item(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value))
        complete = false;
}

void json_build_integer(json_t *object, const char *name, uint64_t value)
{
    json_build_member(object, name, json_integer((json_int_t)value));
}

void json_build_text(json_t *object, const char *name, const char *value)
{
    json_t *text = json_string(value);

    json_build_member(object, name, text ? text : json_null());
}

void json_build_address(json_t *object, const char *name, uint64_t address)
{
    char digits[32];

    snprintf(digits, sizeof(digits), "0x%llx", (unsigned long long)address);
    json_build_member(object, name, json_string(digits));
}

void json_build_result(json_t *object, const char *name, HRESULT result)
{
    char digits[32];

    snprintf(digits, sizeof(digits), "0x%08lx", (unsigned long)result);
    json_build_member(object, name, json_string(digits));
}

void json_build_gauge(json_t *object, const char *name, const HOSTMEM_GAUGE *gauge)
{
    json_t *value = json_object();

    json_build_integer(value, "now", gauge->Now);
    json_build_integer(value, "peak", gauge->Peak);
    json_build_member(object, name, value);
}
