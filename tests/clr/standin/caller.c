/*
 * caller.c: calls that must succeed, and the patterns that show whether memory is the caller's own.
 */
#include "caller.h"

#include "host.h"
#include "output.h"

#include <stdint.h>
#include <stdio.h>

void caller_fail(struct caller *caller, const char *call, HRESULT hr)
{
    if (caller->failed)
        return;
    caller->failed = call;
    caller->result = hr;
}

void caller_join(struct caller *caller, const struct caller *other)
{
    if (other->failed)
        caller_fail(caller, other->failed, other->result);
}

HRESULT caller_verdict(const struct caller *caller)
{
    wchar_t line[128];

    if (!caller->failed)
        return S_OK;
    swprintf(line, ARRAYSIZE(line), L"stand-in: %hs failed (0x%08lx)", caller->failed,
             (unsigned long)caller->result);
    output_error(line);
    return E_FAIL;
}

static void expect_ok(struct caller *caller, const char *call, HRESULT hr)
{
    if (hr != S_OK)
        caller_fail(caller, call, hr);
}

/* ------------------------------------------------------------------------------------------------
 * Pages
 * --------------------------------------------------------------------------------------------- */

void *caller_alloc(struct caller *caller, void *address, SIZE_T size, DWORD type, DWORD protect)
{
    void *memory = NULL;

    if (!caller->failed)
        expect_ok(caller, "VirtualAlloc",
                  host_alloc(address, size, type, protect, caller->level, &memory));
    if (!memory)
        caller_fail(caller, "VirtualAlloc", E_POINTER);
    return caller->failed ? NULL : memory;
}

void caller_free(struct caller *caller, void *address, SIZE_T size, DWORD type)
{
    if (!caller->failed)
        expect_ok(caller, "VirtualFree", host_free(address, size, type));
}

MEMORY_BASIC_INFORMATION caller_query(struct caller *caller, const void *address)
{
    MEMORY_BASIC_INFORMATION information = {0};

    if (!caller->failed)
        expect_ok(caller, "VirtualQuery", host_query(address, &information));
    return information;
}

DWORD caller_protect(struct caller *caller, void *address, SIZE_T size, DWORD protect)
{
    DWORD old = 0;

    if (!caller->failed)
        expect_ok(caller, "VirtualProtect", host_protect(address, size, protect, &old));
    return old;
}

void caller_memory_load(struct caller *caller)
{
    DWORD load = 0;
    SIZE_T available = 0;

    if (caller->failed)
        return;
    expect_ok(caller, "GetMemoryLoad", host_memory_load(&load, &available));
    if (load > 100)
        caller_fail(caller, "GetMemoryLoad's percentage", E_UNEXPECTED);
}

/* ------------------------------------------------------------------------------------------------
 * Blocks
 * --------------------------------------------------------------------------------------------- */

void *caller_malloc(struct caller *caller, SIZE_T size)
{
    void *block = NULL;

    if (!caller->failed)
        expect_ok(caller, "Alloc", host_malloc(size, caller->level, &block));
    if (!block)
        caller_fail(caller, "Alloc", E_POINTER);
    return caller->failed ? NULL : block;
}

void *caller_debug_malloc(struct caller *caller, SIZE_T size, const char *file, int line)
{
    void *block = NULL;

    /* The interface's parameter is not const, though it is never changed. */
    if (!caller->failed)
        expect_ok(caller, "DebugAlloc",
                  host_debug_malloc(size, caller->level, (char *)file, line, &block));
    if (!block)
        caller_fail(caller, "DebugAlloc", E_POINTER);
    return caller->failed ? NULL : block;
}

void caller_malloc_free(struct caller *caller, void *block)
{
    if (!caller->failed)
        expect_ok(caller, "Free", host_malloc_free(block));
}

/* ------------------------------------------------------------------------------------------------
 * Patterns
 * --------------------------------------------------------------------------------------------- */

static unsigned char pattern_at(const unsigned char *at, unsigned seed)
{
    const uintptr_t address = (uintptr_t)at;

    return (unsigned char)(seed * 31u + (unsigned)address + (unsigned)(address >> 8) * 7u +
                           (unsigned)(address >> 16) * 13u);
}

void caller_fill(struct caller *caller, void *memory, SIZE_T size, unsigned seed)
{
    unsigned char *bytes = memory;

    if (caller->failed)
        return;
    for (SIZE_T i = 0; i < size; i++)
        bytes[i] = pattern_at(bytes + i, seed);
}

void caller_check(struct caller *caller, const void *memory, SIZE_T size, unsigned seed)
{
    const unsigned char *bytes = memory;

    if (caller->failed)
        return;
    for (SIZE_T i = 0; i < size; i++)
        if (bytes[i] != pattern_at(bytes + i, seed)) {
            caller_fail(caller, "a look at what was written", E_UNEXPECTED);
            return;
        }
}

void caller_check_zero(struct caller *caller, const void *memory, SIZE_T size)
{
    const unsigned char *bytes = memory;

    if (caller->failed)
        return;
    for (SIZE_T i = 0; i < size; i++)
        if (bytes[i]) {
            caller_fail(caller, "a look at fresh pages", E_UNEXPECTED);
            return;
        }
}
