/*
 * block_origin.c: compares origins, and puts them into words.
 */
#include "run/snapshot/block_origin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    TEXT_MAXIMUM = 1200 /* a file name of 1,023 bytes and a line fit */
};

const char block_origin_not_kept[] = "no origin kept";
const char block_origin_generated[] = "code generated at run time";

struct block_origin block_origin_of(const HOSTMEM_BLOCK *block)
{
    struct block_origin origin = {0};

    if (block->Caller) {
        origin.caller = block->Caller;
    } else if (block->FileName) {
        origin.file = block->FileName;
        origin.line = block->Line;
    }
    return origin;
}

/* hostmem.dll can hold the same text at two addresses. */
static bool is_same_file(const char *one, const char *other)
{
    return one == other || (one && other && strcmp(one, other) == 0);
}

bool block_origin_is_equal(const struct block_origin *one, const struct block_origin *other)
{
    return one->caller == other->caller && one->line == other->line &&
           is_same_file(one->file, other->file);
}

/* FNV-1a. */
static unsigned mix(unsigned hash, unsigned value)
{
    return (hash ^ value) * 16777619u;
}

unsigned block_origin_hash(const struct block_origin *origin)
{
    uintptr_t caller = (uintptr_t)origin->caller;
    unsigned hash = 2166136261u;

    for (size_t i = 0; i < sizeof(caller); i++)
        hash = mix(hash, (unsigned)(caller >> (8 * i)) & 0xff);
    for (const char *at = origin->file; at && *at; at++)
        hash = mix(hash, (unsigned char)*at);
    hash = mix(hash, (unsigned)origin->line);
    return hash ^ hash >> 15;
}

static const char *format(struct arena *arena, const char *format, ...)
    __attribute__((format(gnu_printf, 2, 3)));

static const char *format(struct arena *arena, const char *format, ...)
{
    char text[TEXT_MAXIMUM];
    size_t size;
    char *copy;
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    size = strlen(text) + 1;
    copy = arena_alloc(arena, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

const char *block_origin_text(const struct block_origin *origin, const struct module_names *names)
{
    struct arena *arena = names->arena;
    const struct board_module *module;

    if (!origin->caller)
        return origin->file ? format(arena, "%s:%d", origin->file, origin->line)
                            : block_origin_not_kept;
    module = module_names_find(names, origin->caller);
    if (!module)
        return block_origin_generated;
    return format(arena, "%s+0x%llx", module->name,
                  (unsigned long long)((uintptr_t)origin->caller - module->base));
}
